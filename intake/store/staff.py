"""People as administrators handle them: who has which role where, and what ends with a role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, and_, exists, func, not_, or_, select, update

from intake.domain.people import AGENCY_ROLES
from intake.domain.referral import State
from intake.store import factors, proposals
from intake.store.columns import AnyRow
from intake.store.deletions import blank, erase_rows, put_for_good
from intake.store.people_tables import (
    KEY_IN_USE,
    AgencyKeyRow,
    AgencyRow,
    GrantRow,
    MembershipRow,
    PersonRow,
    SessionRow,
)
from intake.store.tables import ReferralRow
from intake.store.writing import take_turn

_CONTROLLER = func.coalesce(MembershipRow.controller_id, AgencyRow.controller_id)
_PERSON = (
    PersonRow.id,
    PersonRow.sign_in_name,
    PersonRow.name,
    PersonRow.email,
    PersonRow.language,
)
_HANDLED = (State.SENT.value, State.ACCEPTED.value)


def people_of(connection: Connection, controllers: Collection[str]) -> Sequence[AnyRow]:
    """People who have not left and who have, had or will have a role at these, by name."""
    theirs = (
        select(MembershipRow.person_id)
        .join(AgencyRow, AgencyRow.id == MembershipRow.agency_id, isouter=True)
        .where(_CONTROLLER.in_(controllers))
    )
    return connection.execute(
        select(*_PERSON)
        .where(PersonRow.left_at.is_(None), PersonRow.id.in_(theirs))
        .order_by(PersonRow.name, PersonRow.sign_in_name)
    ).all()


def person(connection: Connection, person_id: UUID) -> AnyRow | None:
    """One person who has not left."""
    return connection.execute(
        select(*_PERSON).where(PersonRow.id == person_id, PersonRow.left_at.is_(None))
    ).first()


def memberships(connection: Connection, people: Collection[UUID]) -> Sequence[AnyRow]:
    """Every role that these people have, had or will have, with the controller it is under."""
    return connection.execute(
        select(
            MembershipRow.id,
            MembershipRow.person_id,
            MembershipRow.role,
            MembershipRow.agency_id,
            MembershipRow.controller_id,
            MembershipRow.valid_from,
            MembershipRow.valid_to,
            _CONTROLLER.label("under"),
        )
        .join(AgencyRow, AgencyRow.id == MembershipRow.agency_id, isouter=True)
        .where(MembershipRow.person_id.in_(people))
        .order_by(MembershipRow.valid_from, MembershipRow.id)
    ).all()


def controllers_of(connection: Connection, agencies: Collection[str]) -> Mapping[str, str]:
    """The controller of each of these agencies that there is."""
    rows = connection.execute(
        select(AgencyRow.id, AgencyRow.controller_id).where(AgencyRow.id.in_(agencies))
    )
    return {row.id: row.controller_id for row in rows}


def end_membership(
    connection: Connection, membership_id: UUID, last_day: date, at: datetime
) -> None:
    """Let a role end with a day."""
    put_for_good(
        connection, MembershipRow.valid_to, last_day, MembershipRow.id == membership_id, at=at
    )


def change_person(connection: Connection, person_id: UUID, values: dict[str, Any]) -> None:
    """Change a person's details."""
    connection.execute(update(PersonRow).where(PersonRow.id == person_id).values(**values))


def relock(connection: Connection, person_id: UUID, keys: dict[str, bytes], at: datetime) -> None:
    """Lock a person's key anew, or another key; no restore brings back what the old passphrase or
    the old recovery code opens.
    """
    this = PersonRow.id == person_id
    put_for_good(connection, PersonRow.sealed_private_key, b"", this, at=at)
    put_for_good(connection, PersonRow.sealed_recovery, None, this, at=at)
    connection.execute(update(PersonRow).where(this).values(**keys))


def replace_keys(
    connection: Connection,
    person_id: UUID,
    keys: dict[str, bytes],
    at: datetime,
    by: UUID | None = None,
) -> None:
    """Give a person new keys. Their factors go: an app's secret is sealed to the old key, and all
    may be lost. Their roles count once they are signed with the new one; ``by``: who proposes that.
    """
    relock(connection, person_id, keys, at)
    factors.forget_person(connection, person_id, at)
    proposals.withdraw_roles_of(connection, person_id, at)
    proposals.propose_roles(connection, MembershipRow.person_id == person_id, by=by, at=at)


