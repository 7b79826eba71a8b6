"""Reminders of 17 October and 17 April: each once, to whom they concern, until it is done."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from intake.domain.half_year import STEPS, Period, written_at
from intake.domain.people import Membership, Role
from intake.services.remind_half_year import LETTER
from intake.store import half_years, people
from intake.store.half_year_tables import HalfYearStepRow
from intake.store.people_tables import MembershipRow, PersonRow
from intake.store.tables import OutboxRow
from tests.services.test_half_year import OTHER_COUNTY, service
from tests.site import COUNTY, Site

SUMMER, WINTER = Period(date(2026, 4, 1)), Period(date(2026, 10, 1))
SECOND = timedelta(seconds=1)


def letters(site: Site) -> list[tuple[str, dict[str, Any]]]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(PersonRow.sign_in_name, OutboxRow.params)
            .join(PersonRow, PersonRow.id == OutboxRow.person_id)
            .where(OutboxRow.letter == LETTER)
            .order_by(OutboxRow.created_at, OutboxRow.id)
        )
        return [(row.sign_in_name, row.params) for row in rows]


def steps(site: Site, county: str = COUNTY) -> list[str]:
    with site.parts.database.read() as connection:
        return list(
            connection.scalars(
                select(HalfYearStepRow.step)
                .where(HalfYearStepRow.controller_id == county)
                .order_by(HalfYearStepRow.written_at)
            )
        )


def at(site: Site, step: str, period: Period = SUMMER) -> datetime:
    """Put the clock to the instant of a reminder."""
    site.hands.at = written_at(period, step, site.parts.calendar)
    return site.hands.at


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]


def test_each_reminder_is_written_on_its_morning_and_once(site: Site) -> None:
    remind = site.parts.remind_half_year
    for number, step in enumerate(STEPS, 1):
        remind(at(site, step) - SECOND)
        assert len(letters(site)) == number - 1
        for _ in range(2):
            remind(site.hands())
            assert len(letters(site)) == number
    assert steps(site) == list(STEPS)
    assert {name for name, _ in letters(site)} == {"supervisor"}
    assert [params["late"] for _, params in letters(site)] == [False] * 3 + [True] * 3
    remind(site.hands.move(days=30))
    assert len(letters(site)) == len(STEPS)


def test_the_winter_half_year_is_reminded_of_in_april(site: Site) -> None:
    site.parts.remind_half_year(at(site, "before_10", WINTER))
    assert [params["period"] for _, params in letters(site)] == ["2026-10"]


def test_nobody_is_reminded_of_what_somebody_recorded_until_it_is_taken_back(site: Site) -> None:
    remind = site.parts.remind_half_year
    site.hands.at = datetime(2026, 10, 6, 9, tzinfo=UTC)
    remind(site.hands())
    assert len(letters(site)) == 1
    own = site.visit("supervisor")
    service(site).record(own, COUNTY, SUMMER, date(2026, 10, 6), site.hands())
    remind(at(site, "on_the_day"))
    assert len(letters(site)) == 1
    service(site).record(site.visit("supervisor"), COUNTY, SUMMER, None, site.hands())
    remind(at(site, "after_1"))
    assert len(letters(site)) == 2


def test_after_a_long_silence_every_reminder_is_recorded_and_one_letter_written(
    site: Site,
) -> None:
    assert site.parts.remind_half_year(at(site, "on_the_day")) >= 3
    assert set(steps(site)) == {"before_10", "before_3", "on_the_day"}
    ((_, params),) = letters(site)
    assert params["next_at"] == written_at(SUMMER, "after_1", site.parts.calendar).isoformat()


def test_what_could_not_be_written_for_a_fortnight_is_left_out(site: Site) -> None:
    site.parts.remind_half_year(at(site, "after_5") + timedelta(days=14))
    assert letters(site) == []


def test_each_county_is_reminded_by_itself(site: Site) -> None:
    with site.parts.database.write() as connection:
        role = Membership(Role.SUPERVISOR, controller=OTHER_COUNTY)
        people.add_membership(connection, site.people["auditor"], role, site.hands())
    site.parts.remind_half_year(at(site, "before_3"))
    told = {(name, params["county"]) for name, params in letters(site)}
    assert told == {("supervisor", COUNTY), ("auditor", OTHER_COUNTY)}


def test_a_county_without_a_supervisor_is_an_error_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with site.parts.database.write() as connection:
        connection.execute(
            delete(MembershipRow).where(MembershipRow.person_id == site.people["supervisor"])
        )
    site.parts.remind_half_year(at(site, "before_10"))
    assert f"{COUNTY} has no supervisor to remind of the half-year 2026-04" in errors(caplog)
    assert letters(site) == []
    caplog.clear()
    site.parts.remind_half_year(site.hands.move(hours=1))
    assert errors(caplog) == []


def test_of_two_schedulers_at_once_one_writes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find that nothing is written: the row of the reminder lets one of them through."""
    now, remind = at(site, "before_10"), site.parts.remind_half_year
    monkeypatch.setattr(type(remind), "_counties", lambda _: [COUNTY])
    both_have_looked = Barrier(2, timeout=20)
    looked: list[object] = []

    def nothing_written(*_: object) -> frozenset[str]:
        looked.append(None)
        if len(looked) <= 2:
            both_have_looked.wait()
        return frozenset()

    monkeypatch.setattr(half_years, "steps_written", nothing_written)
    with ThreadPoolExecutor(2) as schedulers:
        written = list(schedulers.map(remind, [now, now]))
    assert sorted(written) == [0, 1]
    assert len(letters(site)) == 1
    assert steps(site) == ["before_10"]


