"""Who is shut out of which report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, desc, insert, select, true, update
from sqlalchemy.orm import aliased

from intake.store import retention
from intake.store.columns import AnyRow
from intake.store.deletions import put_for_good, put_in_for_good
from intake.store.need_to_know_tables import RecusalRow
from intake.store.people_tables import PersonRow
from intake.store.tables import ReferralRow

_BY = aliased(PersonRow)
_STANDS = RecusalRow.lifted_at.is_(None)
_SHUT_TO = (
    select(ReferralRow.id)
    .join(RecusalRow, RecusalRow.report_id == ReferralRow.report_id)
    .where(RecusalRow.person_id == bindparam("person"), _STANDS)
)
_OF_REFERRALS = (
    select(ReferralRow.id, RecusalRow.person_id)
    .join(RecusalRow, RecusalRow.report_id == ReferralRow.report_id)
    .where(ReferralRow.id.in_(bindparam("referrals", expanding=True)), _STANDS)
)


def is_shut_out(connection: Connection, report_id: UUID, person_id: UUID) -> bool:
    """Whether a person may see nothing of a report."""
    found = select(RecusalRow.id).where(
        RecusalRow.person_id == person_id, RecusalRow.report_id == report_id, _STANDS
    )
    return connection.scalar(found) is not None


def shut_to(connection: Connection, person_id: UUID) -> frozenset[UUID]:
    """The referrals, at any agency, of the reports that a person is shut out of."""
    return frozenset(connection.scalars(_SHUT_TO, {"person": person_id}))


def of_referrals(
    connection: Connection, referrals: Collection[UUID]
) -> Mapping[UUID, frozenset[UUID]]:
    """By referral, who is shut out of it; of those of which anybody is."""
    found = defaultdict[UUID, set[UUID]](set)
    for referral, person in connection.execute(_OF_REFERRALS, {"referrals": list(referrals)}):
        found[referral].add(person)
    return {referral: frozenset(people) for referral, people in found.items()}


def shut_out(connection: Connection, report_id: UUID) -> Sequence[AnyRow]:
    """Those who are shut out of a report, by whose word, and on which agency's referral."""
    return connection.execute(
        select(*RecusalRow.__table__.c, PersonRow.name.label("person_name"), ReferralRow.agency_id)
        .join(PersonRow, PersonRow.id == RecusalRow.person_id)
        .join(ReferralRow, ReferralRow.id == RecusalRow.referral_id)
        .where(RecusalRow.report_id == report_id, _STANDS)
        .order_by(RecusalRow.declared_at, RecusalRow.id)
    ).all()


def standing(
    connection: Connection,
    agencies: Collection[str],
    limit: int,
    shut: Collection[UUID],
    only: UUID | None = None,
) -> Sequence[AnyRow]:
    """Who is shut out on referrals of these agencies, by whose word, and since when, the newest
    first; no reasons, and none of referrals that are ``shut`` to the reader. ``only``: this one
    alone.
    """
    asked = RecusalRow.id == only if only else true()
    return connection.execute(
        select(
            RecusalRow.id,
            RecusalRow.person_id,
            RecusalRow.declared_at,
            PersonRow.name.label("person_name"),
            _BY.name.label("by_name"),
            ReferralRow.id.label("referral_id"),
            ReferralRow.reference,
            ReferralRow.agency_id,
        )
        .join(PersonRow, PersonRow.id == RecusalRow.person_id)
        .join(ReferralRow, ReferralRow.id == RecusalRow.referral_id)
        .join(_BY, _BY.id == RecusalRow.declared_by, isouter=True)
        .where(
            ReferralRow.agency_id.in_(sorted(agencies)),
            ReferralRow.id.not_in(shut),
            _STANDS,
            asked,
        )
        .order_by(RecusalRow.declared_at.desc(), RecusalRow.id)
        .limit(limit)
    ).all()


def lock(connection: Connection, report_id: UUID) -> None:
    """Keep others from shutting somebody out of the report, and its content from being deleted,
    until this transaction ends.
    """
    theirs = select(ReferralRow.id).where(ReferralRow.report_id == report_id)
    connection.execute(theirs.order_by(ReferralRow.id).with_for_update()).all()


def add(connection: Connection, values: dict[str, Any]) -> Sequence[AnyRow]:
    """Shut a person out; the referrals of the report that had them as worker, and have none now.

    Without the reason where the content has been deleted: to be asked under `lock`. IntegrityError
    where they are already.
    """
    if retention.deleted_at(connection, values["report_id"]) is not None:
        values |= {"sealed_reason": None}
    put_in_for_good(connection, RecusalRow, values, at=values["declared_at"])
    return _without_worker(connection, values)


def put_again(connection: Connection, values: dict[str, Any]) -> bool:
    """Shut out again whom a restored backup did not know to be; False where it does not know the
    report or the person, or has them shut out.

    Without what it does not know: by whose word; on which referral: then it is the first one's.
    """
    report, referral = values["report_id"], values["referral_id"]
    of_report = select(ReferralRow.id).where(ReferralRow.report_id == report)
    named = desc(ReferralRow.id == referral), ReferralRow.arrived_at, ReferralRow.id
    first = connection.scalar(of_report.order_by(*named).limit(1))
    known = {values["person_id"], values["declared_by"]}
    known &= set(connection.scalars(select(PersonRow.id).where(PersonRow.id.in_(known))))
    person = values["person_id"]
    if first is None or person not in known or is_shut_out(connection, report, person):
        return False
    by = values["declared_by"] if values["declared_by"] in known else None
    values |= {"referral_id": first, "declared_by": by, "agency_key_id": None}
    connection.execute(insert(RecusalRow).values(**values))
    _without_worker(connection, values)
    return True


def _without_worker(connection: Connection, values: dict[str, Any]) -> Sequence[AnyRow]:
    return connection.execute(
        update(ReferralRow)
        .where(
            ReferralRow.report_id == values["report_id"],
            ReferralRow.worker_id == values["person_id"],
        )
        .values(worker_id=None)
        .returning(ReferralRow.id, ReferralRow.agency_id)
    ).all()


def lift(connection: Connection, recusal_id: UUID, person_id: UUID, at: datetime) -> bool:
    """Let the person in again; False where that has been done."""
    changed = connection.execute(
        update(RecusalRow).where(RecusalRow.id == recusal_id, _STANDS).values(lifted_by=person_id)
    )
    this = RecusalRow.id == recusal_id, _STANDS
    return changed.rowcount == 1 and bool(
        put_for_good(connection, RecusalRow.lifted_at, at, *this, at=at)
    )
