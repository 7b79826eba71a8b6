"""A calendar that ends too early: the report is kept, and everybody who can act is told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from intake.domain.calendar import load_calendar
from intake.domain.deadline import local_date
from intake.store.columns import AnyRow
from intake.store.tables import ChaseRow, DeadlineRow
from tests.calendars import ABSENCE, FIRST_YEAR_ALONE, calendar_of, use
from tests.look.page_faults import page_faults
from tests.site import POL, WEL, Site


def talk(site: Site) -> AnyRow:
    with site.parts.database.read() as connection:
        return connection.execute(
            select(DeadlineRow.__table__).where(DeadlineRow.clock == "school_talk")
        ).one()


def test_a_report_is_kept_with_an_earlier_day_and_the_alarm_is_everywhere(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    use(site, calendar_of(tmp_path, FIRST_YEAR_ALONE))
    with caplog.at_level(logging.ERROR):
        site.send(ABSENCE)
    assert "the calendar does not reach clock school_talk" in caplog.text
    row = talk(site)
    assert (row.agency_id, row.due_on.isoformat()) == (WEL, "2026-06-11")
    assert row.calendar_version == f"provisional, {site.parts.calendar.version}"
    assert row.steps, "it is chased"

    supervisor = site.signed_in("supervisor")
    supervisor.set_cookie("ankkuri_language", "en")
    page = supervisor.get("/deadlines").text
    assert page_faults(page) == []
    assert "by an earlier day than the right one: 1." in page

    worker = site.signed_in("wel")
    worker.set_cookie("ankkuri_language", "en")
    page = worker.get(f"/referrals/{row.referral_id}/deadlines/school_talk").text
    assert page_faults(page) == []
    assert "The day is provisional." in page
    assert "provisional, holidays" in page
    assert "7 school days" in page


def test_without_such_a_deadline_there_is_no_alarm(site: Site) -> None:
    site.send(ABSENCE)
    supervisor = site.signed_in("supervisor")
    supervisor.set_cookie("ankkuri_language", "en")
    assert "does not reach" not in supervisor.get("/deadlines").text
    worker = site.signed_in("wel")
    worker.set_cookie("ankkuri_language", "en")
    address = f"/referrals/{talk(site).referral_id}/deadlines/school_talk"
    assert "provisional" not in worker.get(address).text


def test_only_the_supervisors_own_agencies_are_counted(site: Site, tmp_path: Path) -> None:
    use(site, calendar_of(tmp_path, FIRST_YEAR_ALONE))
    site.send(ABSENCE)
    with site.parts.database.write() as connection:
        connection.execute(update(DeadlineRow).values(agency_id=POL))
    supervisor = site.signed_in("supervisor")
    supervisor.set_cookie("ankkuri_language", "en")
    assert "does not reach" not in supervisor.get("/deadlines").text


def test_what_repeats_goes_on_after_the_last_year_of_public_holidays(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    use(site, load_calendar(last_year=2026))
    site.send()
    site.parts.chase(site.hands.move(days=200))
    before = len(reminded(site))
    site.parts.chase(site.hands.move(days=60))
    assert local_date(site.hands()).year == 2027
    assert len(reminded(site)) > before > 0
    assert "failed" not in caplog.text


def reminded(site: Site) -> list[str]:
    with site.parts.database.read() as connection:
        return list(connection.scalars(select(ChaseRow.step)))


def test_the_supervisors_days_ahead_go_on_after_it(site: Site) -> None:
    use(site, load_calendar(last_year=2026))
    site.hands.at = datetime(2026, 12, 21, 8, tzinfo=UTC)
    supervisor = site.signed_in("supervisor")
    assert supervisor.get("/deadlines/ahead").status_code == 200
