"""The half-year statistics: each assessment once, on its own day, in its own county."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from intake.domain.half_year import Kept, Period
from intake.domain.people import Membership, Role
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services.half_year import CountyNotYours, DayNotPossible, Figures, HalfYear
from intake.services.record import Entry
from intake.store import half_years, people
from intake.store.half_year_tables import HalfYearReportRow
from intake.store.people_tables import AgencyRow
from intake.store.tables import DeadlineRow, ReferralRow
from tests import databases
from tests.services.sending import at, clocks, hand_over, lines, man
from tests.site import COUNTY, DUTY, SOC, Site, worry_answers

SUMMER, WINTER = Period(date(2026, 4, 1)), Period(date(2026, 10, 1))
START, COMPLETE = "lsl26_start", "lsl26_complete"
OTHER_COUNTY = "county-keski-uusimaa"


def service(site: Site) -> HalfYear:
    """As the supervisor's door has it."""
    database = site.parts.database
    own = databases.of_role(database, "supervisor") if databases.has_roles() else database
    return HalfYear(own, site.parts.directory)


def figures(site: Site, period: Period = SUMMER, county: str = COUNTY) -> Mapping[str, Figures]:
    person = site.visit("supervisor").person
    return service(site)(person, county, period, site.hands()).by_clock


def kept(site: Site, clock: str = START, period: Period = SUMMER) -> Kept:
    return figures(site, period)[clock].kept


def sent(site: Site) -> UUID:
    """A report that social services have taken up."""
    site.send()
    referral: UUID = at(site, SOC).id
    record(site, referral, Entry(Move.ACCEPT))
    return referral


def record(site: Site, referral: UUID, entry: Entry, who: str = "soc") -> None:
    site.parts.respond(site.visit(who), referral, entry, site.hands.move(seconds=1))


def started(site: Site, day: date) -> Entry:
    """Recorded on that day's noon, or now if that is later."""
    site.hands.at = max(site.hands(), datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    return Entry(Move.ASSESSMENT_STARTED, happened_on=day)


def change(site: Site, referral: UUID, **values: Any) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            update(DeadlineRow)
            .where(DeadlineRow.referral_id == referral, DeadlineRow.clock == START)
            .values(**values)
        )


def test_an_assessment_is_in_time_by_the_last_day_and_over_time_after_it(site: Site) -> None:
    first, second = sent(site), sent(site)
    assert clocks(site, first)[START].due_on == date(2026, 6, 11)
    record(site, first, started(site, date(2026, 6, 11)))
    record(site, second, started(site, date(2026, 6, 12)))
    assert kept(site) == Kept(in_time=1, later=1)
    assert kept(site, COMPLETE) == Kept()
    complete = Entry(Move.ASSESSMENT_COMPLETE, happened_on=date(2026, 6, 12))
    record(site, second, complete)
    assert kept(site, COMPLETE) == Kept(in_time=1)


def test_what_was_met_by_the_day_to_which_a_deadline_may_move_is_told_by_itself(
    site: Site,
) -> None:
    site.hands.at = datetime(2026, 6, 10, 9, tzinfo=UTC)
    first, second = sent(site), sent(site)
    row = clocks(site, first)[START]
    assert (row.due_on, row.due_extended_on) == (date(2026, 6, 19), date(2026, 6, 22))
    record(site, first, started(site, date(2026, 6, 22)))
    record(site, second, started(site, date(2026, 6, 23)))
    found = kept(site)
    assert found == Kept(moved=1, later=1)
    assert found.over_time == 2


def test_the_day_on_which_it_happened_counts_however_late_it_is_recorded(site: Site) -> None:
    referral = sent(site)
    site.hands.at = datetime(2026, 10, 5, 9, tzinfo=UTC)
    record(site, referral, Entry(Move.ASSESSMENT_STARTED, happened_on=date(2026, 6, 11)))
    assert kept(site) == Kept(in_time=1)
    assert kept(site, period=WINTER) == Kept()


