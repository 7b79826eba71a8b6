"""Deadlines: the dated examples of the field, counted day by day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.domain.calendar import CalendarTooShort, load_calendar
from intake.domain.clock import Clock, ClockInvalid, Kind
from intake.domain.deadline import (
    ArrivalUnreadable,
    Certificate,
    Why,
    certify,
    local_date,
    parse_arrival,
)
from intake.domain.message import Message

CALENDAR = load_calendar()
START: dict[str, object] = {
    "id": "lsl26_start",
    "title": {"fi": "Arviointi aloitettava", "sv": "Bedömningen ska inledas", "en": "Start"},
    "law": "lastensuojelulaki 417/2007 §26",
    "kind": "working_days",
    "count": 7,
    "met_by": ["assessment_started", "assessment_not_needed", "already_client"],
    "valid_from": "2023-01-01",
}


def clock(kind: str = "working_days", count: int = 7, **more: object) -> Clock:
    return Clock.parse({**START, "kind": kind, "count": count, **more})


def certificate(arrival: str, kind: str = "working_days", count: int = 7) -> Certificate:
    return certify(clock(kind, count), parse_arrival(arrival), CALENDAR)


def told(certificate: Certificate) -> list[str]:
    return [
        f"{day.date:%d.%m.} {day.why} {day.number or ''}{day.name['en'] if day.name else ''}"
        for day in certificate.days
    ]


@pytest.mark.parametrize(
    ("arrival", "due", "extended"),
    [
        ("2026-06-02", "2026-06-11", "2026-06-11"),
        ("2026-04-30", "2026-05-12", "2026-05-12"),
        ("2026-06-10", "2026-06-19", "2026-06-22"),
        # Christmas: the eve counts, Christmas Day to Sunday the 27th do not
        ("2026-12-18", "2026-12-30", "2026-12-30"),
        ("2026-12-15", "2026-12-24", "2026-12-28"),
        # New Year's Day and Epiphany
        ("2026-12-29", "2027-01-11", "2027-01-11"),
        # Good Friday and Easter Monday
        ("2026-03-31", "2026-04-13", "2026-04-13"),
        # Saturday and Sunday arrivals begin to count on the Monday, as a Friday's does
        ("2026-06-05", "2026-06-16", "2026-06-16"),
        ("2026-06-06", "2026-06-16", "2026-06-16"),
        ("2026-06-07", "2026-06-16", "2026-06-16"),
    ],
)
def test_seven_working_days_end_on_the_day_that_the_law_gives(
    arrival: str, due: str, extended: str
) -> None:
    made = certificate(arrival)
    assert (made.due.isoformat(), made.due_extended.isoformat()) == (due, extended)


def test_a_certificate_names_every_day_and_why_it_was_skipped() -> None:
    assert told(certificate("2026-04-30")) == [
        "30.04. arrival ",
        "01.05. holiday May Day",
        "02.05. weekend Saturday",
        "03.05. weekend Sunday",
        *(f"{n + 3:02}.05. counted {n}" for n in range(1, 6)),
        "09.05. weekend Saturday",
        "10.05. weekend Sunday",
        "11.05. counted 6",
        "12.05. counted 7",
    ]


def test_an_eve_that_moves_the_last_day_is_counted_and_named() -> None:
    assert told(certificate("2026-06-10"))[-4:] == [
        "19.06. counted 7Midsummer Eve",
        "20.06. holiday Midsummer Day",
        "21.06. weekend Sunday",
        "22.06. extended ",
    ]


def test_an_eve_within_the_count_moves_nothing() -> None:
    made = certificate("2026-06-11")
    assert (made.due, made.due_extended) == (date(2026, 6, 22), date(2026, 6, 22))
    assert "19.06. counted 6" in told(made)


@pytest.mark.parametrize(
    ("arrival", "months", "due", "extended"),
    [
        ("2026-06-02", 3, "2026-09-02", "2026-09-02"),
        ("2026-11-30", 3, "2027-02-28", "2027-03-01"),
        ("2027-11-30", 3, "2028-02-29", "2028-02-29"),
        ("2026-08-31", 3, "2026-11-30", "2026-11-30"),
        ("2026-09-24", 3, "2026-12-24", "2026-12-28"),
        ("2026-09-06", 3, "2026-12-06", "2026-12-07"),
        ("2027-09-06", 3, "2027-12-06", "2027-12-07"),
        ("2028-02-01", 3, "2028-05-01", "2028-05-02"),
        ("2026-12-31", 12, "2027-12-31", "2027-12-31"),
        # Saturday 23 December: over Sunday's eve and both Christmas days
        ("2028-09-23", 3, "2028-12-23", "2028-12-27"),
    ],
)
def test_months_end_on_the_same_numbered_day_or_the_months_last(
    arrival: str, months: int, due: str, extended: str
) -> None:
    made = certificate(arrival, "months", months)
    assert (made.due.isoformat(), made.due_extended.isoformat()) == (due, extended)
    assert made.days[0].date == date.fromisoformat(arrival)


@pytest.mark.parametrize(
    ("arrival", "day", "due"),
    [
        ("2026-06-02T23:59", "2026-06-02", "2026-06-11"),
        ("2026-06-03T00:01", "2026-06-03", "2026-06-12"),
        # 21:01 UTC is already the next day in summer time, 21:59 UTC in winter not yet
        ("2026-06-02T21:01Z", "2026-06-03", "2026-06-12"),
        ("2026-01-12T21:59Z", "2026-01-12", "2026-01-21"),
        ("2026-01-12T22:00Z", "2026-01-13", "2026-01-22"),
    ],
)
def test_the_local_day_of_arrival_is_day_zero(arrival: str, day: str, due: str) -> None:
    made = certificate(arrival)
    assert (made.days[0].date.isoformat(), made.due.isoformat()) == (day, due)


@pytest.mark.parametrize(
    ("arrival", "kind", "count", "due_at"),
    [
        ("2026-03-28T10:00", "same_day", 0, "2026-03-28T22:00+00:00"),
        ("2026-03-29T10:00", "same_day", 0, "2026-03-29T21:00+00:00"),
        ("2026-10-24T10:00", "same_day", 0, "2026-10-24T21:00+00:00"),
        ("2026-10-25T10:00", "same_day", 0, "2026-10-25T22:00+00:00"),
        ("2026-03-27T10:00", "working_days", 1, "2026-03-30T21:00+00:00"),
        ("2026-10-23T10:00", "working_days", 1, "2026-10-26T22:00+00:00"),
        ("2026-03-28T10:00", "hours", 24, "2026-03-29T08:00+00:00"),
        ("2026-10-24T10:00", "hours", 24, "2026-10-25T07:00+00:00"),
    ],
)
def test_a_deadline_ends_at_local_midnight_also_when_clocks_change(
    arrival: str, kind: str, count: int, due_at: str
) -> None:
    assert certificate(arrival, kind, count).due_at == datetime.fromisoformat(due_at)


def test_hours_run_through_nights_and_weekends() -> None:
    made = certificate("2026-06-05T22:30", "hours", 24)
    assert made.due == made.due_extended == date(2026, 6, 6)
    assert [day.why for day in made.days] == [Why.BY_THE_HOUR] * 2


def test_the_same_day_is_the_day_of_arrival_also_on_a_sunday() -> None:
    made = certificate("2026-06-07T23:59", "same_day", 0)
    assert made.due == made.due_extended == date(2026, 6, 7)
    assert [(day.why, day.counts) for day in made.days] == [(Why.SAME_DAY, True)]


def test_a_report_for_today_goes_by_the_clocks_own_rule_for_today() -> None:
    accept = clock(count=2, today={"kind": "same_day"})
    arrival = parse_arrival("2026-06-02T10:00")
    assert certify(accept, arrival, CALENDAR).due == date(2026, 6, 4)
    urgent = certify(accept, arrival, CALENDAR, today=True)
    assert (urgent.due, urgent.rule.kind) == (date(2026, 6, 2), Kind.SAME_DAY)
    assert certify(clock(), arrival, CALENDAR, today=True).due == date(2026, 6, 11)


def test_school_days_skip_school_holidays_and_name_them() -> None:
    made = certificate("2026-02-12", "school_days")
    assert made.due == date(2026, 3, 2)
    assert "18.02. school_holiday winter holiday" in told(made)
    summer = certificate("2026-05-28", "school_days")
    assert summer.due == date(2026, 8, 17)
    assert "30.05. counted 2" in told(summer)


def test_a_last_school_saturday_is_extended_to_the_next_working_day() -> None:
    made = certificate("2026-05-28", "school_days", 2)
    assert (made.due, made.due_extended) == (date(2026, 5, 30), date(2026, 6, 1))


@pytest.mark.parametrize(
    ("arrival", "kind", "count"),
    [
        ("2019-12-31T12:00", "working_days", 7),
        ("2040-12-28T12:00", "working_days", 7),
        ("2040-11-30T12:00", "months", 3),
        ("2040-12-31T12:00", "hours", 24),
        ("2041-01-01T12:00", "same_day", 0),
        ("2029-05-31T12:00", "school_days", 7),
        ("9999-12-31T12:00", "months", 12),
    ],
)
def test_a_deadline_beyond_the_calendar_is_refused(arrival: str, kind: str, count: int) -> None:
    with pytest.raises(CalendarTooShort):
        certificate(arrival, kind, count)


def test_an_arrival_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        certify(clock(), datetime(2026, 6, 2), CALENDAR)  # noqa: DTZ001 (the mistake under test)


DAYS = st.dates(date(2020, 1, 1), date(2039, 12, 31))
SCHOOL_DAYS = st.dates(date(2025, 8, 1), date(2029, 4, 1))


@settings(deadline=None)
@given(st.one_of(DAYS), st.integers(1, 60))
def test_working_days_count_exactly_as_many_days_as_the_clock_gives(day: date, count: int) -> None:
    made = certificate(f"{day}T12:00", "working_days", count)
    counted = [d for d in made.days if d.counts]
    assert [d.number for d in counted] == list(range(1, count + 1))
    assert counted[-1].date == made.due
    assert all(CALENDAR.is_working_day(d.date) for d in counted)
    holds(made, day)


@settings(deadline=None)
@given(SCHOOL_DAYS, st.integers(1, 20))
def test_school_days_count_exactly_as_many_days_as_the_clock_gives(day: date, count: int) -> None:
    made = certificate(f"{day}T12:00", "school_days", count)
    counted = [d for d in made.days if d.counts]
    assert [d.number for d in counted] == list(range(1, count + 1))
    assert all(CALENDAR.is_school_day(d.date) for d in counted)
    holds(made, day)


@settings(deadline=None)
@given(DAYS, st.integers(1, 11))
def test_months_keep_the_day_of_the_month_or_its_last(day: date, count: int) -> None:
    made = certificate(f"{day}T12:00", "months", count)
    assert (made.due.year * 12 + made.due.month) - (day.year * 12 + day.month) == count
    assert made.due.day == day.day or (made.due + timedelta(days=1)).day == 1
    holds(made, day)


def holds(made: Certificate, arrival: date) -> None:
    """What is true of every deadline in days: no gap, never early, extended only off §5's days."""
    dates = [day.date for day in made.days]
    assert dates == [arrival + timedelta(days=n) for n in range(len(dates))]
    assert made.arrival < made.due_at
    assert arrival < made.due <= made.due_extended == dates[-1]
    assert CALENDAR.why_moved(made.due_extended) is None
    assert all(CALENDAR.why_moved(d) for d in dates if made.due <= d < made.due_extended)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2020, 1, 2), datetime(2039, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 100),
)
def test_hours_are_elapsed_hours(arrival: datetime, count: int) -> None:
    made = certify(clock("hours", count), arrival, CALENDAR)
    assert made.due_at - arrival == timedelta(hours=count)
    assert made.days[-1].date == made.due == local_date(made.due_at)


