"""Open a referral for one of its agency's members. The trail line is committed first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.contents import REASONS, SECTIONS
from intake.domain.masked import TELL_PROTECTION, is_open
from intake.domain.people import Permission
from intake.domain.referral import MOVES, Move, State
from intake.domain.report import section_of
from intake.domain.trail import HANDLING, Action
from intake.services.history import History, history_of
from intake.services.leave_line import leave_reading
from intake.services.open_content import content_of
from intake.services.same_child import SameChild
from intake.services.sign_in import Visit
from intake.store import (
    counts,
    lists,
    moves,
    notices,
    people,
    recusals,
    referrals,
    reports,
    section_requests,
    trail,
)
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey, open_grant
from intake.vault.open import open_section, open_wrap
from intake.vault.seal import SectionKeys

SHUT_OUT = "shut out as disqualified"


class ReferralNotYours(Exception):
    """There is no such referral for this person: unknown, or another agency's."""


class KeyNotGranted(Exception):
    """The person belongs to the agency, but nobody has granted them its key."""


class ReferralWithdrawn(Exception):
    """The sender has withdrawn it, or its content has been deleted: it is this agency's still, but
    nothing of it opens.
    """


@dataclass(frozen=True)
class Opened(History):
    """A referral with what its agency is entitled to see; no sections of one that was withdrawn,
    or whose content was deleted.

    ``earlier``: earlier referrals to the agency that are known to be on the same child; None where
    that could not be found out.
    """

    referral: AnyRow
    sections: Mapping[str, Any]
    reasons: Mapping[str, Any]
    earlier: Sequence[AnyRow] | None = ()