@pytest.mark.parametrize(
    ("day", "period"),
    [
        (date(2026, 9, 30), SUMMER),
        (date(2026, 10, 1), WINTER),
        (date(2027, 3, 31), WINTER),
        (date(2027, 4, 1), WINTER.after),
    ],
)
def test_the_first_and_the_last_day_belong_to_their_half_year(
    site: Site, day: date, period: Period
) -> None:
    referral = sent(site)
    record(site, referral, started(site, day))
    for one in (SUMMER, WINTER, WINTER.after):
        assert kept(site, period=one).all == (one == period)


def test_without_a_day_that_was_told_the_local_day_of_the_record_counts(site: Site) -> None:
    referral = sent(site)
    record(site, referral, started(site, date(2026, 6, 3)))
    last = SUMMER.ends_at - timedelta(microseconds=1)  # 23.59 in Helsinki, 20.59 UTC
    for met_at, period in ((last, SUMMER), (SUMMER.ends_at, WINTER)):
        due = {"due_on": date(2026, 9, 30), "due_extended_on": date(2026, 10, 1)}
        change(site, referral, met_on=None, met_at=met_at, **due)
        assert kept(site, period=period) == Kept(
            in_time=period is SUMMER, moved=period is not SUMMER
        )
        assert kept(site, period=WINTER if period is SUMMER else SUMMER) == Kept()


def test_a_day_that_is_corrected_moves_the_assessment(site: Site) -> None:
    referral = sent(site)
    record(site, referral, started(site, date(2026, 6, 11)))
    change(site, referral, met_on=date(2026, 6, 12))
    assert kept(site) == Kept(later=1)
    change(site, referral, met_on=date(2026, 10, 1))
    assert kept(site) == Kept()
    assert kept(site, period=WINTER) == Kept(later=1)


def test_what_needed_no_assessment_is_told_by_itself(site: Site) -> None:
    today = site.hands().date()
    for move in (Move.ALREADY_CLIENT, Move.ASSESSMENT_NOT_NEEDED):
        record(site, sent(site), Entry(move, reason="Oma työntekijä jatkaa.", happened_on=today))
    record(site, sent(site), Entry(Move.CLOSE, reason="Perhe muutti."))
    for found in figures(site).values():
        assert found.kept == Kept()
        assert found.without == {
            Move.ASSESSMENT_NOT_NEEDED: 1,
            Move.ALREADY_CLIENT: 1,
            Move.CLOSE: 1,
        }
        assert found.moved_on == 0


def test_a_report_that_is_handed_over_is_counted_once_where_the_assessment_is_made(
    site: Site,
) -> None:
    man(site, "soc-keski-uusimaa-office")
    referral = sent(site)
    arrived = clocks(site, referral)[START].started_at
    site.hands.move(days=3)
    new = hand_over(site, site.visit("soc"), referral, "soc-keski-uusimaa-office", "competent")
    record(site, new, Entry(Move.ACCEPT), "duty")
    assert clocks(site, new)[START].started_at == arrived
    record(site, new, started(site, date(2026, 6, 12)), "duty")
    here = figures(site)[START]
    assert (here.kept, here.moved_on, here.waiting) == (Kept(), 1, 0)
    own(site, OTHER_COUNTY)
    there = figures(site, county=OTHER_COUNTY)[START]
    assert (there.kept, there.moved_on, there.waiting) == (Kept(later=1), 0, 0)


def test_within_a_county_a_report_that_is_handed_over_is_one_assessment(site: Site) -> None:
    referral = sent(site)
    record(site, referral, started(site, date(2026, 6, 4)))
    new = hand_over(site, site.visit("soc"), referral, DUTY, "competent")
    record(site, new, Entry(Move.ACCEPT), "duty")
    complete = Entry(Move.ASSESSMENT_COMPLETE, happened_on=date(2026, 6, 4))
    record(site, new, complete, "duty")
    found = figures(site)
    assert found[START].kept == found[COMPLETE].kept == Kept(in_time=1)
    assert (found[START].moved_on, found[COMPLETE].moved_on) == (0, 1)


