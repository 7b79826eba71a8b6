"""Agencies, rules and calendars: what will leave a report without a reader is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import update

import config
from intake.doctor import agencies, rules
from intake.doctor.finding import Level
from intake.domain.calendar import load_calendar
from intake.domain.directory import Kind
from intake.services.rulebook import Edition, Rulebook
from intake.store.people_tables import AgencyKeyRow
from routing_rules.document import read_document
from tests.doctor.said import bad, well
from tests.site import DUTY, POL, SOC, TUESDAY, Site

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


def test_a_calendar_that_ends_soon_warns_and_one_that_has_ended_fails() -> None:
    calendar = load_calendar()
    assert well(rules.calendars(calendar, date(2026, 6, 2)))
    last = max(starts for _, starts in calendar.school_years)
    assert "coming school year" in bad(rules.calendars(calendar, date(last + 1, 5, 1)))[Level.WARN]
    assert "does not reach" in bad(rules.calendars(calendar, date(last + 1, 9, 1)))[Level.FAIL]
    assert "does not reach" in bad(rules.calendars(calendar, date(2040, 6, 1)))[Level.FAIL]
