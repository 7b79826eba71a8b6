"""Agencies, rules and calendars: what will leave a report without a reader is found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import update

import config
from intake.doctor import agencies, rules
from intake.doctor.finding import Level
from intake.domain.calendar import load_calendar
from intake.domain.directory import Kind
from intake.store.people_tables import AgencyKeyRow
from tests.doctor.said import bad, well
from tests.site import DUTY, POL, SOC, TUESDAY, Site

TODAY = TUESDAY.date()


def openable(site: Site, openers: dict[str, int], on: date = TODAY) -> dict[Level, str]:
    standby = site.parts.rules.standby
    return bad(agencies.openable(site.parts.directory, standby, openers, on))


def test_a_place_where_nobody_can_open_fails(site: Site) -> None:
    everyone = dict.fromkeys(site.parts.directory.agencies, 2)
    assert openable(site, everyone) == {}
    no_police = {a: n for a, n in everyone.items() if not a.startswith("pol-")}
    assert "reports for POL in vantaa, kerava" in openable(site, no_police)[Level.FAIL]
    teams = [a.id for a in site.parts.directory.agencies.values() if a.kind is Kind.ANK]
    no_team = {a: n for a, n in everyone.items() if a not in teams}
    assert "ANK" in openable(site, no_team)[Level.FAIL]
    assert openable(site, no_team, date(2099, 1, 1)) == {}, "no agreement, no team"
    no_duty = {a: n for a, n in everyone.items() if a != site.parts.directory.fallback_duty_desk}
    assert "no other desk" in openable(site, no_duty)[Level.FAIL]


def test_an_agency_with_one_who_can_open_warns(site: Site) -> None:
    directory = site.parts.directory
    everyone = dict.fromkeys(directory.agencies, 2)
    assert well(agencies.openers_enough(directory, everyone))
    assert SOC in bad(agencies.openers_enough(directory, everyone | {SOC: 1}))[Level.WARN]
    del everyone[POL]
    assert f"at {POL}" in bad(agencies.openers_enough(directory, everyone))[Level.WARN]
    ended = {POL: replace(directory.agency(POL), in_use=False)}
    without = replace(directory, agencies={**directory.agencies, **ended})
    assert well(agencies.openers_enough(without, everyone)), "nothing new comes there"


def test_a_damaged_key_fails(site: Site) -> None:
    assert well(agencies.keys_whole(site.parts.database, TODAY))
    with site.parts.database.write() as connection:
        damaged = update(AgencyKeyRow).where(AgencyKeyRow.agency_id == DUTY)
        connection.execute(damaged.values(public_key=b"x"))
    assert DUTY in bad(agencies.keys_whole(site.parts.database, TODAY))[Level.FAIL]


def test_an_agreement_that_ends_warns_in_time(site: Site) -> None:
    directory = site.parts.directory
    (first,) = [a for a in directory.agreements if a.municipality == "vantaa"]
    alone = replace(directory, agreements=(first,))
    assert well(agencies.agreements(alone, first.valid_to - agencies.SOON))
    soon = bad(agencies.agreements(alone, first.valid_to - timedelta(days=59)))
    assert "vantaa ends on" in soon[Level.WARN]
    past = bad(agencies.agreements(alone, first.valid_to + timedelta(days=1)))
    assert "no agreement in force" in past[Level.WARN]
    renewed = replace(
        first, id="next", valid_from=first.valid_to, valid_to=first.valid_to + timedelta(days=900)
    )
    both = replace(directory, agreements=(first, renewed))
    assert well(agencies.agreements(both, first.valid_to - timedelta(days=1)))


def changed_rules(tmp_path: Path, old: str, new: str) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(config.RULES.parent, copy)
    file = copy / config.RULES.name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return file


def test_the_shipped_rules_are_well() -> None:
    assert well(rules.rules(config.RULES, TODAY))


def test_rules_that_are_not_proved_fail(tmp_path: Path) -> None:
    file = changed_rules(tmp_path, '"bullying"', '"bulying"')
    assert "bullying" in bad(rules.rules(file, TODAY))[Level.FAIL]


def test_a_case_that_does_not_hold_fails(tmp_path: Path) -> None:
    text = config.RULES.read_text("utf-8")
    case = text[text.index("[[case]]") :]
    line = next(x for x in case.splitlines() if x.startswith("expect"))
    wrong = line.replace('lead = "ANK"', 'lead = "POL"', 1)
    assert wrong != line
    file = changed_rules(tmp_path, line, wrong)
    assert "cases do not hold" in bad(rules.rules(file, TODAY))[Level.FAIL]


def test_rules_out_of_force_fail_and_those_soon_to_be_warn(tmp_path: Path) -> None:
    start = "valid_from = 2026-01-01"
    file = changed_rules(tmp_path, start, f"{start}\nvalid_to = 2026-12-31")
    assert well(rules.rules(file, date(2026, 10, 31)))
    assert "successor ready" in bad(rules.rules(file, date(2026, 11, 30)))[Level.WARN]
    assert "successor" in bad(rules.rules(file, date(2027, 1, 1)))[Level.FAIL]
    assert "in force from" in bad(rules.rules(file, date(2025, 12, 31)))[Level.FAIL]


def test_a_legal_basis_out_of_force_fails_and_an_unconfirmed_one_warns(tmp_path: Path) -> None:
    assert "wait to be confirmed" in bad(rules.bases(config.RULES, TODAY))[Level.WARN]
    start = "valid_from = 2008-01-01"
    file = changed_rules(tmp_path, start, f"{start}\nvalid_to = 2026-01-01")
    assert "lsl25_1" in bad(rules.bases(file, TODAY))[Level.FAIL]


def test_a_calendar_that_ends_soon_warns_and_one_that_has_ended_fails() -> None:
    calendar = load_calendar()
    assert well(rules.calendars(calendar, date(2026, 6, 2)))
    last = max(starts for _, starts in calendar.school_years)
    assert "coming school year" in bad(rules.calendars(calendar, date(last + 1, 5, 1)))[Level.WARN]
    assert "does not reach" in bad(rules.calendars(calendar, date(last + 1, 9, 1)))[Level.FAIL]
    assert "does not reach" in bad(rules.calendars(calendar, date(2040, 6, 1)))[Level.FAIL]
