"""Agencies' printed recovery keys, and what is sealed to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, insert, select

from intake.store.columns import AnyRow
from intake.store.people_tables import AgencyKeyRow, AgencyRecoveryRow, RecoverySealRow
from intake.store.writing import insert_or_change


def printed(connection: Connection, agency_id: str) -> AnyRow | None:
    """An agency's recovery key, as the holder of one of its keys vouched for it."""
    this = AgencyRecoveryRow.agency_id == agency_id
    return connection.execute(select(AgencyRecoveryRow.__table__).where(this)).first()


def keep(
    connection: Connection,
    agency_id: str,
    recovery_key_id: str,
    vouched_by: tuple[str, bytes],
    sealed: Mapping[str, tuple[bytes, bytes]],
    at: datetime,
) -> None:
    """Put a recovery key in the place of the former one, with the agency's keys sealed to it.

    ``vouched_by``: the agency's key in use, and the box under it that holds the recovery key;
    ``sealed``: of each key that one, and the key itself.
    """
    agency_key_id, sealed_public = vouched_by
    insert_or_change(
        connection,
        cast(Table, AgencyRecoveryRow.__table__),
        {"agency_id": agency_id},
        recovery_key_id=recovery_key_id,
        agency_key_id=agency_key_id,
        sealed_public=sealed_public,
        made_at=at,
    )
    for key_id, (sealed_public, sealed_key) in sealed.items():
        insert_or_change(
            connection,
            cast(Table, RecoverySealRow.__table__),
            {"agency_key_id": key_id},
            recovery_key_id=recovery_key_id,
            sealed_key=sealed_key,
            sealed_public=sealed_public,
        )


def voucher(connection: Connection, recovery: AnyRow, agency_key_id: str) -> bytes | None:
    """The box under this key of the agency that holds its recovery key, as ``printed`` gave it;
    None if there is none.
    """
    own = connection.scalar(
        select(RecoverySealRow.sealed_public).where(
            RecoverySealRow.agency_key_id == agency_key_id,
            RecoverySealRow.recovery_key_id == recovery.recovery_key_id,
        )
    )
    first: bytes | None = recovery.sealed_public
    return own or (first if recovery.agency_key_id == agency_key_id else None)


def opens(connection: Connection, agency_id: str, agency_key_id: str) -> bool:
    """Whether an agency's newest sheets open this key of it."""
    this = RecoverySealRow.recovery_key_id == AgencyRecoveryRow.recovery_key_id
    return (
        connection.scalar(
            select(RecoverySealRow.agency_key_id)
            .join(AgencyRecoveryRow, this)
            .where(
                AgencyRecoveryRow.agency_id == agency_id,
                RecoverySealRow.agency_key_id == agency_key_id,
            )
        )
        is not None
    )


def seal(
    connection: Connection,
    agency_key_id: str,
    recovery_key_id: str,
    sealed_key: bytes,
    sealed_public: bytes,
) -> None:
    """Add a new key of an agency, sealed to its recovery key, and its own voucher of that."""
    values = {
        "agency_key_id": agency_key_id,
        "recovery_key_id": recovery_key_id,
        "sealed_key": sealed_key,
        "sealed_public": sealed_public,
    }
    connection.execute(insert(RecoverySealRow).values(**values))


def sealed_keys(connection: Connection, agency_id: str) -> Sequence[AnyRow]:
    """An agency's keys that are sealed to a recovery key, the oldest first."""
    return connection.execute(
        select(
            AgencyKeyRow.id,
            AgencyKeyRow.public_key,
            RecoverySealRow.recovery_key_id,
            RecoverySealRow.sealed_key,
        )
        .join(RecoverySealRow, RecoverySealRow.agency_key_id == AgencyKeyRow.id)
        .where(AgencyKeyRow.agency_id == agency_id)
        .order_by(AgencyKeyRow.created_at)
    ).all()
