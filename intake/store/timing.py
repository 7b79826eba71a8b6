"""How long agencies took, as counts by agency, month and bucket."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, Connection, ForeignKey, String, Table, bindparam, func, select
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.timing import What
from intake.store.columns import AnyRow
from intake.store.tables import Base
from intake.store.writing import count_one


class TimingRow(Base):
    """How many referrals took an agency as long as the bucket says, by the month (YYYY-MM in
    Helsinki) in which that was recorded. Counted in the transaction of the move.
    """

    __tablename__ = "timing"

    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    what: Mapped[str] = mapped_column(String(8), primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]


def count_referral(
    connection: Connection, agency_id: str, month: str, what: What, bucket: int
) -> None:
    """One more referral in this bucket."""
    key: dict[str, Any] = {"agency_id": agency_id, "month": month, "what": what, "bucket": bucket}
    count_one(connection, cast(Table, TimingRow.__table__), key)


_AGENCIES: BindParameter[list[str]] = bindparam("agencies", expanding=True)
_MONTHS: BindParameter[list[str]] = bindparam("months", expanding=True)
_COUNTED = func.sum(TimingRow.count).label("referrals")


def by_agency(
    connection: Connection, agencies: Collection[str], months: Collection[str]
) -> Sequence[AnyRow]:
    """``referrals`` of each of these agencies by what and bucket, of these months together."""
    return _sums(connection, TimingRow.agency_id, agencies, months)


def by_month(
    connection: Connection, agencies: Collection[str], months: Collection[str]
) -> Sequence[AnyRow]:
    """``referrals`` of each of these months by what and bucket, of these agencies together."""
    return _sums(connection, TimingRow.month, agencies, months)


def by_agency_and_month(
    connection: Connection, agencies: Collection[str], months: Collection[str]
) -> Sequence[AnyRow]:
    """``referrals`` of each agency in each month by what and bucket."""
    return connection.execute(
        select(
            TimingRow.agency_id,
            TimingRow.month,
            TimingRow.what,
            TimingRow.bucket,
            TimingRow.count.label("referrals"),
        ).where(TimingRow.agency_id.in_(_AGENCIES), TimingRow.month.in_(_MONTHS)),
        {"agencies": sorted(agencies), "months": sorted(months)},
    ).all()


def _sums(
    connection: Connection, of: Any, agencies: Collection[str], months: Collection[str]
) -> Sequence[AnyRow]:
    return connection.execute(
        select(of.label("name"), TimingRow.what, TimingRow.bucket, _COUNTED)
        .where(TimingRow.agency_id.in_(_AGENCIES), TimingRow.month.in_(_MONTHS))
        .group_by(of, TimingRow.what, TimingRow.bucket),
        {"agencies": sorted(agencies), "months": sorted(months)},
    ).all()
