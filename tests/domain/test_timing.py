"""How long agencies take: what is read from counts is what the lengths themselves say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain import timing
from intake.domain.referral import Move
from intake.domain.timing import Times, What, bucket_of, longest_in, percentile, shortest_in
from tests.site import Site

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LENGTHS = st.timedeltas(timedelta(), timedelta(days=200)) | st.integers(0, 4000).map(HOUR.__mul__)


@given(st.lists(LENGTHS, min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_read_from_counts_is_the_exact_one_within_its_bucket(
    lengths: list[timedelta], percent: int
) -> None:
    exact = sorted(lengths)[ceil(percent * len(lengths) / 100) - 1]
    found = percentile(Counter(map(bucket_of, lengths)), percent)
    assert found is not None
    assert found == bucket_of(exact)
    longest = longest_in(found)
    assert shortest_in(found) <= exact
    assert longest is None or exact < longest


@given(LENGTHS)
def test_a_length_is_known_to_the_hour_up_to_two_days_and_to_the_day_up_to_120(
    took: timedelta,
) -> None:
    bucket = bucket_of(took)
    longest = longest_in(bucket)
    if longest is None:
        assert took >= 120 * DAY
        assert bucket == timing.LONGEST
    else:
        assert longest - shortest_in(bucket) == (HOUR if took < 2 * DAY else DAY)


@pytest.mark.parametrize(
    ("took", "at_most"),
    [
        (timedelta(), HOUR),
        (HOUR - timedelta(microseconds=1), HOUR),
        (HOUR, 2 * HOUR),
        (48 * HOUR - timedelta(microseconds=1), 48 * HOUR),
        (48 * HOUR, 3 * DAY),
        (120 * DAY - timedelta(microseconds=1), 120 * DAY),
        (120 * DAY, None),
        (-HOUR, HOUR),  # a machine's clock that was put back
    ],
)
def test_a_bucket_ends_where_the_next_begins(took: timedelta, at_most: timedelta | None) -> None:
    assert longest_in(bucket_of(took)) == at_most


def test_buckets_leave_no_gap() -> None:
    for bucket in range(timing.LONGEST):
        assert longest_in(bucket) == shortest_in(bucket + 1)


@given(st.lists(LENGTHS, max_size=20), st.lists(LENGTHS, max_size=20))
def test_counts_of_two_months_add_up(one: list[timedelta], other: list[timedelta]) -> None:
    together = Counter(map(bucket_of, one)) + Counter(map(bucket_of, other))
    assert Times.of(together) == Times.of(Counter(map(bucket_of, one + other)))


def test_nothing_counted_has_no_median() -> None:
    assert Times.of({}) == Times(0, None, None)


def test_the_last_instant_of_a_month_is_one_in_helsinki() -> None:
    end = datetime(2026, 6, 30, 20, 59, 59, tzinfo=UTC)
    assert timing.month_of(end) == "2026-06"
    assert timing.month_of(end + timedelta(seconds=1)) == "2026-07"
    january = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    assert timing.month_of(january) == "2027-01"
    assert timing.months_until(january, 3) == ["2026-11", "2026-12", "2027-01"]
    assert timing.months_until(end, 12)[0] == "2025-07"


def test_accepting_is_timed_by_the_moves_that_meet_the_clock_of_that_name(site: Site) -> None:
    assert set(site.parts.clocks["accept"].met_by) == timing.ENDED_BY[What.ACCEPT]
    assert timing.ended_by(Move.CLOSE) is None
    assert len(set().union(*timing.ENDED_BY.values())) == sum(map(len, timing.ENDED_BY.values()))
