"""The desk that stands by takes over what a silent lead leaves lying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from intake.domain.clock import Clock
from intake.domain.directory import Agency, Directory
from intake.domain.people import Permission
from intake.domain.press import lets_standby_in
from intake.domain.referral import MOVES, Move
from intake.domain.report import type_once_moved
from intake.services.desks import NobodyCanOpen
from intake.services.hand_on import HandOn, Sent, without_way
from intake.services.read import KeyNotGranted, Read, ReferralNotYours, reasons
from intake.services.record import Entry, MoveNotOpen, ReasonMissing, Recording
from intake.services.sign_in import Visit
from intake.store import people, recusals, referrals, standby
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import open_grant
from intake.vault.open import open_wrap
from intake.vault.seal import SectionKeys

MOST_OFFERS = 10


@dataclass(frozen=True)
class Offer:
    """A referral that may be taken over now. ``due_at``: of the deadline longest late."""

    referral_id: UUID
    reference: str
    silent: Agency
    desk: Agency
    arrived_at: datetime
    clock: str
    due_at: datetime
    since: datetime


@dataclass(frozen=True)
class TakeOver:
    """Who stands by may open its wrap only after the chase step that allows it.

    That is policy, kept by this service: the wrap itself opens with the desk's key at any time.
    """

    database: Database
    directory: Directory
    clocks: Mapping[str, Clock]
    read: Read
    hand_on: HandOn

    def offers(self, visit: Visit, limit: int = MOST_OFFERS) -> list[Offer]:
        """What this person's desks may take over now, the longest late first; no content. What is
        taken over makes room for the next.

        Not what lies at an agency of their own: that they can simply take up.
        """
        agencies = visit.person.agencies(Permission.MOVE_REFERRALS)
        with self.database.read() as connection:
            found = self._offers(standby.chased(connection, agencies))
            shut = recusals.shut_to(connection, visit.person.id)
            foreign = (
                offer
                for offer in found
                if offer.silent.id not in agencies and offer.referral_id not in shut
            )
            return list(islice(foreign, limit))

    def offer(self, visit: Visit, referral_id: UUID, now: datetime) -> Offer:
        """One of them. Raises ReferralNotYours for those of other desks, MoveNotOpen for what is
        not to be taken over now, both with a line in the trail.
        """
        agencies = visit.person.agencies(Permission.MOVE_REFERRALS)
        with self.database.read() as connection:
            row = referrals.referral(connection, referral_id)
            wrap = referrals.wrap(connection, referral_id, "standby")
            found = list(self._offers(standby.chased(connection, agencies, referral_id)))
            shut = row is not None and self.read.is_shut_out(connection, visit, row)
        if found and not shut:
            return found[0]
        self.read.refuse(visit, row, now, shut_out=shut)
        if shut or wrap is None or wrap.agency_id not in agencies:
            raise ReferralNotYours
        raise MoveNotOpen

    def __call__(self, visit: Visit, referral_id: UUID, reason: str, now: datetime) -> UUID:
        """Open the standby wrap, make the desk's own referral and end the silent agency's part.

        The desk's referral holds the reason; the silent agency's move does too, unless no key of
        that agency counts: whoever is silent strands no child.

        The new referral's id. Raises ReferralNotYours, MoveNotOpen, ReasonMissing, KeyNotGranted,
        and NobodyCanOpen where no key of the desk counts; nothing is kept then.
        """
        with self.database.read() as connection:
            row = referrals.referral(connection, referral_id)
        offer = self.offer(visit, referral_id, now)  # after the row: a move since then is noticed
        if row is None:
            raise ReferralNotYours
        if not reason:
            raise ReasonMissing
        keys = self._keys(visit, row)
        sent = self._sent(row, offer, keys, reason, now)
        recording = Recording.of(
            visit,
            row,
            Entry(Move.TAKE_OVER, reason=reason),
            now,
            key=self.hand_on.key_for(row, now),
            to_state=MOVES[Move.TAKE_OVER].leads_to,
            acting_for=offer.desk.id,
            purpose=f"by {offer.desk.id}",
            basis=sent.basis,
            recipient=sent.recipient,
        )
        with self.database.write() as connection:
            recording.write(connection, self.clocks)
            sent.write(connection, visit, offer.desk.id, now)
        return sent.referral_id

    def _offers(self, rows: Iterable[AnyRow]) -> Iterator[Offer]:
        offered: set[UUID] = set()
        for row in rows:
            if row.id in offered or not _allows(row):
                continue
            offered.add(row.id)
            yield Offer(
                row.id,
                row.reference,
                self.directory.agency(row.agency_id),
                self.directory.agency(row.desk_id),
                row.arrived_at,
                row.clock,
                row.due_at,
                row.chased_at,
            )

    def _sent(
        self, row: AnyRow, offer: Offer, keys: SectionKeys, reason: str, now: datetime
    ) -> Sent:
        key = self.hand_on.key_in_use(offer.desk.id, now)
        key = key or self.hand_on.key_of_wrap(row.id, offer.desk.id, "standby")
        if key is None:
            raise NobodyCanOpen(offer.desk.id)
        with self.database.read() as connection:
            deadlines = referrals.deadlines(connection, row.id)
        told = reasons(row, keys)
        kind, why = type_once_moved(told["report_type"], told["type_reason"], offer.desk.kind)
        basis = self.hand_on.route.rules.beside["standby"][offer.silent.kind].basis
        first = told["bases"] if offer.desk.kind is offer.silent.kind else []
        return self.hand_on.successor(
            row,
            deadlines,
            target=offer.desk,
            key=key,
            keys=keys,
            reasons=without_way(told)
            | {"report_type": kind, "type_reason": why, "bases": [basis, *first]}
            | {"taken_over": {"by": offer.silent.id, "reason": reason}},
            basis=basis.law or basis.id,
            now=now,
        )

    def _keys(self, visit: Visit, row: AnyRow) -> SectionKeys:
        """The section keys in the standby wrap, by the person's grant as it stands now."""
        with self.database.read() as connection:
            wrap = referrals.wrap(connection, row.id, "standby")
            if wrap is None:
                raise MoveNotOpen
            sealed = people.grant(connection, wrap.agency_key_id, visit.person.id)
        if sealed is None:
            raise KeyNotGranted
        return open_wrap(
            open_grant(visit.key, sealed, wrap.agency_key_id, visit.person.id),
            wrap.sealed_keys,
            report_id=row.report_id,
            referral_id=row.id,
            purpose="standby",
            key_id=wrap.agency_key_id,
        )


def _allows(row: AnyRow) -> bool:
    """Whether the step that was recorded is one that lets the standby desk take over."""
    if lets_standby_in(row.step):
        return True
    return any(step["step"] == row.step and step["standby"] for step in row.steps)
