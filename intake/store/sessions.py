"""Sessions of people: half-open after the passphrase, whole after the second factor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from intake.store.columns import AnyRow
from intake.store.people_tables import PersonRow, SessionRow

_KNOWN = (
    select(SessionRow.__table__, PersonRow.public_key)
    .join(PersonRow, PersonRow.id == SessionRow.person_id)
    .where(SessionRow.id == bindparam("session"))
)
_SESSION = _KNOWN.where(SessionRow.ended_at.is_(None))
_ENDED: dict[str, Any] = {"sealed_person_key": b"", "challenge": None, "sealed_totp": None}


def start(connection: Connection, values: dict[str, Any]) -> None:
    """Add a session."""
    connection.execute(insert(SessionRow).values(**values))


def session(connection: Connection, session_id: bytes) -> AnyRow | None:
    """A session that has not ended, with the person's public key."""
    return connection.execute(_SESSION, {"session": session_id}).first()


def known(connection: Connection, session_id: bytes) -> AnyRow | None:
    """The same of a session that has ended, too."""
    return connection.execute(_KNOWN, {"session": session_id}).first()


def of_person(
    connection: Connection, person_id: UUID, started_after: datetime, seen_after: datetime
) -> Sequence[AnyRow]:
    """A person's whole sessions that have not ended, the one used last first."""
    return connection.execute(
        select(SessionRow.id, SessionRow.started_at, SessionRow.seen_at)
        .where(
            SessionRow.person_id == person_id,
            SessionRow.ended_at.is_(None),
            SessionRow.factor_at.is_not(None),
            SessionRow.started_at >= started_after,
            SessionRow.seen_at >= seen_after,
        )
        .order_by(SessionRow.seen_at.desc(), SessionRow.started_at.desc())
    ).all()


def see(connection: Connection, session_id: bytes, at: datetime) -> None:
    """Note that the session is in use."""
    connection.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=at))


def prove(connection: Connection, session_id: bytes, at: datetime) -> bool:
    """Note that the second factor was shown again; False if the session has ended."""
    whole = _open(session_id), SessionRow.factor_at.is_not(None)
    return _changed(connection, whole, factor_at=at)


def set_challenge(connection: Connection, session_id: bytes, challenge: bytes) -> None:
    """What a passkey is to answer next."""
    _changed(connection, (_open(session_id),), challenge=challenge)


def take_challenge(connection: Connection, session_id: bytes) -> bytes | None:
    """What a passkey was to answer: given out once."""
    row = session(connection, session_id)
    challenge: bytes | None = row.challenge if row else None
    this = _open(session_id), SessionRow.challenge == challenge
    return challenge if challenge and _changed(connection, this, challenge=None) else None


def set_totp(connection: Connection, session_id: bytes, sealed: bytes | None) -> None:
    """The app's secret that waits for its first code."""
    _changed(connection, (_open(session_id),), sealed_totp=sealed)


def end(connection: Connection, session_id: bytes, at: datetime) -> bool:
    """End a session; what is sealed in it goes with it. False if it had ended before."""
    return _changed(connection, (_open(session_id),), ended_at=at, **_ENDED)


def end_of_person(connection: Connection, person_id: UUID, session_id: bytes, at: datetime) -> bool:
    """The same, where it is this person's."""
    this = _open(session_id), SessionRow.person_id == person_id
    return _changed(connection, this, ended_at=at, **_ENDED)


def end_others(connection: Connection, person_id: UUID, but: bytes, at: datetime) -> int:
    """End every session of a person but one; how many whole ones."""
    others = (
        SessionRow.person_id == person_id,
        SessionRow.id != but,
        SessionRow.ended_at.is_(None),
    )
    ended = update(SessionRow).where(*others).values(ended_at=at, **_ENDED)
    return len(
        [
            row
            for row in connection.execute(ended.returning(SessionRow.factor_at))
            if row.factor_at is not None
        ]
    )


def purge(connection: Connection, started_before: datetime) -> int:
    """Delete the sessions started before; how many there were."""
    return connection.execute(
        delete(SessionRow).where(SessionRow.started_at < started_before)
    ).rowcount


def _open(session_id: bytes) -> Any:
    return (SessionRow.id == session_id) & SessionRow.ended_at.is_(None)


def _changed(connection: Connection, where: tuple[Any, ...], **values: Any) -> bool:
    return connection.execute(update(SessionRow).where(*where).values(**values)).rowcount == 1
