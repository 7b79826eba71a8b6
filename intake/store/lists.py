"""Lists of referrals and of deadlines, a page at a time.

Each statement walks an index of each agency from where the page begins to its last row. A place is
that row's own values, so that rows which come and go meanwhile move nobody else off the pages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    String,
    Subquery,
    Uuid,
    bindparam,
    case,
    desc,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from intake.domain.referral import DONE, OPEN
from intake.store.columns import AnyRow, Instant
from intake.store.people_tables import PersonRow
from intake.store.tables import DeadlineRow, ReferralRow

EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_GREATEST = UUID(int=2**128 - 1)


class Part(IntEnum):
    """The parts of an inbox, in their order, and what each is sorted by."""

    PRESSING = 1
    """Open, by the earliest deadline that is running."""
    WAITING = 2
    """Open without a running deadline, by its last move, the longest ago first."""
    DONE = 3
    """Not open any more, the latest move first."""


@dataclass(frozen=True)
class Place:
    """Where a row stands in a list; the next page begins after it."""

    part: Part
    at: datetime
    key: UUID


@dataclass(frozen=True)
class Span:
    """Due after ``since`` and not after ``until``."""

    since: datetime = EVER[0]
    until: datetime = EVER[1]


ANY_TIME = Span()
_RUNNING = DeadlineRow.met_at.is_(None)
_MOST: BindParameter[int] = bindparam("most")
_Statement = Select[*tuple[Any, ...]]
_Text = BindParameter[str]


def _place(*columns: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """A row's place, and the one that was asked for."""
    asked = bindparam("at", type_=Instant), bindparam("key", type_=Uuid())
    return tuple_(*columns), tuple_(*asked)


def _first_running(referral_id: Any, agency: _Text) -> ScalarSelect[UUID]:
    """A referral's earliest running deadline. As a value it cannot be joined in another order."""
    deadline = aliased(DeadlineRow)
    return (
        select(deadline.id)
        .where(
            deadline.referral_id == referral_id,
            deadline.agency_id == agency,
            deadline.met_at.is_(None),
        )
        .order_by(deadline.due_at, deadline.id)
        .limit(1)
        .scalar_subquery()
    )


def _running(agency: _Text, *more: Any) -> _Statement:
    place, asked = _place(DeadlineRow.due_at, DeadlineRow.id)
    return (
        select(DeadlineRow.due_at.label("at"), DeadlineRow.id.label("key"), *more)
        .where(
            DeadlineRow.agency_id == agency,
            _RUNNING,
            place > asked,
            DeadlineRow.due_at <= bindparam("until", type_=Instant),
        )
        .order_by(DeadlineRow.due_at, DeadlineRow.id)
    )


_SHUT: BindParameter[list[UUID]] = bindparam("shut", expanding=True)


def _pressing(agency: _Text, states: Sequence[_Text]) -> _Statement:
    state = select(ReferralRow.state).where(
        ReferralRow.id == DeadlineRow.referral_id, ReferralRow.agency_id == agency
    )
    return _running(agency, DeadlineRow.referral_id).where(
        DeadlineRow.id == _first_running(DeadlineRow.referral_id, agency),
        state.scalar_subquery().in_(states),
    )


def _waiting(agency: _Text, state: _Text) -> _Statement:
    place, asked = _place(ReferralRow.moved_at, ReferralRow.id)
    return (
        _referrals(agency, state)
        .where(place > asked, _first_running(ReferralRow.id, agency).is_(None))
        .order_by(ReferralRow.moved_at, ReferralRow.id)
    )


def _done(agency: _Text, state: _Text) -> _Statement:
    place, asked = _place(ReferralRow.moved_at, ReferralRow.id)
    return (
        _referrals(agency, state)
        .where(place < asked)
        .order_by(ReferralRow.moved_at.desc(), ReferralRow.id.desc())
    )


def _referrals(agency: _Text, state: _Text) -> _Statement:
    return select(
        ReferralRow.moved_at.label("at"),
        ReferralRow.id.label("key"),
        ReferralRow.id.label("referral_id"),
    ).where(ReferralRow.agency_id == agency, ReferralRow.state == state)


def _first_of(
    walks: Sequence[_Statement], *, latest_first: bool = False
) -> tuple[Subquery, Sequence[Any]]:
    """The first rows of these walks together, and their order: no more are read of any of them."""
    together = union_all(*(select(walk.limit(_MOST).subquery()) for walk in walks))
    order: list[Any] = [desc(name) if latest_first else name for name in ("at", "key")]
    page = together.order_by(*order).limit(_MOST).subquery("page")
    return page, [c.desc() if latest_first else c for c in (page.c.at, page.c.key)]


def _named(name: str, count: int) -> list[_Text]:
    return [bindparam(f"{name}_{number}", type_=String()) for number in range(count)]


def _walks(part: Part, agencies: Sequence[_Text], states: Sequence[_Text]) -> list[_Statement]:
    if part is Part.PRESSING:
        return [_pressing(agency, states) for agency in agencies]
    walk = _waiting if part is Part.WAITING else _done
    return [walk(agency, state) for agency in agencies for state in states]