def test_what_is_reopened_waits_again_and_is_counted_once_it_is_done(site: Site) -> None:
    referral = sent(site)
    record(site, referral, Entry(Move.CLOSE, reason="Perhe muutti."))
    assert figures(site)[START].without[Move.CLOSE] == 1
    site.hands.at = datetime(2026, 6, 12, 9, tzinfo=UTC)
    record(site, referral, Entry(Move.REOPEN, reason="Muutto peruuntui."), "soc-head")
    again = figures(site)[START]
    assert (again.without[Move.CLOSE], again.waiting) == (0, 1)
    record(site, referral, started(site, date(2026, 6, 12)))
    assert kept(site) == Kept(later=1)
    assert figures(site)[START].waiting == 0


def test_what_is_not_recorded_waits_from_the_midnight_after_its_last_day(site: Site) -> None:
    referral = sent(site)
    due_at = clocks(site, referral)[START].due_at
    site.hands.at = due_at - timedelta(seconds=1)
    assert figures(site)[START].waiting == 0
    site.hands.at = due_at
    assert figures(site)[START].waiting == 1
    assert figures(site)[COMPLETE].waiting == 0
    assert figures(site, WINTER)[START].waiting == 0


def test_what_waits_belongs_to_the_half_year_of_its_last_day(site: Site) -> None:
    referral = sent(site)
    site.hands.at = WINTER.ends_at
    for due_at, period in ((SUMMER.ends_at, SUMMER), (SUMMER.ends_at + timedelta(days=1), WINTER)):
        change(site, referral, due_at=due_at)
        for one in (SUMMER, WINTER):
            assert figures(site, one)[START].waiting == (one is period)


def test_a_canary_is_not_counted(site: Site) -> None:
    referral = sent(site)
    record(site, referral, started(site, date(2026, 6, 3)))
    assert kept(site).all == 1
    for met_on in (date(2026, 6, 3), None):
        change(site, referral, met_by="canary", met_on=met_on)
        found = figures(site)[START]
        assert found == Figures(Kept(), dict.fromkeys(found.without, 0), 0, 0)


def test_only_social_services_are_counted_those_no_longer_listed_among_them(site: Site) -> None:
    referral = sent(site)
    record(site, referral, started(site, date(2026, 6, 3)))
    with site.parts.database.write() as connection:
        for agency, kind in (("gone", "SOC"), ("clinic", "HEA")):
            row = {"id": agency, "kind": kind, "controller_id": COUNTY}
            connection.execute(insert(AgencyRow).values(**row))

    def belongs_to(agency: str) -> None:
        with site.parts.database.write() as connection:
            connection.execute(update(DeadlineRow).values(agency_id=agency))
            connection.execute(update(ReferralRow).values(agency_id=agency))

    belongs_to("gone")
    assert kept(site).all == 1
    belongs_to("clinic")
    assert kept(site).all == 0


def own(site: Site, controller: str) -> None:
    with site.parts.database.write() as connection:
        membership = Membership(Role.SUPERVISOR, controller=controller)
        person = site.people["supervisor"]
        people.add_membership(connection, person, membership, site.hands())


def test_a_supervisor_has_the_own_counties_alone(site: Site) -> None:
    def counties() -> list[str]:
        found = service(site).counties(site.visit("supervisor").person)
        return [county.id for county in found]

    assert counties() == [COUNTY]
    for forbidden in (OTHER_COUNTY, "police", "municipality-vantaa", ""):
        with pytest.raises(CountyNotYours):
            figures(site, county=forbidden)
        with pytest.raises(CountyNotYours):
            service(site).take_out(site.visit("supervisor"), forbidden, SUMMER, site.hands())
        with pytest.raises(CountyNotYours):
            service(site).record(site.visit("supervisor"), forbidden, SUMMER, None, site.hands())
    own(site, "municipality-vantaa")
    own(site, OTHER_COUNTY)
    assert counties() == [COUNTY, OTHER_COUNTY]


