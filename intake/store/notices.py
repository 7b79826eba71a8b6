"""Reporters who want to be told that there is news: their sealed addresses, and what is untold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, or_, select, update

from intake.domain.referral import State
from intake.store.deletions import erase_rows
from intake.store.tables import NoticeRow, OutboxRow, ReferralRow

_LETTER_WAITS = (
    select(OutboxRow.id)
    .where(
        OutboxRow.report_id == NoticeRow.report_id,
        OutboxRow.sent_at.is_(None),
        OutboxRow.dead_at.is_(None),
    )
    .exists()
)
_IN_HAND = (
    select(ReferralRow.id)
    .where(
        ReferralRow.report_id == NoticeRow.report_id,
        ReferralRow.state.in_([State.SENT, State.ACCEPTED]),
    )
    .exists()
)


def note_news(connection: Connection, report_id: UUID, at: datetime) -> None:
    """The reporter could see something new; nothing happens if they want no notices."""
    connection.execute(update(NoticeRow).where(NoticeRow.report_id == report_id).values(news_at=at))


def untold(connection: Connection, written_before: datetime, limit: int) -> Sequence[UUID]:
    """Reports with news, none of whose letters waits or was written since; kept from others."""
    return connection.scalars(
        select(NoticeRow.report_id)
        .where(
            NoticeRow.news_at.is_not(None),
            or_(NoticeRow.written_at.is_(None), NoticeRow.written_at <= written_before),
            ~_LETTER_WAITS,
        )
        .order_by(NoticeRow.news_at, NoticeRow.report_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def mark_told(connection: Connection, report_ids: Collection[UUID], at: datetime) -> None:
    """Letters about the news of these reports are in the outbox."""
    connection.execute(
        update(NoticeRow)
        .where(NoticeRow.report_id.in_(report_ids))
        .values(news_at=None, written_at=at)
    )


def wanted(connection: Connection, report_id: UUID) -> bool:
    """Whether the reporter is to be told of news."""
    found = select(NoticeRow.report_id).where(NoticeRow.report_id == report_id)
    return connection.scalar(found) is not None


def erase(connection: Connection, report_id: UUID, at: datetime) -> None:
    """Erase the address for good."""
    erase_rows(connection, NoticeRow, NoticeRow.report_id == report_id, at=at)


def purge(connection: Connection, created_before: datetime, at: datetime) -> int:
    """Erase old addresses, and those of reports that nobody has in hand once the last letter went.

    How many there were.
    """
    done = and_(NoticeRow.news_at.is_(None), ~_LETTER_WAITS, ~_IN_HAND)
    old = NoticeRow.created_at < created_before
    return erase_rows(connection, NoticeRow, or_(old, done), at=at)