@dataclass(frozen=True)
class Read:
    """Reading by the entitled."""

    database: Database

    def inbox(
        self,
        visit: Visit,
        states: tuple[str, ...],
        limit: int = 200,
        *,
        agency: str | None = None,
        span: lists.Span = lists.ANY_TIME,
        after: lists.Place | None = None,
    ) -> list[AnyRow]:
        """The referrals of this person's agencies, or of one of them, the most pressing first.

        No content. ``span``: those whose earliest deadline falls there; ``after``: a row's place.
        """
        agencies = _of(visit, agency)
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, visit.person.id)
            return lists.inbox(connection, agencies, states, limit, shut, span, after)

    def pressure(
        self, visit: Visit, now: datetime, soon: datetime, *, agency: str | None = None
    ) -> AnyRow:
        """How many referrals of the inbox are open, and of them late, or with these due by soon."""
        with self.database.read() as connection:
            shut = recusals.shut_to(connection, visit.person.id)
            return counts.pressure(connection, _of(visit, agency), now, soon, shut)

    def taken_over(self, rows: Sequence[AnyRow]) -> frozenset[UUID]:
        """Those of these referrals that left their agency by the standby desk's move."""
        moved = [row.id for row in rows if row.state == MOVES[Move.TAKE_OVER].leads_to]
        if not moved:
            return frozenset()
        with self.database.read() as connection:
            return moves.taken_over(connection, moved)

    def __call__(self, visit: Visit, referral_id: UUID, now: datetime) -> Opened:
        """Open a referral, or of one that was withdrawn its history alone.

        Raises ReferralNotYours (with a line in the trail), KeyNotGranted.
        """
        row = self.entitled(visit, referral_id, now)
        try:
            opened = self._open(visit, row, now)
        except ReferralWithdrawn:
            return self._withdrawn(visit, row, now)
        if row.opened_at is not None:
            return opened
        with self.database.write() as connection:
            if referrals.mark_opened(connection, row.id, now):
                notices.note_news(connection, row.report_id, now)
        with self.database.read() as connection:
            return replace(opened, referral=referrals.referral(connection, row.id) or row)

    def _open(self, visit: Visit, row: AnyRow, now: datetime) -> Opened:
        self._grant(visit, row)  # refuses who has none before a line says that they opened it
        self.say_first(visit, row, now)
        key = self.agency_key(visit, row)
        keys = self.section_keys(visit, row, key)
        sections = self.sections(row, keys)
        history = self.history(visit, row, key)
        earlier = SameChild(self.database)(visit, row, key, sections, now)
        return Opened(
            **vars(history),
            referral=row,
            sections=sections,
            reasons=reasons(row, keys),
            earlier=earlier,
        )

    def sections(
        self, row: AnyRow, keys: SectionKeys, kinds: Collection[str] | None = None
    ) -> dict[str, Any]:
        """Those that the keys open, of these kinds if any are named. Raises ReferralWithdrawn where
        the content has been deleted meanwhile.
        """
        with self.database.read() as connection:
            sealed = reports.sections(connection, row.report_id)
        if not sealed:
            raise ReferralWithdrawn
        return {
            slot: content_of(content, SECTIONS[section_of(slot)])
            for slot in keys
            if slot != "reasons"
            and (kinds is None or section_of(slot) in kinds)
            and (content := open_section(keys[slot], row.report_id, slot, sealed.get(slot, b"")))
        }

    def is_masked(self, visit: Visit, row: AnyRow) -> bool:
        """Whether what tells where a child is must not show: an address may be protected, or this
        person cannot open what says so. Nothing of the report is told, so it leaves no line.
        """
        try:
            keys = self.section_keys(visit, row, self.agency_key(visit, row))
            return not is_open(self.sections(row, keys, TELL_PROTECTION))
        except (KeyNotGranted, ReferralWithdrawn):
            return True

    def say_first(
        self, visit: Visit, row: AnyRow, now: datetime, only: Collection[str] | None = None
    ) -> None:
        """The line of an opening, of all parts or of these ``only``, committed before anything
        opens. Raises ReferralWithdrawn.
        """
        with self.database.write() as connection:
            if not referrals.hold_to_open(connection, row.id):
                raise ReferralWithdrawn
            leave_reading(connection, visit, row, Action.OPEN, now, HANDLING, only=only)

    def _withdrawn(self, visit: Visit, row: AnyRow, now: datetime) -> Opened:
        with self.database.read() as connection:
            row = referrals.referral(connection, row.id) or row
            wrap = referrals.wrap(connection, row.id, "recipient")
        if wrap is not None and row.state != State.WITHDRAWN and not row.content_deleted_at:
            raise EnvelopeDamaged("nothing is there")  # and nobody deleted it
        with self.database.write() as connection:
            gone = "deleted" if row.content_deleted_at else "withdrawn"
            purpose = f"history of a {gone} referral"
            leave_reading(connection, visit, row, Action.OPEN, now, purpose, only=())
        return Opened(**vars(self.history(visit, row)), referral=row, sections={}, reasons={})

    def history(self, visit: Visit, row: AnyRow, key: PrivateKey | None = None) -> History:
        """What was recorded. ``key``: one of the agency's that is open already."""
        return history_of(self.database, row, key, partial(self.granted, visit))

    def entitled(self, visit: Visit, referral_id: UUID, now: datetime) -> AnyRow:
        """The referral's row if it is this person's agency's and they are not shut out of the
        report; else a trail line and a refusal.
        """
        with self.database.read() as connection:
            row = referrals.referral(connection, referral_id)
            own = visit.person.agencies(Permission.READ_REFERRALS)
            is_theirs = row is not None and row.agency_id in own
            shut = row is not None and self.is_shut_out(connection, visit, row)
        if row is not None and is_theirs and not shut:
            return row
        self.refuse(visit, row, now, shut_out=is_theirs and shut)
        raise ReferralNotYours

    def is_shut_out(self, connection: Connection, visit: Visit, row: AnyRow) -> bool:
        """Whether this person may see nothing of the report, at whichever agency."""
        return recusals.is_shut_out(connection, row.report_id, visit.person.id)

    def refuse(
        self, visit: Visit, row: AnyRow | None, now: datetime, *, shut_out: bool = False
    ) -> None:
        """Leave a line: who tried a referral that is not theirs, or that they are shut out of."""
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=now,
                action=Action.REFUSED,
                person_id=visit.person.id,
                role=visit.person.role_at(row.agency_id) if row else None,
                agency_id=row.agency_id if row else None,
                referral_id=row.id if row else None,
                purpose=SHUT_OUT if shut_out else "opening a referral of another agency",
            )

    def agency_key(self, visit: Visit, row: AnyRow) -> PrivateKey:
        """The private key that opens this referral, by the person's grant as it stands now."""
        key_id, sealed = self._grant(visit, row)
        return open_grant(visit.key, sealed, key_id, visit.person.id)

    def section_keys(self, visit: Visit, row: AnyRow, key: PrivateKey) -> SectionKeys:
        """The keys of the sections that the referral's agency is entitled to: those that came with
        it, and those that the lead has granted since, which may be sealed to another of its keys
        while that is being changed.
        """
        wrap = self._wrap(row)
        keys = open_wrap(
            key,
            wrap.sealed_keys,
            report_id=row.report_id,
            referral_id=row.id,
            purpose="recipient",
            key_id=wrap.agency_key_id,
        )
        with self.database.read() as connection:
            further = section_requests.granted(connection, row.id)
        held = {key.key_id: key}
        for each in further:
            if each.asker_key_id not in held:
                held |= self.granted(visit, each.asker_key_id)
            if each.asker_key_id in held:
                keys = keys.with_further(
                    open_wrap(
                        held[each.asker_key_id],
                        each.sealed_keys,
                        report_id=row.report_id,
                        referral_id=row.id,
                        purpose="further",
                        key_id=each.asker_key_id,
                    )
                )
        return keys

    def _wrap(self, row: AnyRow) -> AnyRow:
        with self.database.read() as connection:
            wrap = referrals.wrap(connection, row.id, "recipient")
        if wrap is None:
            raise ReferralWithdrawn
        return wrap

    def _grant(self, visit: Visit, row: AnyRow) -> tuple[str, bytes]:
        """The id of the agency's key for this referral, and that key sealed to the person."""
        key_id = self._wrap(row).agency_key_id
        with self.database.read() as connection:
            sealed = people.grant(connection, key_id, visit.person.id)
        if sealed is None:
            raise KeyNotGranted
        return key_id, sealed

    def granted(self, visit: Visit, key_id: str) -> dict[str, PrivateKey]:
        """An agency's key under its id; nothing where it was not granted to this person."""
        with self.database.read() as connection:
            sealed = people.grant(connection, key_id, visit.person.id)
        return {key_id: open_grant(visit.key, sealed, key_id, visit.person.id)} if sealed else {}


def _of(visit: Visit, agency: str | None) -> frozenset[str]:
    """This person's agencies, or the one of them that was asked for; never another."""
    agencies = visit.person.agencies(Permission.READ_REFERRALS)
    return agencies if agency is None else agencies & {agency}


def reasons(row: AnyRow, keys: SectionKeys) -> dict[str, Any]:
    """Why a referral came to its agency. EnvelopeDamaged also where the wrap lacks their key."""
    if "reasons" not in keys:
        raise EnvelopeDamaged("reasons")
    plain = open_section(keys["reasons"], row.report_id, "reasons", row.sealed_reasons)
    opened: dict[str, Any] = content_of(plain, REASONS)
    return opened
