"""Open a referral for one of its agency's members. The trail line is committed first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.domain.people import Permission
from intake.domain.trail import Action
from intake.services.sign_in import Visit
from intake.store import counts, lists, people, referrals, reports, trail
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.keyring import PrivateKey, open_grant
from intake.vault.open import open_for, open_section, open_wrap
from intake.vault.seal import SectionKeys

MOVE_REASON = "reason of a move"


class ReferralNotYours(Exception):
    """There is no such referral for this person: unknown, or another agency's."""


class KeyNotGranted(Exception):
    """The person belongs to the agency, but nobody has granted them its key."""


@dataclass(frozen=True)
class Opened:
    """A referral with what its agency is entitled to see."""

    referral: AnyRow
    sections: Mapping[str, Any]
    reasons: Mapping[str, Any]
    moves: tuple[AnyRow, ...]
    move_reasons: Mapping[UUID, str]
    deadlines: tuple[AnyRow, ...]
    moved_to: str | None
    """The agency that has it since a return."""


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
            return lists.inbox(connection, agencies, states, limit, span, after)

    def pressure(
        self, visit: Visit, now: datetime, soon: datetime, *, agency: str | None = None
    ) -> AnyRow:
        """How many referrals of the inbox are open, and of them late, or with these due by soon."""
        with self.database.read() as connection:
            return counts.pressure(connection, _of(visit, agency), now, soon)

    def __call__(self, visit: Visit, referral_id: UUID, now: datetime) -> Opened:
        """Open a referral. Raises ReferralNotYours (with a line in the trail), KeyNotGranted."""
        row = self.entitled(visit, referral_id, now)
        self._grant(visit, row)  # refuses who has none before a line says that they opened it
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=now,
                action=Action.OPEN,
                person_id=visit.person.id,
                role=visit.person.role_at(row.agency_id),
                agency_id=row.agency_id,
                referral_id=row.id,
                purpose="handling the referral",
            )
        opened = self._open(visit, row)
        if row.opened_at is not None:
            return opened
        with self.database.write() as connection:
            referrals.mark_opened(connection, row.id, now)
        with self.database.read() as connection:
            return replace(opened, referral=referrals.referral(connection, row.id) or row)

    def _open(self, visit: Visit, row: AnyRow) -> Opened:
        key = self.agency_key(visit, row)
        with self.database.read() as connection:
            sealed = reports.sections(connection, row.report_id)
            moves = tuple(referrals.moves(connection, row.id))
            deadlines = tuple(referrals.deadlines(connection, row.id))
            others = referrals.of_report(connection, row.report_id)
        keys = self.section_keys(row, key)
        sections = {
            slot: json.loads(content)
            for slot in keys
            if slot != "reasons"
            and (content := open_section(keys[slot], row.report_id, slot, sealed[slot]))
        }
        return Opened(
            referral=row,
            sections=sections,
            reasons=json.loads(
                open_section(keys["reasons"], row.report_id, "reasons", row.sealed_reasons)
            ),
            moves=moves,
            move_reasons={
                move.id: open_for(
                    key, move.sealed_reason, MOVE_REASON, row.id.bytes, move.id.bytes
                ).decode()
                for move in moves
                if move.sealed_reason
            },
            deadlines=deadlines,
            moved_to=next((r.agency_id for r in others if r.came_from == row.id), None),
        )

    def entitled(self, visit: Visit, referral_id: UUID, now: datetime) -> AnyRow:
        """The referral's row if it is this person's agency's; else a trail line and a refusal."""
        with self.database.read() as connection:
            row = referrals.referral(connection, referral_id)
        if row is not None and row.agency_id in visit.person.agencies(Permission.READ_REFERRALS):
            return row
        with self.database.write() as connection:
            trail.write_line(
                connection,
                at=now,
                action=Action.REFUSED,
                person_id=visit.person.id,
                agency_id=row.agency_id if row else None,
                referral_id=row.id if row else None,
                purpose="opening a referral of another agency",
            )
        raise ReferralNotYours

    def agency_key(self, visit: Visit, row: AnyRow) -> PrivateKey:
        """The private key that opens this referral, by the person's grant as it stands now."""
        key_id, sealed = self._grant(visit, row)
        return open_grant(visit.key, sealed, key_id, visit.person.id)

    def _grant(self, visit: Visit, row: AnyRow) -> tuple[str, bytes]:
        """The id of the agency's key for this referral, and that key sealed to the person."""
        with self.database.read() as connection:
            wrap = referrals.wrap(connection, row.id, "recipient")
            if wrap is None:
                raise KeyNotGranted
            sealed = people.grant(connection, wrap.agency_key_id, visit.person.id)
        if sealed is None:
            raise KeyNotGranted
        return wrap.agency_key_id, sealed

    def section_keys(self, row: AnyRow, key: PrivateKey) -> SectionKeys:
        """The keys of the sections that the referral's agency is entitled to."""
        with self.database.read() as connection:
            wrap = referrals.wrap(connection, row.id, "recipient")
        if wrap is None:
            raise KeyNotGranted
        return open_wrap(
            key,
            wrap.sealed_keys,
            report_id=row.report_id,
            referral_id=row.id,
            purpose="recipient",
            key_id=wrap.agency_key_id,
        )


def _of(visit: Visit, agency: str | None) -> frozenset[str]:
    """This person's agencies, or the one of them that was asked for; never another."""
    agencies = visit.person.agencies(Permission.READ_REFERRALS)
    return agencies if agency is None else agencies & {agency}