def test_many_schedulers_at_once_write_every_reminder_once(site: Site) -> None:
    for step in STEPS:
        now = at(site, step)
        with ThreadPoolExecutor(4) as schedulers:
            list(schedulers.map(site.parts.remind_half_year, [now] * 8))
    assert len(letters(site)) == len(STEPS)
    assert steps(site) == list(STEPS)


def test_nothing_is_recorded_where_its_letters_cannot_be_written(site: Site) -> None:
    site.break_writes("INSERT ON outbox")
    with pytest.raises(Exception, match="full"):
        site.parts.remind_half_year(at(site, "before_10"))
    assert steps(site) == []
    site.mend_writes("outbox")
    site.parts.remind_half_year(site.hands())
    assert steps(site) == ["before_10"]
    assert len(letters(site)) == 1


@pytest.mark.parametrize(
    ("language", "step", "told"),
    [
        ("fi", "before_3", "ilmoitetaan THL:lle viimeistään la 17.10.2026."),
        ("sv", "before_3", "ska rapporteras till THL senast lör 17.10.2026."),
        ("en", "before_3", "are to be reported to THL by Sat 17 October 2026."),
        ("fi", "after_1", "oli määrä ilmoittaa THL:lle viimeistään la 17.10.2026"),
        ("sv", "after_1", "skulle rapporteras till THL senast lör 17.10.2026"),
        ("en", "after_1", "were to be reported to THL by Sat 17 October 2026"),
    ],
)
def test_the_letter_says_what_is_due_in_the_readers_language(
    site: Site, language: str, step: str, told: str
) -> None:
    site.parts.remind_half_year(at(site, step))
    with site.parts.database.write() as connection:
        connection.execute(update(PersonRow).values(language=language))
    (row,) = [letter for letter in site.claim_letters() if letter.letter == LETTER]
    text = site.parts.deliver.write(row).text
    assert told in text
    link = f"http://127.0.0.1:8000/deadlines/half-year?period=2026-04&county={COUNTY}"
    assert text.endswith(f"{link}\n")
    assert site.parts.directory.controllers[COUNTY].name[language] in text
    assert "%(" not in text


def test_the_letter_says_when_the_next_one_comes_and_the_last_one_does_not(site: Site) -> None:
    for step, next_one in (("on_the_day", "ma 19.10.2026 klo 8.00"), ("after_5", "")):
        site.parts.remind_half_year(at(site, step))
        *_, row = [letter for letter in site.claim_letters() if letter.letter == LETTER]
        text = site.parts.deliver.write(row).text
        assert ("Seuraava muistutus" in text) is bool(next_one)
        assert next_one in text
