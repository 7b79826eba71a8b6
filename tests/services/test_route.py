"""Who gets what: fallbacks, stand-ins, protected addresses and whose consent counts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from intake.domain.answers import worry_of
from intake.services.route import Plan
from intake.store.tables import DeadlineRow
from tests.services.sending import at, man
from tests.site import ANK, DUTY, HEA, SOC, TRIAGE, WEL, Site, child_answers, worry_answers

ABSENCE = {"categories": ["school_absence"], "primary": "school_absence", "child_role": "other"}
GANG = {"categories": ["gang"], "primary": "gang", "child_role": "suspected"}


def plan(site: Site, answers: dict[str, Any]) -> Plan:
    return site.parts.route(worry_of(answers), site.hands())


def slots(plan: Plan) -> dict[str, set[str]]:
    return {share.agency.id: share.slots for share in plan.shares}


def by_consent(*kinds: str, **pages: dict[str, Any]) -> dict[str, Any]:
    consent = {"child_consent": "given", "consent_to": list(kinds)} | pages.pop("consent", {})
    return worry_answers(consent=consent, **pages)


def test_a_siblings_address_is_as_protected_as_the_childs(site: Site) -> None:
    answers = by_consent("ANK", worry=GANG)
    answers["children"] = [
        child_answers(turvakielto="yes"),
        child_answers(name="Sisarus", turvakielto="no"),
    ]
    found = slots(plan(site, answers))
    assert {"place_1", "place_2", "guardians"} <= found[SOC]
    assert not {"place_1", "place_2", "guardians"} & found[ANK]


def test_the_reporters_organisation_lies_with_the_places_where_an_address_is_protected() -> None:
    answers = worry_answers()
    open_sections = worry_of(answers).sections()
    assert b"Tikkukiven" in open_sections["reporter"]
    answers["children"] = [child_answers(turvakielto="unknown")]
    sections = worry_of(answers).sections()
    assert b"Tikkukiven" not in sections["reporter"]
    assert b"Tikkukiven" in sections["place_1"]


def test_a_suspected_guardians_consent_is_none(site: Site) -> None:
    consent = {"child_consent": "lacks_understanding", "guardian_consent": "given"}
    answers = by_consent("ANK", worry=GANG, consent=consent)
    assert ANK in slots(plan(site, answers))
    answers["guardians"] = [
        {"name": "", "contact": "", "lives_with_child": "yes", "suspected_perpetrator": "yes"}
    ]
    assert ANK not in slots(plan(site, answers))


def test_a_consent_to_health_services_never_becomes_a_disclosure_to_social_services(
    site: Site,
) -> None:
    answers = by_consent(
        "HEA",
        worry={
            "categories": ["mental_health"],
            "primary": "mental_health",
            "child_role": "other",
        },
        protection={"may_need_protection": "no"},
    )
    assert HEA in slots(plan(site, answers))
    answers["children"] = [child_answers(municipality="unknown", school="none")]
    found = plan(site, answers)
    assert not found.shares
    assert "consent_or_consult" in found.notices


def test_a_stand_in_has_the_standbys_basis_and_not_the_consent(site: Site) -> None:
    answers = by_consent("ANK", worry=GANG, protection={"may_need_protection": "no"})
    with site.parts.database.write() as connection:
        connection.execute(
            text("UPDATE person SET left_at = created_at WHERE id = :id"),
            {"id": site.people["ank"].hex},
        )
    (share,) = plan(site, answers).shares
    assert share.agency.id == TRIAGE
    assert [basis.id for basis in share.bases] == ["standby"]


def test_another_desk_of_the_same_kind_goes_before_a_stand_in(site: Site) -> None:
    site.hands.move(days=-14)
    answers = by_consent(
        "WEL",
        worry=ABSENCE,
    )
    assert WEL in slots(plan(site, answers))
    man(site, "wel-vantaa-kerava-holiday")
    with site.parts.database.write() as connection:
        connection.execute(
            text("UPDATE person SET left_at = created_at WHERE id = :id"),
            {"id": site.people["wel"].hex},
        )
    assert "wel-vantaa-kerava-holiday" in slots(plan(site, answers))


def test_a_holiday_desk_is_not_stood_in_for_by_the_office_that_is_shut(site: Site) -> None:
    holiday = site.parts.directory.agency("wel-vantaa-kerava-holiday")
    man(site, holiday.id)
    answers = by_consent(
        "WEL",
        worry=ABSENCE,
        protection={"may_need_protection": "no"},
    )
    found = plan(site, answers)
    assert {share.agency.id for share in found.shares if share.lead} == {
        "wel-vantaa-kerava-holiday"
    }
    assert found.standby["wel-vantaa-kerava-holiday"].id == TRIAGE
    holiday = site.parts.directory.agency("wel-vantaa-kerava-holiday")
    assert site.parts.route.standbys_for(holiday, site.hands())[0].id == TRIAGE


def test_an_urgent_return_goes_to_a_desk_that_is_open(site: Site) -> None:
    def first(*, today: bool) -> str:
        team = site.parts.directory.agency(ANK)
        return site.parts.route.standbys_for(team, site.hands(), today=today)[0].id

    assert first(today=True) == first(today=False) == TRIAGE
    site.hands.move(hours=12)
    assert (first(today=True), first(today=False)) == (DUTY, TRIAGE)


def test_even_the_named_duty_desk_has_a_standby(site: Site) -> None:
    man(site, "soc-ita-uusimaa-duty")
    with site.parts.database.write() as connection:
        connection.execute(
            text(
                "UPDATE agency_grant SET withdrawn_at = granted_at"
                " WHERE agency_key_id LIKE 'soc-vantaa-kerava-triage%'"
            )
        )
    answers = worry_answers()
    answers["children"] = [child_answers(municipality="unknown", school="none")]
    found = plan(site, answers)
    assert [share.agency.id for share in found.shares] == [DUTY]
    assert found.standby[DUTY].id == "soc-ita-uusimaa-duty"


@pytest.mark.parametrize("home", ["unknown", "elsewhere"])
@pytest.mark.parametrize(
    ("known", "agency"),
    [
        ({"school": "school-jokikallio"}, "soc-ita-uusimaa-triage"),
        ({"school": "none", "whereabouts_municipality": "porvoo"}, "soc-ita-uusimaa-triage"),
        ({"whereabouts_municipality": "porvoo"}, TRIAGE),
        ({"school": "elsewhere", "school_name": "Keksitty koulu"}, DUTY),
        ({"school": "none"}, DUTY),
    ],
)
def test_an_unknown_home_leads_to_the_county_of_the_school_or_else_of_the_child(
    site: Site, home: str, known: dict[str, str], agency: str
) -> None:
    man(site, "soc-ita-uusimaa-triage")
    answers = worry_answers()
    answers["children"] = [child_answers(municipality=home, **known)]
    found = plan(site, answers)
    assert [share.agency.id for share in found.shares if share.lead] == [agency]
    assert found.facts[0]["residence"] == "unknown"
    site.send(answers)
    assert at(site, agency).is_lead


def test_of_an_unknown_home_no_team_or_youth_service_is_guessed(site: Site) -> None:
    answers = by_consent("ANK", "YOU", worry=GANG)
    answers["children"] = [child_answers(municipality="unknown")]
    assert set(slots(plan(site, answers))) == {TRIAGE}


@pytest.mark.parametrize(("turvakielto", "told"), [("no", {None, "vantaa"}), ("yes", {None})])
def test_a_protected_childs_school_is_not_told_by_its_calendar(
    site: Site, turvakielto: str, told: set[str | None]
) -> None:
    site.hands.move(days=-14)
    answers = by_consent(
        "WEL",
        worry=ABSENCE,
    )
    answers["children"] = [child_answers(turvakielto=turvakielto)]
    site.send(answers)
    with site.parts.database.read() as connection:
        assert set(connection.scalars(select(DeadlineRow.municipality))) == told