def test_a_certificate_is_plain_json() -> None:
    made = certify(clock(), parse_arrival("2026-06-10T10:42"), CALENDAR)
    read = json.loads(json.dumps(made.to_json()))
    assert read == made.to_json()
    days = read.pop("days")
    assert read == {
        "clock": "lsl26_start",
        "kind": "working_days",
        "count": 7,
        "arrival": "2026-06-10T10:42:00+03:00",
        "due": "2026-06-19",
        "due_extended": "2026-06-22",
        "due_at": "2026-06-20T00:00:00+03:00",
        "law": "lastensuojelulaki 417/2007 §26",
        "calendar": CALENDAR.version,
    }
    assert days[0] == {"date": "2026-06-10", "counts": False, "why": "arrival"}
    assert days[1] == {"date": "2026-06-11", "counts": True, "why": "counted", "number": 1}
    assert days[10]["name"]["sv"] == "Midsommardagen"


def test_each_day_says_in_a_language_what_it_is() -> None:
    days = certificate("2026-04-30").days
    skipped = Message("Public holiday (%(name)s): does not count", {"name": "Första maj"})
    assert days[1].message("sv") == skipped
    assert days[-1].message("fi") == Message("Day %(number)s", {"number": 7})
    assert days[0].message("fi").params == {}


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-06-02", "2026-06-01T21:00+00:00"),
        (" 2026-06-02T10:42 ", "2026-06-02T07:42+00:00"),
        ("2026-06-02T10:42:00+01:00", "2026-06-02T09:42+00:00"),
        ("2026-10-25T03:30", "2026-10-25T00:30+00:00"),
    ],
)
def test_an_arrival_is_read_as_local_time_unless_it_says_otherwise(text: str, utc: str) -> None:
    assert parse_arrival(text) == datetime.fromisoformat(utc)
    assert parse_arrival(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2.6.2026", "2026-02-30", "0001-01-01", "2026-06"]
)
def test_an_unreadable_arrival_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ArrivalUnreadable, match="is not a date such as 2026-06-02"):
        parse_arrival(text)


