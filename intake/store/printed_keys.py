"""Agencies' printed recovery keys, and what is sealed to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, insert, select, update

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
    sealed: Mapping[str, bytes],
    at: datetime,
) -> None:
    """Put a recovery key in the place of the former one, with the agency's keys sealed to it.

    ``vouched_by``: the agency's key, and the box under it that holds the recovery key.
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
    for key_id, sealed_key in sealed.items():
        insert_or_change(
            connection,
            cast(Table, RecoverySealRow.__table__),
            {"agency_key_id": key_id},
            recovery_key_id=recovery_key_id,
            sealed_key=sealed_key,
        )


def seal(
    connection: Connection, agency_key_id: str, recovery_key_id: str, sealed_key: bytes
) -> None:
    """Add a new key of an agency, sealed to its recovery key."""
    values = {
        "agency_key_id": agency_key_id,
        "recovery_key_id": recovery_key_id,
        "sealed_key": sealed_key,
    }
    connection.execute(insert(RecoverySealRow).values(**values))


def vouch_anew(
    connection: Connection, agency_id: str, agency_key_id: str, sealed_public: bytes
) -> None:
    """Let the holder of a new key vouch for the agency's recovery key."""
    this = update(AgencyRecoveryRow).where(AgencyRecoveryRow.agency_id == agency_id)
    connection.execute(this.values(agency_key_id=agency_key_id, sealed_public=sealed_public))


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