def test_another_countys_assessments_are_not_counted_here(site: Site) -> None:
    answers = worry_answers()
    answers["children"][0] |= {"municipality": "tuusula", "school": ""}
    man(site, "soc-keski-uusimaa-office")
    site.send(answers)
    referral = at(site, "soc-keski-uusimaa-office").id
    record(site, referral, Entry(Move.ACCEPT), "duty")
    record(site, referral, started(site, date(2026, 6, 3)), "duty")
    assert kept(site) == Kept()
    own(site, OTHER_COUNTY)
    assert figures(site, county=OTHER_COUNTY)[START].kept == Kept(in_time=1)


def test_whoever_takes_the_figures_out_leaves_a_line(site: Site) -> None:
    service(site).take_out(site.visit("supervisor"), COUNTY, SUMMER, site.hands())
    (line,) = lines(site, Action.TAKE_OUT_HALF_YEAR)
    assert (line.person_id, line.role) == (site.people["supervisor"], Role.SUPERVISOR)
    assert (line.purpose, line.basis) == (f"2026-04 {COUNTY}", "GDPR 6(1)(e)")


def report(site: Site, day: date | None) -> None:
    service(site).record(site.visit("supervisor"), COUNTY, SUMMER, day, site.hands.move(seconds=1))


def told(site: Site, period: Period = SUMMER) -> date | None:
    person = site.visit("supervisor").person
    row = service(site)(person, COUNTY, period, site.hands()).reported
    return row.reported_on if row else None


def test_that_figures_were_reported_is_recorded_corrected_and_taken_back(site: Site) -> None:
    site.hands.at = datetime(2026, 10, 12, 9, tzinfo=UTC)
    assert told(site) is None
    for day in (date(2026, 10, 9), date(2026, 10, 12), None, date(2026, 10, 1)):
        report(site, day)
        assert told(site) == day
        assert told(site, WINTER) is None
    assert len(lines(site, Action.REPORT_HALF_YEAR)) == 3
    assert len(lines(site, Action.UNREPORT_HALF_YEAR)) == 1


def test_a_page_that_is_sent_twice_records_once(site: Site) -> None:
    site.hands.at = datetime(2026, 10, 12, 9, tzinfo=UTC)
    for _ in range(2):
        report(site, date(2026, 10, 12))
    with site.parts.database.read() as connection:
        assert connection.scalars(select(HalfYearReportRow.number)).all() == [1]
    assert len(lines(site, Action.REPORT_HALF_YEAR)) == 1


def test_of_what_is_said_at_the_same_instant_the_last_holds(site: Site) -> None:
    site.hands.at = datetime(2026, 10, 12, 9, tzinfo=UTC)
    visit = site.visit("supervisor")
    for day in (date(2026, 10, 9), None, date(2026, 10, 12), date(2026, 10, 1), None):
        service(site).record(visit, COUNTY, SUMMER, day, site.hands())
        assert told(site) == day


def test_two_who_record_at_once_are_both_heard_and_one_after_the_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both find that nothing was said before: the second finds the first one's number taken."""
    site.hands.at = datetime(2026, 10, 12, 9, tzinfo=UTC)
    visit, look = site.visit("supervisor"), half_years.last_report
    looked: list[object] = []

    def last_report(*asked: Any) -> Any:
        looked.append(asked)
        return None if len(looked) == 2 else look(*asked)

    monkeypatch.setattr(half_years, "last_report", last_report)
    for day in (date(2026, 10, 9), date(2026, 10, 12)):
        service(site).record(visit, COUNTY, SUMMER, day, site.hands())
    monkeypatch.undo()
    assert told(site) == date(2026, 10, 12)
    with site.parts.database.read() as connection:
        numbers = connection.scalars(select(HalfYearReportRow.number)).all()
    assert sorted(numbers) == [1, 2]
    assert len(lines(site, Action.REPORT_HALF_YEAR)) == 2


@pytest.mark.parametrize("day", [date(2026, 9, 30), date(2026, 10, 13)])
def test_figures_are_not_reported_before_their_end_nor_in_future(site: Site, day: date) -> None:
    site.hands.at = datetime(2026, 10, 12, 9, tzinfo=UTC)
    with pytest.raises(DayNotPossible):
        report(site, day)
    assert told(site) is None
    assert lines(site, Action.REPORT_HALF_YEAR) == []
