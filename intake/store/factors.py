"""Second factors, printed codes and known browsers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update

from intake.domain.row_id import new_id
from intake.store.columns import AnyRow
from intake.store.deletions import erase_rows, put_for_good
from intake.store.factor_tables import DeviceRow, FactorRow, OneTimeCodeRow
from intake.store.writing import insert_or_leave, take_turn


def factors(connection: Connection, person_id: UUID) -> Sequence[AnyRow]:
    """A person's factors, the oldest first."""
    own = select(FactorRow.__table__).where(FactorRow.person_id == person_id)
    return connection.execute(own.order_by(FactorRow.made_at, FactorRow.id)).all()


def who_has_one(connection: Connection, people: Collection[UUID]) -> set[UUID]:
    """Which of these people have a factor."""
    theirs = select(FactorRow.person_id).where(FactorRow.person_id.in_(people)).distinct()
    return set(connection.scalars(theirs))


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Add a factor; IntegrityError for a passkey that is there already."""
    connection.execute(insert(FactorRow).values(**values))


def take_turn_to_remove(connection: Connection) -> None:
    """Let removals at the same time see each other: one at a time until the transaction ends."""
    take_turn(connection, cast(Table, FactorRow.__table__))


def remove(connection: Connection, person_id: UUID, factor_id: UUID, at: datetime) -> bool:
    """Remove a factor for good; False if this person has it no more."""
    this = FactorRow.id == factor_id, FactorRow.person_id == person_id
    return erase_rows(connection, FactorRow, *this, at=at) == 1


def take_step(connection: Connection, factor_id: UUID, step: int, at: datetime) -> bool:
    """Take a code of an app; False if it, or a later one, was taken before."""
    later = or_(FactorRow.last_step.is_(None), FactorRow.last_step < step)
    taken = update(FactorRow).where(FactorRow.id == factor_id, later)
    return connection.execute(taken.values(last_step=step, used_at=at)).rowcount == 1


def take_count(connection: Connection, factor_id: UUID, was: int, is_: int, at: datetime) -> bool:
    """Move a passkey's counter on; False if another proof moved it meanwhile."""
    this = update(FactorRow).where(FactorRow.id == factor_id, FactorRow.sign_count == was)
    return connection.execute(this.values(sign_count=is_, used_at=at)).rowcount == 1


def replace_codes(
    connection: Connection, person_id: UUID, digests: Iterable[bytes], at: datetime
) -> None:
    """A new set of printed codes; the old one is good for nothing, also after a restore."""
    erase_rows(connection, OneTimeCodeRow, OneTimeCodeRow.person_id == person_id, at=at)
    rows = [
        {"id": new_id(at), "person_id": person_id, "digest": digest, "made_at": at}
        for digest in digests
    ]
    connection.execute(insert(OneTimeCodeRow), rows)


def codes_set(connection: Connection, person_id: UUID) -> UUID | None:
    """What names a person's set of printed codes; None where there is none."""
    own = select(OneTimeCodeRow.id).where(OneTimeCodeRow.person_id == person_id)
    return connection.scalar(own.order_by(OneTimeCodeRow.id).limit(1))


def use_code(connection: Connection, person_id: UUID, digest: bytes, at: datetime) -> bool:
    """Use a printed code; False if the person has no such code, or has used it."""
    this = OneTimeCodeRow.digest == digest, OneTimeCodeRow.person_id == person_id
    unused = OneTimeCodeRow.used_at.is_(None)
    return put_for_good(connection, OneTimeCodeRow.used_at, at, *this, unused, at=at) == 1


def has_code(connection: Connection, person_id: UUID, digest: bytes) -> bool:
    """Whether the person has such a printed code, not used yet."""
    this = OneTimeCodeRow.digest == digest, OneTimeCodeRow.person_id == person_id
    unused = select(OneTimeCodeRow.id).where(*this, OneTimeCodeRow.used_at.is_(None))
    return connection.scalar(unused) is not None


def codes_left(connection: Connection, person_id: UUID) -> int:
    """How many printed codes are still good."""
    unused = OneTimeCodeRow.person_id == person_id, OneTimeCodeRow.used_at.is_(None)
    return connection.scalar(select(func.count()).where(*unused)) or 0


def forget_person(connection: Connection, person_id: UUID, at: datetime) -> None:
    """Remove a person's factors and codes for good, and forget their browsers."""
    erase_rows(connection, FactorRow, FactorRow.person_id == person_id, at=at)
    erase_rows(connection, OneTimeCodeRow, OneTimeCodeRow.person_id == person_id, at=at)
    connection.execute(delete(DeviceRow).where(DeviceRow.person_id == person_id))


def knows(connection: Connection, device_id: bytes, since: datetime) -> bool:
    """Whether a browser is known, and was seen since."""
    this = DeviceRow.id == device_id, DeviceRow.seen_at > since
    return connection.scalar(select(DeviceRow.id).where(*this)) is not None


def see_device(connection: Connection, device_id: bytes, person_id: UUID, at: datetime) -> None:
    """Know a browser from now on, or go on knowing it."""
    seen = update(DeviceRow).where(DeviceRow.id == device_id).values(seen_at=at)
    if not connection.execute(seen).rowcount:
        row = {"id": device_id, "person_id": person_id, "made_at": at, "seen_at": at}
        new = insert_or_leave(connection.dialect.name, cast(Table, DeviceRow.__table__))
        connection.execute(new.values(**row))


def devices(connection: Connection, person_id: UUID, since: datetime) -> Sequence[AnyRow]:
    """The browsers in which a person has signed in since, the last one first."""
    own = select(DeviceRow.__table__).where(DeviceRow.person_id == person_id)
    return connection.execute(
        own.where(DeviceRow.seen_at > since).order_by(DeviceRow.seen_at.desc(), DeviceRow.id)
    ).all()


def forget_device(connection: Connection, person_id: UUID, device_id: bytes) -> bool:
    """Forget a browser; False if it is not known as this person's."""
    this = delete(DeviceRow).where(DeviceRow.id == device_id, DeviceRow.person_id == person_id)
    return connection.execute(this).rowcount == 1


def purge_devices(connection: Connection, seen_before: datetime) -> int:
    """Forget the browsers last seen before; how many there were."""
    return connection.execute(delete(DeviceRow).where(DeviceRow.seen_at < seen_before)).rowcount
