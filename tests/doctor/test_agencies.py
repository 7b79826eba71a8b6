"""Agencies, rules and calendars: what will leave a report without a reader is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import config
from intake.commands.doctor import examination
from intake.doctor import agencies, rules
from intake.doctor.finding import Level
from intake.domain.calendar import SCHOOL_CALENDAR, load_calendar
from intake.domain.directory import Kind
from intake.services.rulebook import Edition, Rulebook
from routing_rules.document import read_document
from tests.calendars import FIRST_YEAR_ALONE, calendar_of
from tests.doctor.said import bad, well
from tests.site import POL, SOC, TUESDAY, Site, lay_out, make_settings

NOW, TODAY = TUESDAY, TUESDAY.date()


def openable(site: Site, openers: dict[str, int], on: date = TODAY) -> dict[Level, str]:
    standby = site.parts.rules.beside["standby"]
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


def kept(old: str = "", new: str = "", file: str = "ita-uusimaa.toml") -> Callable[[], Rulebook]:
    """A rulebook of the shipped sets, one text of them changed."""
    texts = {path.stem: path.read_text("utf-8") for path in config.RULES.glob("*.toml")}
    name = file.removesuffix(".toml")
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new, 1)
    digests = {read_document(text, name).digest: name for name, text in texts.items()}
    edition = Edition(NOW, tuple((name, digest) for digest, name in digests.items()))
    fetched = {digest: texts[name] for digest, name in digests.items()}
    return lambda: Rulebook([edition], lambda wanted: {d: fetched[d] for d in wanted})


def test_the_shipped_rules_are_well() -> None:
    assert well(rules.rules(kept(), NOW, TODAY))


def test_rules_that_cannot_be_read_fail() -> None:
    wrong = kept('"bullying"', '"bulying"')
    assert "bullying" in bad(rules.rules(wrong, NOW, TODAY))[Level.FAIL]
    assert "cannot be read" in bad(rules.bases(wrong, NOW, TODAY))[Level.FAIL]


def test_rules_to_come_that_cannot_be_used_fail_ahead_of_their_time() -> None:
    now = kept()()
    later = replace(now, editions=[*now.editions, Edition(NOW + timedelta(days=9), ())])
    told = bad(rules.rules(lambda: later, NOW, TODAY))[Level.FAIL]
    assert "cannot be used: no vocabulary is in force" in told


def test_no_rules_at_all_fail() -> None:
    assert "ankkuri init" in bad(rules.rules(lambda: None, NOW, TODAY))[Level.FAIL]


def test_a_case_that_does_not_hold_fails() -> None:
    text = (config.RULES / "ita-uusimaa.toml").read_text("utf-8")
    case = text[text.index("[[case]]") :]
    line = next(x for x in case.splitlines() if x.startswith("expect"))
    wrong = line.replace('lead = "ANK"', 'lead = "POL"', 1)
    assert wrong != line
    assert "should be POL" in bad(rules.rules(kept(line, wrong), NOW, TODAY))[Level.FAIL]


def test_rules_past_their_last_day_fail_and_those_that_will_be_soon_warn() -> None:
    start = "valid_from = 2026-01-01"
    ending = kept(start, f"{start}\nvalid_to = 2026-12-31")
    assert well(rules.rules(ending, NOW, date(2026, 10, 31)))
    assert "successor ready" in bad(rules.rules(ending, NOW, date(2026, 11, 30)))[Level.WARN]
    assert "successor" in bad(rules.rules(ending, NOW, date(2027, 1, 1)))[Level.FAIL]


def test_a_legal_basis_out_of_force_fails_and_an_unconfirmed_one_warns() -> None:
    assert "wait to be confirmed" in bad(rules.bases(kept(), NOW, TODAY))[Level.WARN]
    start = "valid_from = 2008-01-01"
    ended = kept(start, f"{start}\nvalid_to = 2026-01-01", "finland.toml")
    assert "lsl25_1" in bad(rules.bases(ended, NOW, TODAY))[Level.FAIL]


def test_a_calendar_that_ends_soon_warns_and_one_that_ends_too_soon_fails(tmp_path: Path) -> None:
    calendar = load_calendar()
    ends = date(max(starts for _, starts in calendar.school_years) + 1, 7, 31)
    assert well(rules.calendars(calendar, date(2026, 6, 2)))
    assert well(rules.calendars(calendar, ends - timedelta(days=240)))
    soon = bad(rules.calendars(calendar, ends - timedelta(days=239)))
    assert set(soon) == {Level.WARN}
    assert "extend it in time" in soon[Level.WARN]
    assert set(bad(rules.calendars(calendar, ends - timedelta(days=120)))) == {Level.WARN}
    for on in (ends - timedelta(days=119), ends + timedelta(days=1), date(2040, 9, 4)):
        too_soon = bad(rules.calendars(calendar, on))
        assert "counted provisionally" in too_soon[Level.FAIL]


def test_a_municipality_whose_own_school_years_end_is_named(tmp_path: Path) -> None:
    own = SCHOOL_CALENDAR.read_text("utf-8").replace(
        "[[school_year]]\nstarts = 2025", '[[school_year]]\nmunicipality = "porvoo"\nstarts = 2025'
    )
    calendar = calendar_of(tmp_path, own + FIRST_YEAR_ALONE)
    assert well(rules.calendars(calendar, date(2026, 3, 1)))
    assert (
        "porvoo has school years of its own to 2025"
        in bad(rules.calendars(calendar, date(2026, 6, 2)))[Level.WARN]
    )
    alone = calendar_of(tmp_path, own)
    failed = bad(rules.calendars(alone, date(2026, 3, 1)))
    assert "does not reach 2026-03-01" in failed[Level.FAIL], "no other municipality has any"


def test_the_last_year_of_public_holidays_warns_a_year_before() -> None:
    def told(on: date) -> str:
        return bad(rules.calendars(load_calendar(last_year=2027), on)).get(Level.WARN, "")

    assert "install a newer one" not in told(date(2026, 12, 31))
    assert "public holidays of this version end with 2027: install" in told(date(2027, 1, 1))


def test_a_calendar_file_with_a_mistake_fails_by_its_mistake(tmp_path: Path) -> None:
    lay_out(tmp_path)
    wrong = tmp_path / "calendar.toml"
    wrong.write_text(FIRST_YEAR_ALONE.replace("starts = 2025", "starts = 25"), "utf-8")
    settings = make_settings(tmp_path, calendar=wrong)
    found = [f for f in examination(settings, lambda: NOW) if f.check == "calendars"]
    assert [(f.level, "starts must be a year" in f.text) for f in found] == [(Level.FAIL, True)]
