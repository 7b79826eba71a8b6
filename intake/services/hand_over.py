"""Hand a referral over to another agency: chosen sections, on a basis that a person chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Agency, Directory, Kind
from intake.domain.masked import TELL_PROTECTION, is_protected
from intake.domain.referral import MOVES, Move, State
from intake.domain.report import canonical, section_of
from intake.domain.rule_tables import HandOver as Way
from intake.services.hand_on import HandOn, Sent, retold
from intake.services.read import Read, ReferralWithdrawn, reasons
from intake.services.record import Entry, MoveNotOpen, Recording
from intake.services.respond import Offered, Respond, check
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.seal import SectionKeys

GONE = frozenset({State.RETURNED, State.HANDED_OVER, State.WITHDRAWN})
"""Who had a report in one of these states has it no more, and may be handed it."""
CARE = frozenset({Kind.SOC, Kind.HEA, Kind.WEL})


class TargetNotOpen(Exception):
    """This agency cannot be handed the report, or not any more."""


class BasisUnfit(Exception):
    """The rules let nobody hand over from this kind of agency to that one on this basis."""


class SectionsUnfit(Exception):
    """No section, or one that the agency does not hold itself."""


class ConsentMissing(Exception):
    """It must be told who consented to what."""


@dataclass(frozen=True)
class Told:
    """What a worker tells. ``way``: the id of a basis that fits; ``consent``: whose, to what."""

    target: str
    way: str
    sections: tuple[str, ...]
    reason: str
    consent: str = ""

    @property
    def said(self) -> dict[str, str]:
        """In the worker's words."""
        return {"reason": self.reason, "consent": self.consent}


@dataclass(frozen=True)
class Choices:
    """What one worker may choose from.

    ``binding``: running clocks that keep it with agencies of the same kind; so does ``offence``, a
    reported one at the police. ``near``: municipalities of the children, else, or where some
    child's address may be ``protected``, of the agency.
    """

    offered: Offered
    keys: SectionKeys
    targets: Sequence[Agency]
    near: frozenset[str]
    binding: Sequence[AnyRow]
    offence: bool
    protected: bool

    @cached_property
    def sections(self) -> tuple[str, ...]:
        """The slots that this referral's agency holds."""
        return tuple(slot for slot in self.keys if slot != "reasons")


