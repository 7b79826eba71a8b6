"""Several children: decided one by one, shown together, one referral for each agency."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from intake.services.read import ReferralNotYours
from intake.services.status import Status
from intake.store.tables import ReferralRow
from tests.services.sending import at, man
from tests.site import ANK, POL, SOC, Site, child_answers, worry_answers

IN_PORVOO = "soc-ita-uusimaa-office"
TEN = {"known_by": "age", "hetu": "", "age": "10", "name": "Pikku"}
SIXTEEN = {"known_by": "age", "hetu": "", "age": "16", "name": "Iso"}


def siblings(*children: dict[str, Any], **pages: dict[str, Any]) -> dict[str, Any]:
    """An offence by children: up to 14 the Ankkuri team leads by consent, from 15 the police."""
    answers = worry_answers(
        worry={
            "categories": ["offence_by_child"],
            "primary": "offence_by_child",
            "child_role": "suspected",
        },
        consent={"child_consent": "given", "consent_to": ["ANK"]},
        **pages,
    )
    answers["children"] = [child_answers(**child) for child in children]
    return answers


def agencies(site: Site) -> list[str]:
    with site.parts.database.read() as connection:
        return sorted(connection.scalars(select(ReferralRow.agency_id)))


def test_each_child_is_decided_alone_and_each_agency_gets_one_referral(site: Site) -> None:
    site.send(siblings(TEN, SIXTEEN))
    assert agencies(site) == sorted({ANK, POL, SOC})
    assert at(site, ANK).is_lead
    assert at(site, POL).is_lead


def test_an_agency_sees_the_children_that_are_its_own(site: Site) -> None:
    site.send(siblings(TEN, SIXTEEN, protection={"may_need_protection": "no"}))
    seen = {}
    for name, agency in (("ank", ANK), ("pol", POL)):
        opened = site.parts.read(site.visit(name), at(site, agency).id, site.hands())
        parts = {slot: part for slot, part in opened.sections.items() if "identity" in slot}
        seen[agency] = {slot: part["name"] for slot, part in parts.items()}
    assert seen == {
        ANK: {"identity_1": "Pikku", "identity_2": "Iso"},  # the elder by consent
        POL: {"identity_2": "Iso"},
    }


def test_siblings_in_two_counties_go_each_to_their_own_county_alone(site: Site) -> None:
    man(site, IN_PORVOO)
    answers = worry_answers()
    answers["children"] = [
        child_answers(name="Vantaalainen"),
        child_answers(name="Porvoolainen", municipality="porvoo", school="school-jokikallio"),
    ]
    site.send(answers)
    assert agencies(site) == sorted({SOC, IN_PORVOO})
    for reader, agency, number, name in (
        ("soc", SOC, 1, "Vantaalainen"),
        ("duty", IN_PORVOO, 2, "Porvoolainen"),
    ):
        referral = at(site, agency)
        assert referral.is_lead
        opened = site.parts.read(site.visit(reader), referral.id, site.hands())
        own = {slot: part for slot, part in opened.sections.items() if "_" in slot}
        assert set(own) == {f"identity_{number}", f"place_{number}"}
        assert own[f"identity_{number}"]["name"] == name
        assert opened.reasons["children"]["R1"] == [number]
    with pytest.raises(ReferralNotYours):
        site.parts.read(site.visit("soc"), at(site, IN_PORVOO).id, site.hands())


def test_each_reason_says_for_which_child_it_held(site: Site) -> None:
    site.send(siblings(TEN, SIXTEEN))
    opened = site.parts.read(site.visit("soc"), at(site, SOC).id, site.hands())
    assert set(opened.sections) >= {"identity_1", "identity_2"}
    assert opened.reasons["children"]["R1"] == [1, 2]
    police = site.parts.read(site.visit("pol"), at(site, POL).id, site.hands())
    assert police.reasons["children"]["T01-POL"] == [2]


def test_of_one_child_nothing_is_numbered(site: Site) -> None:
    site.send(siblings(TEN))
    opened = site.parts.read(site.visit("ank"), at(site, ANK).id, site.hands())
    assert "children" not in opened.reasons


def test_the_reporter_follows_one_report(site: Site) -> None:
    code = site.send(siblings(TEN, SIXTEEN)).code
    status = Status(site.parts.database, site.parts.directory).by_code(code)
    assert sorted(each.agency.id for each in status.agencies) == sorted({ANK, POL, SOC})
