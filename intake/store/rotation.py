"""What is sealed to an agency's keys, and what a change of its key does to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select

from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.store.columns import AnyRow
from intake.store.many import update_many
from intake.store.people_tables import (
    KEY_IN_USE,
    AgencyKeyRow,
    GrantRow,
    KeyLeaverRow,
    PersonRow,
    RecoverySealRow,
)
from intake.store.same_child_tables import AgencyIndexKeyRow
from intake.store.tables import MoveRow, NoteRow, ReferralRow, TrailRow, WrapRow

_ROWS: Mapping[str, Any] = {"wrap": WrapRow, "move": MoveRow, "note": NoteRow}
_SEALED = {
    "wrap": WrapRow.sealed_keys,
    "move": MoveRow.sealed_reason,
    "note": NoteRow.sealed_content,
}
KINDS = tuple(_ROWS)
FIRST = UUID(int=0)


def _batch(kind: str) -> Any:
    row = _ROWS[kind]
    more = {
        "wrap": (WrapRow.purpose, ReferralRow.report_id),
        "move": (),
        "note": (NoteRow.person_id,),
    }
    return (
        select(
            row.id,
            row.referral_id,
            ReferralRow.agency_id,
            _SEALED[kind].label("sealed"),
            *more[kind],
        )
        .join(ReferralRow, ReferralRow.id == row.referral_id)
        .where(row.agency_key_id == bindparam("key"), row.id > bindparam("after"))
        .order_by(row.id)
        .limit(bindparam("most"))
    )


_BATCHES = {kind: _batch(kind) for kind in KINDS}


def sealed_to(
    connection: Connection, kind: str, key_id: str, after: UUID, most: int
) -> Sequence[AnyRow]:
    """Rows of a kind that are sealed to a key, in the order of their ids from ``after`` on."""
    about = {"key": key_id, "after": after, "most": most}
    found: Sequence[AnyRow] = connection.execute(_BATCHES[kind], about).all()
    return found


def seal_anew(
    connection: Connection, kind: str, sealed: Mapping[UUID, bytes], old: str, new: str
) -> int:
    """Put what was sealed anew into its rows; those that changed meanwhile stay. How many."""
    key, column = _ROWS[kind].agency_key_id.key, _SEALED[kind].key
    rows = [{"id": this, key: new, column: anew} for this, anew in sealed.items()]
    return update_many(connection, _ROWS[kind], rows, still=(key, old))


def count_sealed(connection: Connection, agency_id: str) -> dict[str, int]:
    """How many rows are sealed to each key of an agency."""
    keys = connection.scalars(select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == agency_id))
    found = dict.fromkeys(keys, 0)
    for row in _ROWS.values():
        counts = (
            select(row.agency_key_id, func.count())
            .where(row.agency_key_id.in_(found))
            .group_by(row.agency_key_id)
        )
        for key_id, count in connection.execute(counts):
            found[key_id] += count
    return found


def unfinished(connection: Connection, agencies: Collection[str], person_id: UUID) -> set[str]:
    """Those of these agencies with something sealed to a former key that this person holds."""
    held = exists().where(
        GrantRow.agency_key_id == AgencyKeyRow.id,
        GrantRow.person_id == person_id,
        GrantRow.withdrawn_at.is_(None),
    )
    keys = connection.execute(
        select(AgencyKeyRow.id, AgencyKeyRow.agency_id).where(
            AgencyKeyRow.agency_id.in_(agencies), AgencyKeyRow.retired_at.is_not(None), held
        )
    )
    return {key.agency_id for key in keys if _is_used(connection, key.id)}


def _is_used(connection: Connection, key_id: str) -> bool:
    return any(
        connection.scalar(select(row.id).where(row.agency_key_id == key_id).limit(1))
        for row in _ROWS.values()
    )


def note_leaver(connection: Connection, agency_id: str, person_id: UUID, at: datetime) -> None:
    """Let the others be asked to change the key that this person may have kept."""
    key = select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == agency_id, *KEY_IN_USE)
    key_id = connection.scalar(key)
    if key_id is not None:
        values = {"id": new_id(at), "agency_key_id": key_id, "person_id": person_id, "left_at": at}
        connection.execute(insert(KeyLeaverRow).values(**values))


def leavers(connection: Connection, agencies: Collection[str]) -> Sequence[AnyRow]:
    """Who left these agencies with a key that is in use still (agency_id, name), by name."""
    again = exists().where(
        GrantRow.agency_key_id == KeyLeaverRow.agency_key_id,
        GrantRow.person_id == KeyLeaverRow.person_id,
    )
    return connection.execute(
        select(AgencyKeyRow.agency_id, PersonRow.name)
        .join_from(KeyLeaverRow, AgencyKeyRow, AgencyKeyRow.id == KeyLeaverRow.agency_key_id)
        .join(PersonRow, PersonRow.id == KeyLeaverRow.person_id)
        .where(AgencyKeyRow.agency_id.in_(agencies), *KEY_IN_USE, ~again)
        .distinct()
        .order_by(AgencyKeyRow.agency_id, PersonRow.name)
    ).all()


def told_damaged(connection: Connection, referrals: Collection[UUID]) -> set[UUID]:
    """Those of these referrals of which the trail says already that something does not open."""
    return set(
        connection.scalars(
            select(TrailRow.referral_id).where(
                TrailRow.referral_id.in_(referrals), TrailRow.action == Action.DAMAGED
            )
        )
    )


def forget_keys(connection: Connection, retired_before: datetime) -> int:
    """Delete the grants of former keys to which nothing is sealed any more, also what the sheets
    open of them; of how many keys.

    They are not listed: what an earlier backup holds is sealed to them, and must open.
    """

    def is_named(column: Any) -> Any:
        return select(column).where(column == AgencyKeyRow.id).exists()

    rows = *_ROWS.values(), AgencyIndexKeyRow
    sealed = TrailRow.detail_key_id, *(row.agency_key_id for row in rows)
    unused = connection.scalars(
        select(AgencyKeyRow.id).where(
            AgencyKeyRow.retired_at < retired_before,
            is_named(GrantRow.agency_key_id),
            *(~is_named(column) for column in sealed),
        )
    ).all()
    connection.execute(delete(GrantRow).where(GrantRow.agency_key_id.in_(unused)))
    connection.execute(delete(RecoverySealRow).where(RecoverySealRow.agency_key_id.in_(unused)))
    return len(unused)