@cache
def _inbox(part: Part, agencies: int, states: int, some_shut: bool) -> _Statement:
    walks = _walks(part, _named("agency", agencies), _named("state", states))
    if some_shut:
        own = DeadlineRow.referral_id if part is Part.PRESSING else ReferralRow.id
        walks = [walk.where(own.not_in(_SHUT)) for walk in walks]
    page, order = _first_of(walks, latest_first=part is Part.DONE)
    return (
        select(
            ReferralRow.id,
            ReferralRow.agency_id,
            ReferralRow.reference,
            ReferralRow.state,
            ReferralRow.arrived_at,
            ReferralRow.opened_at,
            ReferralRow.moved_at,
            PersonRow.name.label("worker_name"),
            (page.c.at if part is Part.PRESSING else null()).label("due_at"),
            literal(int(part)).label("part"),
            page.c.at,
            page.c.key,
        )
        .join(page, page.c.referral_id == ReferralRow.id)
        .join(PersonRow, PersonRow.id == ReferralRow.worker_id, isouter=True)
        .order_by(*order)
    )


@cache
def _watched(agencies: int, of_one_clock: bool, some_shut: bool) -> _Statement:
    walks = [_running(agency) for agency in _named("agency", agencies)]
    if some_shut:
        walks = [walk.where(DeadlineRow.referral_id.not_in(_SHUT)) for walk in walks]
    if of_one_clock:
        walks = [walk.where(DeadlineRow.clock == bindparam("clock")) for walk in walks]
    page, order = _first_of(walks)
    return (
        select(
            DeadlineRow.agency_id,
            DeadlineRow.clock,
            DeadlineRow.due_on,
            DeadlineRow.due_extended_on,
            DeadlineRow.next_chase_at,
            case((DeadlineRow.next_chase_at.is_not(None), DeadlineRow.steps)).label("steps"),
            ReferralRow.reference,
            ReferralRow.state,
            ReferralRow.opened_at,
            literal(int(Part.PRESSING)).label("part"),
            page.c.at,
            page.c.key,
        )
        .join(page, page.c.key == DeadlineRow.id)
        .join(ReferralRow, ReferralRow.id == DeadlineRow.referral_id)
        .order_by(*order)
    )


def inbox(
    connection: Connection,
    agencies: Collection[str],
    states: Collection[str],
    limit: int,
    shut: Collection[UUID],
    span: Span = ANY_TIME,
    after: Place | None = None,
) -> list[AnyRow]:
    """Referrals after a place, part by part; those with a deadline in the span alone if one is set.
    None of those that are ``shut`` to the reader.

    ``due_at``: the earliest deadline that is running, None without one. ``part``, ``at`` and
    ``key`` are the row's place.
    """
    rows: list[AnyRow] = []
    for part in Part:
        asked = [state for state in states if state in (DONE if part is Part.DONE else OPEN)]
        passed = after is not None and part < after.part
        if passed or not (agencies and asked) or (span != ANY_TIME and part is not Part.PRESSING):
            continue
        values = _values(agencies, limit - len(rows), span, _start(part, span, after))
        values |= {f"state_{number}": state for number, state in enumerate(asked)}
        if shut:
            values["shut"] = list(shut)
        rows += connection.execute(_inbox(part, len(agencies), len(asked), bool(shut)), values)
        if len(rows) == limit:
            break
    return rows


def watched(
    connection: Connection,
    agencies: Collection[str],
    limit: int,
    shut: Collection[UUID],
    span: Span = ANY_TIME,
    after: Place | None = None,
    clock: str | None = None,
) -> Sequence[AnyRow]:
    """Running deadlines of these agencies without any content, the most pressing first; none of
    referrals that are ``shut`` to the reader.

    ``clock``: those of this one alone.

    ``steps``: None where none is left to come. ``key`` is the id, ``at`` the instant at which it is
    over; with ``part`` they are its place.
    """
    if not agencies:
        return ()
    values = _values(agencies, limit, span, _start(Part.PRESSING, span, after))
    if clock is not None:
        values["clock"] = clock
    if shut:
        values["shut"] = list(shut)
    statement = _watched(len(agencies), clock is not None, bool(shut))
    return connection.execute(statement, values).all()


def _start(part: Part, span: Span, after: Place | None) -> tuple[datetime, UUID]:
    """The place after which a part's rows are asked for."""
    first = (EVER[1] if part is Part.DONE else span.since, _GREATEST)
    if after is None or after.part is not part:
        return first
    return (after.at, after.key) if part is Part.DONE else max(first, (after.at, after.key))


def _values(
    agencies: Collection[str], most: int, span: Span, start: tuple[datetime, UUID]
) -> dict[str, Any]:
    at, key = start
    named = {f"agency_{number}": agency for number, agency in enumerate(sorted(agencies))}
    return {**named, "most": most, "until": span.until, "at": at, "key": key}
