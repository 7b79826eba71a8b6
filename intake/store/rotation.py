"""What is sealed to an agency's keys, and what a change of its key does to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, literal, select

from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.store.columns import AnyRow
from intake.store.many import update_many
from intake.store.need_to_know_tables import RecusalRow, SectionRequestRow
from intake.store.people_tables import (
    KEY_IN_USE,
    AgencyKeyRow,
    GrantRow,
    KeyLeaverRow,
    PersonRow,
    RecoverySealRow,
)
from intake.store.retention_tables import HoldRow
from intake.store.same_child_tables import AgencyIndexKeyRow
from intake.store.tables import MoveRow, NoteRow, ReferralRow, TrailRow, WrapRow

FIRST = UUID(int=0)


@dataclass(frozen=True)
class Kind:
    """What is sealed to one agency's key in the rows of a table; a row may hold two kinds.

    ``key``: the column that names the key; ``referral``: the one that names the referral in whose
    place it is sealed; ``more``: what else says that place.
    """

    row: Any
    key: Any
    sealed: tuple[Any, ...]
    referral: Any
    more: tuple[Any, ...] = ()

    @property
    def goes_alone(self) -> bool:
        """Whether something sealed can come or go while its row stays."""
        return any(self.row.__table__.c[column.key].nullable for column in self.sealed)

    @cached_property
    def batch(self) -> Any:
        """Rows whose key is ``key``, in the order of their ids from ``after`` on."""
        return (
            select(
                self.row.id,
                ReferralRow.id.label("referral_id"),
                ReferralRow.report_id,
                ReferralRow.agency_id,
                *self.sealed,
                *self.more,
            )
            .join_from(self.row, ReferralRow, ReferralRow.id == self.referral)
            .where(self.key == bindparam("key"), self.row.id > bindparam("after"))
            .order_by(self.row.id)
            .limit(bindparam("most"))
        )


def _of(row: Any, *sealed: Any, more: tuple[Any, ...] = ()) -> Kind:
    return Kind(row, row.agency_key_id, sealed, row.referral_id, more)


KINDS: Mapping[str, Kind] = {
    "wrap": _of(WrapRow, WrapRow.sealed_keys, more=(WrapRow.purpose,)),
    "move": _of(MoveRow, MoveRow.sealed_reason),
    "note": _of(NoteRow, NoteRow.sealed_content, more=(NoteRow.person_id,)),
    "recusal": _of(RecusalRow, RecusalRow.sealed_reason),
    "hold": _of(HoldRow, HoldRow.sealed_reason),
    "asker": Kind(
        SectionRequestRow,
        SectionRequestRow.asker_key_id,
        (
            SectionRequestRow.sealed_own,
            SectionRequestRow.sealed_answer,
            SectionRequestRow.sealed_keys,
        ),
        SectionRequestRow.asker_id,
        (literal("further").label("purpose"),),
    ),
    "lead": Kind(
        SectionRequestRow,
        SectionRequestRow.lead_key_id,
        (SectionRequestRow.sealed_asked, SectionRequestRow.sealed_given),
        SectionRequestRow.lead_id,
    ),
}
"""All that a change of an agency's key seals anew, but the secret of its marks."""


def sealed_to(
    connection: Connection, kind: str, key_id: str, after: UUID, most: int
) -> Sequence[AnyRow]:
    """Rows of a kind that name a key, in the order of their ids from ``after`` on. What has been
    erased in them is None.
    """
    about = {"key": key_id, "after": after, "most": most}
    found: Sequence[AnyRow] = connection.execute(KINDS[kind].batch, about).all()
    return found


def seal_anew(
    connection: Connection,
    kind: str,
    rows: Sequence[AnyRow],
    sealed: Mapping[UUID, Mapping[str, bytes | None]],
    old: str,
    new: str,
) -> int:
    """Put what was sealed anew, by row and column, into rows as ``sealed_to`` gave them; those that
    changed meanwhile stay, so that nothing erased comes back and no answer is lost. How many.
    """
    this = KINDS[kind]
    still = _as_read(connection, this, rows) if this.goes_alone else sealed.keys()
    values = [
        {"id": row.id, this.key.key: new, **sealed[row.id]}
        for row in rows
        if row.id in sealed and row.id in still
    ]
    return update_many(connection, this.row, values, still=(this.key.key, old))


def _as_read(connection: Connection, kind: Kind, rows: Sequence[AnyRow]) -> set[UUID]:
    """Those of the rows in which all that is sealed is as it was read. Nobody changes them until
    the transaction ends.
    """
    was = {row.id: row for row in rows}
    found = connection.execute(
        select(kind.row.id, *kind.sealed)
        .where(kind.row.id.in_(was))
        .order_by(kind.row.id)
        .with_for_update()
    )
    names = [column.key for column in kind.sealed]
    return {
        row.id
        for row in found
        if all(getattr(row, name) == getattr(was[row.id], name) for name in names)
    }


def count_sealed(connection: Connection, agency_id: str) -> dict[str, int]:
    """How many sealed parts name each key of an agency."""
    keys = connection.scalars(select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == agency_id))
    found = dict.fromkeys(keys, 0)
    for kind in KINDS.values():
        counts = select(kind.key, func.count()).where(kind.key.in_(found)).group_by(kind.key)
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
        connection.scalar(select(kind.row.id).where(kind.key == key_id).limit(1))
        for kind in KINDS.values()
    )


def note_leaver(
    connection: Connection, held: Collection[str], person_id: UUID, at: datetime
) -> None:
    """Let the others be asked to change each of these keys, which this person may have kept, as
    long as it is in use; of one that waits for its signature, once it is.
    """
    this = AgencyKeyRow.id.in_(held), AgencyKeyRow.retired_at.is_(None)
    for key_id in connection.scalars(select(AgencyKeyRow.id).where(*this)).all():
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

    others = TrailRow.detail_key_id, AgencyIndexKeyRow.agency_key_id
    sealed = *others, *(kind.key for kind in KINDS.values())
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