def test_a_local_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(ArrivalUnreadable, match="does not exist"):
        parse_arrival("2026-03-29T03:30")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": ""}, "has no id"),
        ({"title": {"fi": "Aloitus"}}, "title needs fi and sv"),
        ({"kind": "working_day"}, "clock lsl26_start: kind must be one of same_day, working_days"),
        ({"count": 0}, r"count of working_days must be 1\.\.60, not 0"),
        ({"count": True}, "not True"),
        ({"met_by": []}, "met_by must list"),
        ({"law": 26}, "law must be text"),
        ({"today": "same_day"}, "today must be a table"),
        ({"today": {"kind": "same_day", "count": 2}}, r"count of same_day must be 0\.\.0"),
        ({"valid_to": "2026-13-01"}, "valid_to must be a date"),
    ],
)
def test_a_wrong_clock_is_refused_by_name(change: dict[str, object], problem: str) -> None:
    with pytest.raises(ClockInvalid, match=problem):
        Clock.parse({**START, **change})


def test_a_clock_keeps_what_the_rule_file_says() -> None:
    read = Clock.parse({**START, "valid_to": date(2030, 12, 31)})
    assert (read.kind, read.count) == (Kind.WORKING_DAYS, 7)
    assert (read.valid_from, read.valid_to) == (date(2023, 1, 1), date(2030, 12, 31))
    assert read.met_by == ("assessment_started", "assessment_not_needed", "already_client")
    assert hash(read) == hash(Clock.parse({**START, "valid_to": "2030-12-31"}))
