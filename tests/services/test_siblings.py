"""Several children: decided one by one, shown together, one referral for each agency."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from intake.domain.answers import worry_of
from intake.domain.calendar import SCHOOL_CALENDAR, load_calendar
from intake.domain.referral import State
from intake.services.refer import Refer
from intake.services.route import Plan
from intake.store.tables import DeadlineRow, ReferralRow
from tests.site import ANK, SOC, WEL, Site, child_answers, worry_answers

GANG = {"categories": ["gang"], "primary": "gang", "child_role": "suspected"}
ABSENCE = {"categories": ["school_absence"], "primary": "school_absence", "child_role": "other"}
SMALL = child_answers(name="Pikku", known_by="age", hetu="", age="5", school="none")
ADULT = child_answers(name="Aikuinen", known_by="age", hetu="", age="19", school="none")
OF_PORVOO = child_answers(name="Porvoolainen", municipality="porvoo", school="none")


EARLY_SUMMER_IN_KERAVA = """
[[school_year]]
municipality = "kerava"
starts = 2025
autumn_term = [2025-08-07, 2025-12-19]
autumn_holiday = [2025-10-13, 2025-10-19]
spring_term = [2026-01-07, 2026-05-20]
winter_holiday = [2026-02-16, 2026-02-22]
easter_holiday = [2026-04-03, 2026-04-06]
"""


def family(*children: dict[str, Any], **pages: dict[str, Any]) -> dict[str, Any]:
    return worry_answers(**pages) | {"children": list(children)}


def plan(site: Site, answers: dict[str, Any]) -> Plan:
    return site.parts.route(worry_of(answers), site.hands())


def opened(site: Site, name: str) -> Any:
    visit = site.visit(name)
    (row,) = site.parts.read.inbox(visit, tuple(State))
    return site.parts.read(visit, row.id, site.hands())


def test_each_child_is_decided_for_itself_and_each_agency_gets_one_referral(site: Site) -> None:
    consent = {"child_consent": "given", "consent_to": ["ANK"]}
    answers = family(child_answers(), SMALL, worry=GANG, consent=consent)
    site.send(answers)
    with site.parts.database.read() as connection:
        assert sorted(connection.scalars(select(ReferralRow.agency_id))) == [ANK, SOC]
    assert {"identity_1"} == {s for s in opened(site, "ank").sections if s.startswith("identity")}
    social = {s for s in opened(site, "soc").sections if s.startswith("identity")}
    assert social == {"identity_1", "identity_2"}


def test_an_agency_is_told_what_the_rules_say_of_its_own_children_alone(site: Site) -> None:
    """An adult sibling, whom nobody gets, and one of unknown age, whom another county gets."""
    unknown = OF_PORVOO | {"known_by": "age", "hetu": "", "age": ""}
    whole = plan(site, family(child_answers(), ADULT, unknown))
    assert "adult_services" in whole.notices
    assert "age" in whole.uncertain
    site.send(family(child_answers(), ADULT, unknown))
    social, duty = opened(site, "soc").reasons, opened(site, "duty").reasons
    assert social["notices"] == []
    assert social["uncertain"] == []
    assert duty["uncertain"] == ["age"]


def test_who_did_not_get_one_child_is_told_only_of_that_child(site: Site) -> None:
    """Pukkila has no agreement in force, so the team gets the child of Vantaa alone."""
    consent = {"child_consent": "given", "consent_to": ["ANK"]}
    of_pukkila = OF_PORVOO | {"municipality": "pukkila"}
    site.send(family(child_answers(), of_pukkila, worry=GANG, consent=consent))
    assert [w["kind"] for w in opened(site, "ank").reasons["withheld"] if w["rule"] == "R9"] == []
    duty = opened(site, "duty")
    assert duty.referral.is_lead, "social services lead for the child without a team"
    assert [w["kind"] for w in duty.reasons["withheld"] if w["rule"] == "R9"] == ["ANK"]


def test_of_two_schools_the_earlier_deadline_holds(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.hands.move(days=-14)  # Tuesday 19 May 2026, in term
    own = tmp_path / "school_calendar.toml"
    own.write_text(SCHOOL_CALENDAR.read_text() + EARLY_SUMMER_IN_KERAVA)
    refer = Refer(load_calendar(own), site.parts.chasing)
    submit = replace(site.parts.submit, refer=refer)
    monkeypatch.setitem(site.parts.__dict__, "submit", submit)
    consent = {"child_consent": "given", "consent_to": ["WEL"]}
    in_kerava = child_answers(name="Toinen", school="school-kirsikkakallio", municipality="kerava")
    for children in ((in_kerava, child_answers()), (child_answers(), in_kerava)):
        site.send(family(*children, worry=ABSENCE, consent=consent))
    with site.parts.database.read() as connection:
        found = connection.execute(
            select(DeadlineRow.due_on, DeadlineRow.municipality).where(
                DeadlineRow.agency_id == WEL, DeadlineRow.clock == "school_talk"
            )
        ).all()
    assert len(found) == 2
    assert {row.municipality for row in found} == {"vantaa"}, (
        "in Kerava they would count on in August"
    )
