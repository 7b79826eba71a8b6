"""Letters that wait for the post, and those that it never took."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from intake.domain.row_id import new_id
from intake.store.columns import AnyRow, Instant
from intake.store.people_tables import PersonRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import DeadlineRow, NoticeRow, OutboxRow

_WAITING = (OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
_DEAD = (OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_not(None))
_AGENCIES: BindParameter[Collection[str]] = bindparam("agencies", expanding=True)
# A letter of several reminders has its agencies there, one of before there were any in itself.
_ABOUT_THEM = or_(
    OutboxRow.params["agency"].as_string().in_(_AGENCIES),
    OutboxRow.id.in_(
        select(ReminderRow.letter_id)
        .join(DeadlineRow, DeadlineRow.id == ReminderRow.deadline_id)
        .where(ReminderRow.letter_id == OutboxRow.id, DeadlineRow.agency_id.in_(_AGENCIES))
        .correlate(OutboxRow)
    ),
)
_LEFT_ALONE = timedelta(minutes=10)
"""Who waits longer for a first attempt waits for the quiet hours to end, not for the post."""
_DEAD_LETTERS = (
    select(
        OutboxRow.id,
        OutboxRow.person_id,
        OutboxRow.params,
        OutboxRow.attempts,
        OutboxRow.dead_at,
        PersonRow.name,
    )
    .join(PersonRow, PersonRow.id == OutboxRow.person_id)
    .where(
        *_DEAD,
        OutboxRow.dead_at >= bindparam("since", type_=Instant),
        PersonRow.left_at.is_(None),
        _ABOUT_THEM,
    )
    .order_by(OutboxRow.dead_at.desc(), OutboxRow.id)
    .limit(bindparam("most"))
)


def _for_the_post(soon: Any) -> ColumnElement[bool]:
    return or_(OutboxRow.attempts > 0, OutboxRow.next_attempt_at <= soon)


def waits_for_the_post(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What letters are neither taken nor given up, nor left until the quiet hours end."""
    return (*_WAITING, _for_the_post(now + _LEFT_ALONE))


_WAITING_LETTERS = (
    select(func.count())
    .select_from(OutboxRow)
    .where(
        *_WAITING,
        OutboxRow.created_at < bindparam("before", type_=Instant),
        _for_the_post(bindparam("soon", type_=Instant)),
        _ABOUT_THEM,
    )
)


def new_letter(
    letter: str,
    now: datetime,
    params: Mapping[str, Any],
    *,
    person_id: UUID | None = None,
    report_id: UUID | None = None,
) -> dict[str, Any]:
    """A letter's row, to be tried at once: to one of staff, or to the reporter of a report.

    It names only the one that is given: few may write to a reporter.
    """
    reader = {"person_id": person_id, "report_id": report_id}
    return {
        "id": new_id(now),
        **{column: one for column, one in reader.items() if one},
        "letter": letter,
        "params": dict(params),
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
    }


def put_letters(connection: Connection, letters: Sequence[dict[str, Any]]) -> None:
    """Put letters into the outbox: all of them to people of staff, or all to reporters."""
    if letters:
        connection.execute(insert(OutboxRow), letters)


def count_waiting_letters(connection: Connection) -> int:
    """How many letters are neither sent nor given up."""
    return connection.scalar(select(func.count()).select_from(OutboxRow).where(*_WAITING)) or 0


def claim_letter(connection: Connection, now: datetime, until: datetime) -> AnyRow | None:
    """The letter that has waited longest of those to be tried now, kept from others until then.

    With its reader: one of staff (email, name, language, left_at) or a report's sealed_address,
    None where that has been erased. A letter that another is claiming is passed over.
    """
    row = connection.execute(
        select(
            *OutboxRow.__table__.c,
            PersonRow.email,
            PersonRow.name,
            PersonRow.language,
            PersonRow.left_at,
            NoticeRow.sealed_address,
        )
        .join(PersonRow, PersonRow.id == OutboxRow.person_id, isouter=True)
        .join(NoticeRow, NoticeRow.report_id == OutboxRow.report_id, isouter=True)
        .where(*_WAITING, OutboxRow.next_attempt_at <= now)
        .order_by(OutboxRow.next_attempt_at, OutboxRow.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=OutboxRow)
    ).first()
    if row is not None:
        put_off(connection, row.id, until)
    return row


