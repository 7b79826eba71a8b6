"""Counts that must agree: what was sent, what is stored, and where it is.

What came on a day is found by the keys of its rows, which begin with the instant. All of it is
counted without reading anything that is sealed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased

from intake.domain.referral import OPEN, State
from intake.domain.row_id import least_id
from intake.domain.trail import Action
from intake.store.canaries import THERE
from intake.store.columns import AnyRow
from intake.store.tables import (
    UNCHASED,
    DeadlineRow,
    DecisionRow,
    ReceiptRow,
    ReferralRow,
    ReportRow,
    SectionRow,
    TrailRow,
    WrapRow,
)
from intake.store.watch_tables import WHOLE, ReconciliationRow

_SENDING = (Action.SEND, Action.DISCLOSE)
"""What the trail says of each referral that is made: a reporter's, and one sent on by an agency."""


@dataclass(frozen=True)
class Counts:
    """What came to an agency on a day, or of ``WHOLE`` reports in all."""

    agency_id: str
    sent: int = 0
    stored: int = 0
    routed: int = 0
    opened: int = 0
    chased: int = 0
    moved: int = 0
    lost: int = 0

    @property
    def differ(self) -> bool:
        """Whether something that was sent is not where it must be."""
        found = self.opened + self.chased + self.moved
        return self.lost > 0 or not self.sent == self.stored == self.routed == found


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(case((condition, 1), else_=0), Integer)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(_number(condition)), 0)


def _whole(report_id: Any, sections: int) -> ColumnElement[bool]:
    """Whether a report is all there: itself, its parts, its decision and its receipt.

    The columns are named also where only rows are looked for: the jobs may read no others.
    """
    parts = select(func.count()).where(SectionRow.report_id == report_id).scalar_subquery()
    stored = aliased(ReportRow)
    return and_(
        select(stored.id).where(stored.id == report_id).exists(),
        select(DecisionRow.report_id).where(DecisionRow.report_id == report_id).exists(),
        select(ReceiptRow.report_id).where(ReceiptRow.report_id == report_id).exists(),
        or_(parts == sections, stored_whole_once(report_id)),
    )


def stored_whole_once(report_id: Any) -> ColumnElement[bool]:
    """Whether the content of a report has been deleted because it had had its time."""
    gone = aliased(ReportRow)
    return (
        select(gone.id).where(gone.id == report_id, gone.content_deleted_at.is_not(None)).exists()
    )


_OPENED = or_(ReferralRow.opened_at.is_not(None), ReferralRow.state == State.ACCEPTED)
_GONE = and_(not_(_OPENED), ReferralRow.state.not_in(sorted(OPEN)))
_WAITS = and_(ReferralRow.opened_at.is_(None), ReferralRow.state == State.SENT)
_CHASED = (
    select(DeadlineRow.id)
    .where(
        DeadlineRow.referral_id == ReferralRow.id,
        DeadlineRow.met_at.is_(None),
        DeadlineRow.next_chase_at.is_not(None),
    )
    .exists()
)
_WRAPPED = or_(
    ReferralRow.state == State.WITHDRAWN,  # its wrap was taken back
    stored_whole_once(ReferralRow.report_id),
    select(WrapRow.referral_id)
    .where(
        WrapRow.referral_id == ReferralRow.id,
        WrapRow.purpose == "recipient",
        WrapRow.agency_id == ReferralRow.agency_id,
    )
    .exists(),
)
_UNCHASED = select(DeadlineRow.referral_id).where(text(UNCHASED))


def of_agencies(
    connection: Connection, since: datetime, until: datetime, sections: int
) -> dict[str, Counts]:
    """By agency the referrals made between two instants; ``sections``: of a whole report."""
    told = connection.execute(
        select(TrailRow.agency_id, func.count().label("sent"))
        .where(TrailRow.at >= since, TrailRow.at < until, TrailRow.action.in_(_SENDING))
        .group_by(TrailRow.agency_id)
    )
    sent = {row.agency_id: row.sent for row in told}
    each = (
        select(
            ReferralRow.agency_id,
            _number(_whole(ReferralRow.report_id, sections)).label("stored"),
            _number(_WRAPPED).label("routed"),
            _number(_OPENED).label("opened"),
            _number(_GONE).label("moved"),
            _number(and_(_WAITS, _CHASED)).label("chased"),
            _number(and_(_WAITS, not_(_CHASED))).label("lost"),
        )
        .where(
            ReferralRow.id >= least_id(since),
            ReferralRow.id < least_id(until),
            ReferralRow.state != State.CANARY,
        )
        .subquery()
    )
    names = ("stored", "routed", "opened", "chased", "moved", "lost")
    summed = (func.sum(each.c[name]).label(name) for name in names)
    rows = connection.execute(select(each.c.agency_id, *summed).group_by(each.c.agency_id))
    found = {row.agency_id: {name: getattr(row, name) for name in names} for row in rows}
    return {
        agency: Counts(agency, sent.get(agency, 0), **found.get(agency, {}))
        for agency in sorted(sent.keys() | found.keys())
    }