@dataclass(frozen=True)
class HandOver:
    """Re-wraps in the holder's request; one transaction."""

    database: Database
    directory: Directory
    clocks: Mapping[str, Clock]
    read: Read
    respond: Respond
    hand_on: HandOn

    def choices(self, visit: Visit, referral_id: UUID, now: datetime) -> Choices:
        """Opens parts of the report, and leaves a line of that in the trail first.

        Raises ReferralNotYours, KeyNotGranted, MoveNotOpen.
        """
        offered = self.respond.offered(visit, referral_id, now)
        if Move.HAND_OVER not in offered.moves or offered.key is None:
            raise MoveNotOpen
        row = offered.referral
        try:
            self.read.say_first(visit, row, now, TELL_PROTECTION)
            keys = self.read.section_keys(visit, row, offered.key)
            places, protected = self._about(row, keys)
        except ReferralWithdrawn:
            raise MoveNotOpen from None
        agency = self.directory.agency(row.agency_id)
        binding = self.hand_on.binding(offered.deadlines)
        offence = agency.kind is Kind.POL and offered.reported_offence
        kinds = {agency.kind} if binding or offence else set(Kind)
        return Choices(
            offered,
            keys,
            self._targets(row, agency, kinds, now),
            (not protected and places) or frozenset(agency.municipalities),
            binding,
            offence,
            protected,
        )

    def ways(self, by: Agency, to: Agency, now: datetime) -> list[Way]:
        """The bases in force on which the one may hand over to the other."""
        today = local_date(now)
        return [
            way
            for way in self.hand_on.route.rules.beside["hand_over"].values()
            if way.fits(by.kind, to.kind)
            and way.basis.valid_from <= today
            and (way.basis.valid_to is None or today <= way.basis.valid_to)
        ]

    def usual(self, choices: Choices, by: Agency, to: Agency) -> list[str]:
        """The sections that the rules usually give the target's kind, of those that are held.

        None from social or health care to the police: there a person chooses each.
        """
        if to.kind is Kind.POL and by.kind in CARE:
            return []
        rules = self.hand_on.route.rules
        kept_back = {
            section
            for rule in rules.rules
            if choices.protected and rule.when == {"protected": frozenset({"yes"})}
            for section in rule.given("withhold_sections", to.kind)
        }
        wanted = {g.value for g in rules.usual[to.kind] if g.output == "sections"} - kept_back
        return [slot for slot in choices.sections if section_of(slot) in wanted]

    def __call__(self, visit: Visit, referral_id: UUID, told: Told, now: datetime) -> UUID:
        """The new referral's id. Raises what ``check`` raises, and NobodyCanOpen; nothing is
        kept then.
        """
        choices = self.choices(visit, referral_id, now)
        target, way = self.check(choices, told, now)
        row = choices.offered.referral
        sent = self._sent(choices, target, way, told, now)
        disclosed = told.said | {"basis": way.basis, "sections": told.sections}
        recording = Recording.of(
            visit,
            row,
            Entry(Move.HAND_OVER, reason=canonical(disclosed).decode()),
            now,
            key=self.respond.key_of(row, now),
            to_state=MOVES[Move.HAND_OVER].leads_to,
            purpose=f"to {target.id}",
            basis=sent.basis,
            recipient=sent.recipient,
        )
        with self.database.write() as connection:
            recording.write(connection, self.clocks)
            sent.write(connection, visit, row.agency_id, now)
        return sent.referral_id

    def check(self, choices: Choices, told: Told, now: datetime) -> tuple[Agency, Way]:
        """The target and the way that were chosen.

        Raises MoveNotOpen, ReasonMissing, TargetNotOpen, BasisUnfit, SectionsUnfit,
        ConsentMissing.
        """
        check(choices.offered, Entry(Move.HAND_OVER, reason=told.reason), now)
        target = next((found for found in choices.targets if found.id == told.target), None)
        if target is None:
            raise TargetNotOpen
        by = self.directory.agency(choices.offered.referral.agency_id)
        way = next((found for found in self.ways(by, target, now) if found.id == told.way), None)
        if way is None:
            raise BasisUnfit
        if not told.sections or not set(told.sections) <= set(choices.sections):
            raise SectionsUnfit
        if way.asks_consent and not told.consent:
            raise ConsentMissing
        return target, way

    def _targets(
        self, row: AnyRow, agency: Agency, kinds: set[Kind], now: datetime
    ) -> list[Agency]:
        """Agencies in use that can open it now, that a basis leads to and that have it not.

        None at which everybody who can open is shut out of the report.
        """
        have = self.hand_on.holders(row, GONE) | self.hand_on.shut(row, now)
        manned = self.hand_on.route.keys_that_open(local_date(now))
        return [
            found
            for found in self.directory.agencies.values()
            if found.in_use
            and found.id in manned
            and found.id not in have
            and found.kind in kinds
            and self.ways(agency, found, now)
            and (found.kind is not Kind.ANK or self._in_agreement(found, now))
        ]

    def _in_agreement(self, team: Agency, now: datetime) -> bool:
        today = local_date(now)
        agreements = (self.directory.agreement_in_force(m, today) for m in team.municipalities)
        return any(agreement and agreement.agency == team.id for agreement in agreements)

    def _about(self, row: AnyRow, keys: SectionKeys) -> tuple[frozenset[str], bool]:
        """Where the children live, as far as this agency knows, and whether that is protected."""
        opened = self.read.sections(row, keys, TELL_PROTECTION)
        homes = {part["municipality"] for part in opened.values() if "municipality" in part}
        return frozenset(homes & self.directory.municipalities.keys()), is_protected(opened)

    def _sent(self, choices: Choices, target: Agency, way: Way, told: Told, now: datetime) -> Sent:
        row = choices.offered.referral
        same = target.kind is self.directory.agency(row.agency_id).kind
        first = reasons(row, choices.keys)
        why = retold(first, told.sections, target.kind, same=same, notified=bool(way.clocks))
        return self.hand_on.successor(
            row,
            choices.offered.deadlines,
            target=target,
            key=self.hand_on.route.key_of(target, now),
            keys=choices.keys.only(told.sections),
            reasons=why
            | {"bases": [way.basis, *(first["bases"] if same else [])]}
            | {
                "handed_over": {"by": row.agency_id, "reason": told.reason, "consent": told.consent}
            },
            basis=way.basis.law or way.basis.id,
            also=way.clocks,
            now=now,
        )