def lock_for_recovery(
    connection: Connection, person_id: UUID, sealed_recovery: bytes, at: datetime
) -> None:
    """Let another recovery code open a person's key, and the former one never again."""
    this = PersonRow.id == person_id
    put_for_good(connection, PersonRow.sealed_recovery, None, this, at=at)
    connection.execute(update(PersonRow).where(this).values(sealed_recovery=sealed_recovery))


def recovery(connection: Connection, person_id: UUID, *, for_update: bool = False) -> bytes | None:
    """A person's key as their recovery code opens it; ``for_update``: nobody else changes it until
    the transaction ends.
    """
    sealed = select(PersonRow.sealed_recovery).where(PersonRow.id == person_id)
    return connection.scalar(sealed.with_for_update() if for_update else sealed)


def hold_recovery(connection: Connection, person_id: UUID, sealed_recovery: bytes) -> bool:
    """Keep a person who has not left from recovering again until the transaction ends; False if
    it is not this lock any more.
    """
    found = connection.scalar(
        select(PersonRow.sealed_recovery)
        .where(PersonRow.id == person_id, PersonRow.left_at.is_(None))
        .with_for_update()
    )
    return found == sealed_recovery


def leave(connection: Connection, person_id: UUID, at: datetime) -> None:
    """The person is no longer one of staff."""
    blank(connection, PersonRow.sealed_recovery, PersonRow.id == person_id, at=at)
    put_for_good(connection, PersonRow.left_at, at, PersonRow.id == person_id, at=at)
    factors.forget_person(connection, person_id, at)


def people_with_ended_roles(connection: Connection, today: date) -> Sequence[UUID]:
    """Who has not left, of those a role of whom has had its last day."""
    return connection.scalars(
        select(PersonRow.id)
        .where(
            PersonRow.left_at.is_(None),
            exists().where(MembershipRow.person_id == PersonRow.id, MembershipRow.valid_to < today),
        )
        .order_by(PersonRow.id)
    ).all()


def keys_granted(connection: Connection, person_id: UUID) -> Mapping[str, str]:
    """The keys that a person holds, in use or not, by their ids; whose they are."""
    rows = connection.execute(
        select(AgencyKeyRow.id, AgencyKeyRow.agency_id)
        .join(GrantRow, GrantRow.agency_key_id == AgencyKeyRow.id)
        .where(GrantRow.person_id == person_id)
    )
    return {row.id: row.agency_id for row in rows}


def signed_in_since(connection: Connection, person_id: UUID) -> datetime | None:
    """When the oldest session that has not ended began."""
    return connection.scalar(
        select(SessionRow.started_at)
        .where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
        .order_by(SessionRow.started_at)
        .limit(1)
    )


def end_sessions(connection: Connection, person_id: UUID, at: datetime) -> None:
    """End every session of a person; the sealed keys go with them."""
    connection.execute(
        update(SessionRow)
        .where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
        .values(ended_at=at, sealed_person_key=b"", challenge=None, sealed_totp=None)
    )


def let_nobody_grant(connection: Connection) -> None:
    """Let nobody give or take back keys until the transaction ends."""
    take_turn(connection, cast(Table, GrantRow.__table__))


def withdraw_grants(
    connection: Connection, person_id: UUID, agencies: Collection[str] | None, at: datetime
) -> Mapping[str, str]:
    """Take a person's grants of the keys of these agencies (None: of all) back for good, with what
    was sealed in them; by the keys' ids, whose they are.
    """
    let_nobody_grant(connection)
    keys = select(AgencyKeyRow.id, AgencyKeyRow.agency_id).join(
        GrantRow, GrantRow.agency_key_id == AgencyKeyRow.id
    )
    held = keys.where(GrantRow.person_id == person_id)
    if agencies is not None:
        held = held.where(AgencyKeyRow.agency_id.in_(agencies))
    found = {row.id: row.agency_id for row in connection.execute(held)}
    this = GrantRow.person_id == person_id, GrantRow.agency_key_id.in_(found)
    erase_rows(connection, GrantRow, *this, at=at)
    return found