def of_reports(connection: Connection, since: datetime, until: datetime, sections: int) -> Counts:
    """The reports made between two instants: by their receipts, and as they are stored."""
    first, end = least_id(since), least_id(until)
    sent = connection.scalar(
        select(func.count()).where(
            ReceiptRow.report_id >= first,
            ReceiptRow.report_id < end,
            ReceiptRow.report_id.not_in(THERE),
        )
    )
    at_agencies = (
        select(
            ReferralRow.report_id,
            func.max(_number(and_(_WRAPPED, ReferralRow.state != State.WITHDRAWN))).label("routed"),
            func.max(_number(_OPENED)).label("opened"),
            func.max(_number(and_(_WAITS, _CHASED))).label("chased"),
            func.max(_number(_WAITS)).label("waits"),
        )
        .where(ReferralRow.report_id >= first, ReferralRow.report_id < end)
        .group_by(ReferralRow.report_id)
        .subquery()
    )
    at = at_agencies.c
    unopened = and_(at.opened == 0, at.chased == 0)
    row = connection.execute(
        select(
            _count(_whole(ReportRow.id, sections)).label("stored"),
            _count(at.routed == 1).label("routed"),
            _count(at.opened == 1).label("opened"),
            _count(and_(at.opened == 0, at.chased == 1)).label("chased"),
            _count(and_(unopened, at.waits == 0)).label("moved"),
            _count(or_(at.report_id.is_(None), and_(unopened, at.waits == 1))).label("lost"),
        )
        .select_from(ReportRow)
        .join(at_agencies, at.report_id == ReportRow.id, isouter=True)
        .where(ReportRow.id >= first, ReportRow.id < end, ReportRow.id.not_in(THERE))
    ).one()
    return Counts(WHOLE, sent or 0, **row._asdict())


def lost(connection: Connection, agencies: Collection[str] | None = None) -> Sequence[AnyRow]:
    """Referrals of any age, of these agencies or of all, that nobody has opened and that nothing
    chases any more, the first that came first. Read are those alone whose last chase step is past.
    """
    statement = (
        select(
            ReferralRow.id,
            ReferralRow.agency_id,
            ReferralRow.reference,
            ReferralRow.arrived_at,
        )
        .where(ReferralRow.id.in_(_UNCHASED), _WAITS, not_(_CHASED))
        .order_by(ReferralRow.arrived_at, ReferralRow.id)
    )
    if agencies is not None:
        statement = statement.where(ReferralRow.agency_id.in_(sorted(agencies)))
    return connection.execute(statement).all()


def keep(connection: Connection, day: date, counts: Collection[Counts], at: datetime) -> None:
    """Put these counts in place of those that the day had; IntegrityError where another does."""
    connection.execute(delete(ReconciliationRow).where(ReconciliationRow.day == day))
    rows = [vars(one) | {"day": day, "checked_at": at} for one in counts]
    if rows:
        connection.execute(insert(ReconciliationRow), rows)


def kept(connection: Connection, agencies: Collection[str], since: date) -> Sequence[AnyRow]:
    """The counts of these agencies for each day since, the last day first."""
    return connection.execute(
        select(ReconciliationRow.__table__)
        .where(ReconciliationRow.day >= since, ReconciliationRow.agency_id.in_(sorted(agencies)))
        .order_by(ReconciliationRow.day.desc(), ReconciliationRow.agency_id)
    ).all()


_FOUND = ReconciliationRow.opened + ReconciliationRow.chased + ReconciliationRow.moved
_DIFFER = or_(
    ReconciliationRow.lost > 0,
    ReconciliationRow.sent != ReconciliationRow.stored,
    ReconciliationRow.sent != ReconciliationRow.routed,
    ReconciliationRow.sent != _FOUND,
)


def agreed_days(connection: Connection, since: date) -> dict[date, datetime]:
    """The days since on which nothing differed when they were last counted, and when that was."""
    differing = select(ReconciliationRow.day).where(ReconciliationRow.day >= since, _DIFFER)
    rows = connection.execute(
        select(ReconciliationRow.day, ReconciliationRow.checked_at).where(
            ReconciliationRow.day >= since,
            ReconciliationRow.agency_id == WHOLE,
            ReconciliationRow.day.not_in(differing),
        )
    )
    return {row.day: row.checked_at for row in rows}


def count_differing(connection: Connection, since: date) -> int:
    """How many rows of the days since differ."""
    differing = select(func.count()).where(ReconciliationRow.day >= since, _DIFFER)
    return connection.scalar(differing) or 0


def last_checked(connection: Connection) -> datetime | None:
    """When a day was last counted."""
    return connection.scalar(select(func.max(ReconciliationRow.checked_at)))


def purge(connection: Connection, before: date) -> None:
    """Forget the days before."""
    connection.execute(delete(ReconciliationRow).where(ReconciliationRow.day < before))


def counts_of(row: AnyRow) -> Counts:
    """A row as it is counted with."""
    named = row._asdict()
    return Counts(**{field.name: named[field.name] for field in fields(Counts)})