def put_off(connection: Connection, letter_id: UUID, until: datetime) -> None:
    """Leave a letter that waits alone until then."""
    connection.execute(
        update(OutboxRow).where(OutboxRow.id == letter_id, *_WAITING).values(next_attempt_at=until)
    )


def put_off_all(connection: Connection, now: datetime, until: datetime) -> None:
    """Leave every letter that would be tried now alone until then."""
    connection.execute(
        update(OutboxRow)
        .where(*_WAITING, OutboxRow.next_attempt_at <= now)
        .values(next_attempt_at=until)
    )


def tell_less(
    connection: Connection, letter_id: UUID, params: Mapping[str, Any], at: datetime
) -> None:
    """Leave something out of a letter that waits, and let it be tried at once."""
    connection.execute(
        update(OutboxRow)
        .where(OutboxRow.id == letter_id, *_WAITING)
        .values(params=dict(params), next_attempt_at=at)
    )


def give_up_letter(connection: Connection, letter_id: UUID, at: datetime) -> None:
    """The letter is not to be sent; one that is sent or dead stays as it is."""
    connection.execute(
        update(OutboxRow).where(OutboxRow.id == letter_id, *_WAITING).values(dead_at=at)
    )


def mark_sent(connection: Connection, letter_id: UUID, at: datetime) -> None:
    """The post has taken the letter, whatever another run has thought of it meanwhile."""
    connection.execute(
        update(OutboxRow)
        .where(OutboxRow.id == letter_id)
        .values(sent_at=at, dead_at=None, attempts=OutboxRow.attempts + 1)
    )


def mark_failed(
    connection: Connection, letter_id: UUID, next_attempt_at: datetime, dead_at: datetime | None
) -> bool:
    """The post did not take the letter; try again then, or never. False if it waits no more."""
    return (
        connection.execute(
            update(OutboxRow)
            .where(OutboxRow.id == letter_id, *_WAITING)
            .values(
                attempts=OutboxRow.attempts + 1, next_attempt_at=next_attempt_at, dead_at=dead_at
            )
        ).rowcount
        == 1
    )


def dead_letters(
    connection: Connection, agencies: Collection[str], dead_since: datetime, limit: int
) -> Sequence[AnyRow]:
    """Letters about these agencies that were given up since, the newest first, with the reader.

    Not those whose reader has left: nobody would read them.
    """
    asked = {"agencies": sorted(agencies), "since": dead_since, "most": limit}
    return connection.execute(_DEAD_LETTERS, asked).all()


def waiting_letters(
    connection: Connection, agencies: Collection[str], created_before: datetime, now: datetime
) -> int:
    """How many letters about these agencies have waited for the post since before then."""
    soon = now + _LEFT_ALONE
    asked = {"agencies": sorted(agencies), "before": created_before, "soon": soon}
    return connection.scalar(_WAITING_LETTERS, asked) or 0


def letter(connection: Connection, letter_id: UUID) -> AnyRow | None:
    """What a letter to one of staff is about."""
    return connection.execute(
        select(OutboxRow.params).where(OutboxRow.id == letter_id, OutboxRow.person_id.is_not(None))
    ).first()


def revive_letter(connection: Connection, letter_id: UUID, at: datetime) -> bool:
    """Let a dead letter begin anew; False if it is not dead."""
    return (
        connection.execute(
            update(OutboxRow)
            .where(OutboxRow.id == letter_id, *_DEAD)
            .values(dead_at=None, attempts=0, next_attempt_at=at)
        ).rowcount
        == 1
    )