def clear_worker(
    connection: Connection, person_id: UUID, agencies: Collection[str] | None
) -> Sequence[AnyRow]:
    """Leave a person's open referrals at these agencies (None: at all) without a worker; which."""
    theirs = update(ReferralRow).where(
        ReferralRow.worker_id == person_id, ReferralRow.state.in_(_HANDLED)
    )
    if agencies is not None:
        theirs = theirs.where(ReferralRow.agency_id.in_(agencies))
    return connection.execute(
        theirs.values(worker_id=None).returning(ReferralRow.id, ReferralRow.agency_id)
    ).all()


def clear_lapsed_workers(connection: Connection, on: date) -> Sequence[AnyRow]:
    """The same for every worker who has no role at the agency on a day."""
    has_role = exists().where(
        MembershipRow.person_id == ReferralRow.worker_id,
        MembershipRow.agency_id == ReferralRow.agency_id,
        MembershipRow.role.in_(sorted(AGENCY_ROLES)),
        MembershipRow.valid_from <= on,
        or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
    )
    return connection.execute(
        update(ReferralRow)
        .where(
            ReferralRow.worker_id.is_not(None),
            ReferralRow.state.in_(_HANDLED),
            not_(has_role),
        )
        .values(worker_id=None)
        .returning(ReferralRow.id, ReferralRow.agency_id)
    ).all()


def without_worker(connection: Connection, agencies: Collection[str]) -> int:
    """How many referrals of these agencies are being handled by nobody any more."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(ReferralRow)
            .where(
                ReferralRow.agency_id.in_(agencies),
                ReferralRow.state == State.ACCEPTED.value,
                ReferralRow.worker_id.is_(None),
            )
        )
        or 0
    )


def open_referrals(connection: Connection, agency_id: str) -> int:
    """How many referrals an agency has not finished with."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(ReferralRow)
            .where(ReferralRow.agency_id == agency_id, ReferralRow.state.in_(_HANDLED))
        )
        or 0
    )


def members_who_hold(connection: Connection, agency_key_id: str, on: date) -> set[UUID]:
    """Who was granted this key, in use or not, and is a member of its agency on a day."""
    return set(
        connection.scalars(
            select(GrantRow.person_id)
            .join(AgencyKeyRow, AgencyKeyRow.id == GrantRow.agency_key_id)
            .join(PersonRow, PersonRow.id == GrantRow.person_id)
            .join(
                MembershipRow,
                and_(
                    MembershipRow.person_id == PersonRow.id,
                    MembershipRow.agency_id == AgencyKeyRow.agency_id,
                ),
            )
            .where(
                AgencyKeyRow.id == agency_key_id,
                GrantRow.withdrawn_at.is_(None),
                PersonRow.left_at.is_(None),
                MembershipRow.role.in_(sorted(AGENCY_ROLES)),
                MembershipRow.valid_from <= on,
                or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
            )
        )
    )


def members_and_grants(
    connection: Connection, agencies: Collection[str], on: date
) -> Sequence[AnyRow]:
    """Members of these agencies on a day, and whether each was granted the key in use."""
    granted = and_(
        GrantRow.agency_key_id == AgencyKeyRow.id,
        GrantRow.person_id == PersonRow.id,
        GrantRow.withdrawn_at.is_(None),
    )
    in_use = and_(AgencyKeyRow.agency_id == MembershipRow.agency_id, *KEY_IN_USE)
    return connection.execute(
        select(
            MembershipRow.agency_id,
            PersonRow.id,
            PersonRow.name,
            PersonRow.sign_in_name,
            PersonRow.public_key,
            AgencyKeyRow.id.label("key_id"),
            GrantRow.id.is_not(None).label("opens"),
            GrantRow.voucher,
        )
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .join(AgencyKeyRow, in_use, isouter=True)
        .join(GrantRow, granted, isouter=True)
        .where(
            MembershipRow.agency_id.in_(agencies),
            MembershipRow.role.in_(sorted(AGENCY_ROLES)),
            MembershipRow.valid_from <= on,
            or_(MembershipRow.valid_to.is_(None), MembershipRow.valid_to >= on),
            PersonRow.left_at.is_(None),
        )
        .distinct()
        .order_by(MembershipRow.agency_id, PersonRow.name)
    ).all()
