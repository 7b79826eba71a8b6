"""Make what a referral is sent on as: a new one at another agency, with clocks of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.clock import Clock, Starts
from intake.domain.deadline import local_date
from intake.domain.directory import Agency, Directory, Kind
from intake.domain.entitled import handed_on
from intake.domain.referral import State
from intake.domain.report import HANDED_OVER, ReportType, kinds_of, type_once_moved
from intake.domain.trail import Action
from intake.services.record import MoveNotOpen
from intake.services.refer import Refer, Referred
from intake.services.route import Route
from intake.services.sign_in import Visit
from intake.store import moves, people, recusals, referrals, reports, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import Purpose
from intake.vault.seal import PublicKey, SectionKeys


@dataclass(frozen=True)
class Sent:
    """A successor ready to be written, and what the trail says of the disclosure."""

    referred: Referred
    sections: str
    basis: str

    @property
    def referral_id(self) -> UUID:
        """The new referral's."""
        found: UUID = self.referred.referrals[0]["id"]
        return found

    @property
    def recipient(self) -> str:
        """The agency that gets it."""
        found: str = self.referred.referrals[0]["agency_id"]
        return found

    def write(self, connection: Connection, visit: Visit, by: str, now: datetime) -> None:
        """Add it with its wraps, its deadlines and a line of the disclosure, by agency ``by``."""
        referred = self.referred
        reports.add_referrals(connection, referred.referrals, referred.wraps, referred.deadlines)
        trail.write_line(
            connection,
            at=now,
            action=Action.DISCLOSE,
            person_id=visit.person.id,
            role=visit.person.role_at(by),
            agency_id=self.recipient,
            referral_id=self.referral_id,
            purpose=self.sections,
            basis=self.basis,
            recipient=self.recipient,
        )


WAYS = ("returned", "handed_over", "taken_over")
"""How a referral can have come from another agency; its reasons tell by whom and why."""


_FOLLOWING = frozenset({"nothing_to_guardians"})
"""Notices that hold for whoever has the report."""


class NoDeskTakesIt(MoveNotOpen):
    """Every desk that could take a return holds the report already, or nobody there can open."""


@dataclass(frozen=True)
class HandOn:
    """Finds who may take a referral and makes the one that they get; nothing is written here."""

    database: Database
    directory: Directory
    clocks: Mapping[str, Clock]
    route: Route
    refer: Refer

    def desk_for_return(
        self, row: AnyRow, deadlines: Collection[AnyRow], now: datetime
    ) -> Agency | None:
        """The desk that gets what the referral's agency returns; None where no desk could."""
        had = self.holders(row, {State.WITHDRAWN})
        agency = self.directory.agency(row.agency_id)
        had |= self.shut(row, now)
        desks = self.route.standbys_for(agency, now, today=is_urgent(deadlines))
        return next((desk for desk in desks if desk.id not in had), None)

    def shut(self, row: AnyRow, now: datetime) -> set[str]:
        """The agencies at which everybody who can open is shut out of the report."""
        with self.database.read() as connection:
            shut = recusals.of_referrals(connection, [row.id]).get(row.id)
            if not shut:
                return set()
            openers = people.who_can_open(connection, local_date(now))
        return {agency for agency, members in openers.items() if members <= shut}

    def key_in_use(self, agency: str, now: datetime) -> PublicKey | None:
        """An agency's, as it was signed; None where it does not count or no member opens it."""
        return self.route.keys_that_open(local_date(now)).get(agency)

    def key_of_wrap(
        self, referral_id: UUID, agency: str, purpose: Purpose = "recipient"
    ) -> PublicKey | None:
        """The key of the agency that a referral's wrap is sealed to: who opens the one opens the
        other, also if it is retired. None where there is none that is as it was signed.
        """
        with self.database.read() as connection:
            wrap = referrals.wrap(connection, referral_id, purpose)
        return self.signed_key(wrap.agency_key_id, agency) if wrap else None

    def signed_key(self, key_id: str, agency: str) -> PublicKey | None:
        """An agency's key of this id; None where it is not the agency's, as it was signed."""
        with self.database.read() as connection:
            key = people.agency_key(connection, key_id)
        if key is None or key.agency_id != agency:
            return None
        return PublicKey(key.id, key.public_key)

    def key_for(self, row: AnyRow, now: datetime) -> PublicKey | None:
        """The key that a referral's own wrap is sealed to; where it does not count, its agency's in
        use.
        """
        found = self.key_of_wrap(row.id, row.agency_id)
        return found or self.key_in_use(row.agency_id, now)

    def holders(self, row: AnyRow, but: Collection[State]) -> set[str]:
        """The agencies with a referral of the same report in any other state."""
        with self.database.read() as connection:
            return moves.holders(connection, row.report_id, but)

    def successor(
        self,
        row: AnyRow,
        deadlines: Collection[AnyRow],
        *,
        target: Agency,
        key: PublicKey,
        keys: SectionKeys,
        reasons: Mapping[str, Any],
        basis: str,
        now: datetime,
        also: Collection[str] = (),
    ) -> Sent:
        """The target's referral with these sections and a fresh standby wrap where it leads, sealed
        to ``key``.

        Its own clocks run from now, and so do ``also``; at an agency of the same kind those that
        the arrival at the authority started keep that start.
        """
        referred = Referred()
        referral_id = self.refer.add(
            referred,
            report_id=row.report_id,
            agency=target,
            key=key,
            keys=keys.only(slot for slot in keys if slot != "reasons"),
            reasons=reasons,
            lead=row.is_lead,
            came_from=row.id,
            standby=self._standby(row, target, now) if row.is_lead else None,
            now=now,
        )
        self.refer.start_clocks(
            referred,
            referral_id,
            target,
            self._started(row, target, deadlines, also, now),
            today=is_urgent(deadlines),
            municipality=next((d.municipality for d in deadlines if d.municipality), None),
            now=now,
            catch_up=False,
            clocks=self.route.clocks_at(target, now, today=is_urgent(deadlines)),
        )
        kinds = kinds_of(slot for slot in keys if slot != "reasons")
        return Sent(referred, kinds, basis)

    def binding(self, deadlines: Collection[AnyRow]) -> list[AnyRow]:
        """The running clocks that a law set: only an agency of the same kind can carry them on."""
        return [
            d
            for d in deadlines
            if d.met_at is None and (d.clock not in self.clocks or self.clocks[d.clock].law)
        ]

    def _standby(
        self, row: AnyRow, target: Agency, now: datetime
    ) -> tuple[Agency, PublicKey] | None:
        shut = self.shut(row, now)
        desks = self.route.standbys_for(target, now)
        desk = next((desk for desk in desks if desk.id not in shut), None)
        return (desk, self.route.key_of(desk, now)) if desk else None

    def _started(
        self,
        row: AnyRow,
        target: Agency,
        deadlines: Collection[AnyRow],
        also: Collection[str],
        now: datetime,
    ) -> dict[str, datetime]:
        same_kind = target.kind is self.directory.agency(row.agency_id).kind
        usual = self.route.usual_clocks(target, now)
        started = dict.fromkeys(("accept", *usual, *also), now)
        if not same_kind:
            return started
        own = {c: at for c, at in started.items() if self.clocks[c].starts is Starts.AGENCY}
        carried = {
            d.clock: d.started_at
            for d in deadlines
            if d.met_at is None
            and d.clock in self.clocks
            and self.clocks[d.clock].starts is Starts.AUTHORITY
        }
        return own | carried


def is_urgent(deadlines: Collection[AnyRow]) -> bool:
    """Whether the reporter said that it must be looked at today."""
    return any(deadline.today for deadline in deadlines)


def live(successors: Sequence[AnyRow]) -> AnyRow | None:
    """The one that was not withdrawn."""
    return next((row for row in successors if row.state != State.WITHDRAWN), None)


def without_way(told: Mapping[str, Any]) -> dict[str, Any]:
    """Reasons without how they came to the agency that has them."""
    return {name: value for name, value in told.items() if name not in WAYS}


def retold(
    first: Mapping[str, Any], sections: Collection[str], to: Kind, *, same: bool, notified: bool
) -> dict[str, Any]:
    """Why a report was made, for another agency: what the rules said of the worry goes along only
    with the worry itself.
    """
    why = without_way(first)
    known = handed_on(why.pop("known"), sections) if "known" in why else None
    if known:
        why["known"] = known
    if "concern" not in sections:
        why |= {"report_type": ReportType.OTHER_CONTACT, "type_reason": HANDED_OVER}
        why |= {"reasons": [], "uncertain": [], "children": {}}
    kind, because = type_once_moved(why["report_type"], why["type_reason"], to, notified=notified)
    why |= {"report_type": kind, "type_reason": because}
    if not same:
        notices = [notice for notice in first["notices"] if notice in _FOLLOWING]
        why |= {"withheld": [], "notices": notices}
    return why
