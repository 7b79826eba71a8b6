"""Handing over: chosen sections to a chosen agency on a basis that a person chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from intake.domain.directory import Agency
from intake.domain.referral import Move, State
from intake.domain.trail import Action
from intake.services.hand_over import (
    BasisUnfit,
    Choices,
    ConsentMissing,
    SectionsUnfit,
    TargetNotOpen,
    Told,
)
from intake.services.read import ReferralNotYours
from intake.services.record import Entry, MoveNotOpen, ReasonMissing
from intake.services.status import Stage, Status
from intake.store.tables import ReferralRow, WrapRow
from routing_rules.rule import BasisKind
from tests.services.sending import WHY, at, clocks, gang, hand_over, lines, row_of, silence
from tests.site import (
    ANK,
    DUTY,
    HEA,
    POL,
    SOC,
    TRIAGE,
    WEL,
    YOU,
    Site,
    child_answers,
    worry_answers,
)


def choices(site: Site, name: str, referral: UUID) -> Choices:
    return site.parts.hand_over.choices(site.visit(name), referral, site.hands())


def targets(site: Site, name: str, referral: UUID) -> set[str]:
    return {agency.id for agency in choices(site, name, referral).targets}


def agency(site: Site, name: str) -> Agency:
    return site.parts.directory.agency(name)


def protected() -> dict[str, Any]:
    answers = gang()
    answers["children"] = [child_answers(turvakielto="yes")]
    return answers


def threat() -> dict[str, Any]:
    return worry_answers(urgency={"threat_to_life": "to_others"})


def test_the_receiver_reads_the_sections_that_were_ticked_and_no_other(site: Site) -> None:
    site.send(gang(observations={"health": "Astma."}))
    ank, first = site.visit("ank"), at(site, ANK)
    assert "health" not in choices(site, "ank", first.id).sections
    site.hands.move(hours=1)
    new = hand_over(site, ank, first.id, YOU, "consent", ["concern", "identity_1"], "Nuori itse.")
    opened = site.parts.read(site.visit("you"), new, site.hands())
    assert set(opened.sections) == {"concern", "identity_1"}
    assert opened.referral.came_from == first.id
    assert opened.referral.state == State.SENT
    assert opened.referral.is_lead
    assert opened.reasons["handed_over"] == {"by": ANK, "reason": WHY, "consent": "Nuori itse."}
    assert [basis["id"] for basis in opened.reasons["bases"]] == ["consent"]


def test_a_section_that_the_agency_does_not_hold_cannot_be_handed_over(site: Site) -> None:
    site.send(gang(observations={"health": "Astma."}))
    first = at(site, ANK)
    for sections in (["concern", "health"], ["identity_2"], ["reasons"], []):
        with pytest.raises(SectionsUnfit):
            hand_over(site, site.visit("ank"), first.id, YOU, "consent", sections, "Nuori.")
    assert row_of(site, first.id).state == State.SENT


def test_the_old_referral_is_met_and_moved_and_says_what_was_disclosed(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    hand_over(site, site.visit("ank"), first.id, YOU, "consent", ["concern"], "Nuori itse.")
    opened = site.parts.read(site.visit("ank"), first.id, site.hands())
    assert opened.referral.state == State.HANDED_OVER
    assert {c: row.met_by for c, row in clocks(site, first.id).items()} == {
        "accept": "hand_over",
        "ankkuri_meeting": "hand_over",
    }
    (told,) = opened.disclosed.values()
    assert told["sections"] == ["concern"]
    assert told["basis"]["id"] == "consent"
    assert told["consent"] == "Nuori itse."
    assert list(opened.move_reasons.values()) == [WHY]
    silence(site, days=30)
    assert {row.next_chase_at for row in clocks(site, first.id).values()} == {None}


def test_the_law_s_clocks_keep_their_start_at_an_agency_of_the_same_kind(site: Site) -> None:
    site.send()
    first = at(site, SOC)
    soc = site.visit("soc")
    site.parts.respond(soc, first.id, Entry(Move.RECORD_URGENCY, choice="urgent"), site.hands())
    before = clocks(site, first.id)
    now = site.hands.move(days=3)
    new = hand_over(site, site.visit("soc"), first.id, TRIAGE, "competent")
    after = clocks(site, new)
    assert set(after) == {"accept", "urgency", "lsl26_start", "lsl26_complete"}
    for clock in ("lsl26_start", "lsl26_complete"):
        assert after[clock].started_at == before[clock].started_at
        assert after[clock].due_on == before[clock].due_on
    for clock in ("accept", "urgency"):
        assert after[clock].started_at == now
        assert after[clock].met_at is None


def test_a_clock_that_was_met_does_not_run_again_at_the_receiver(site: Site) -> None:
    site.send()
    first = at(site, SOC)
    soc, now = site.visit("soc"), site.hands()
    for entry in (
        Entry(Move.ACCEPT),
        Entry(Move.ASSESSMENT_STARTED, happened_on=now.date()),
    ):
        site.parts.respond(soc, first.id, entry, site.hands.move(minutes=1))
    new = hand_over(site, soc, first.id, TRIAGE, "competent")
    assert set(clocks(site, new)) == {"accept", "urgency", "lsl26_complete"}


def test_a_late_clock_is_chased_at_the_receiver_from_the_next_step_on(site: Site) -> None:
    site.send()
    first = at(site, SOC)
    silence(site, days=13)
    new = hand_over(site, site.visit("soc"), first.id, TRIAGE, "competent")
    late = clocks(site, new)["lsl26_start"]
    assert late.due_at < site.hands() < late.next_chase_at
    assert site.parts.chase(site.hands()) == 0, "nobody is reminded in the minute of the arrival"


def test_while_a_clock_of_the_law_runs_only_the_same_kind_can_get_it(site: Site) -> None:
    site.send()
    first = at(site, SOC)
    assert targets(site, "soc", first.id) == {TRIAGE, DUTY}
    soc, now = site.visit("soc"), site.hands
    respond = site.parts.respond
    respond(soc, first.id, Entry(Move.RECORD_URGENCY, choice="not_urgent"), now())
    respond(soc, first.id, Entry(Move.ACCEPT), now.move(minutes=1))
    with pytest.raises(TargetNotOpen):
        hand_over(site, soc, first.id, HEA, "consent", ["concern"], "Huoltaja.")
    day = now().date()
    entry = Entry(Move.ASSESSMENT_NOT_NEEDED, reason="Ei tarvetta.", happened_on=day)
    respond(soc, first.id, entry, now.move(minutes=1))
    assert {HEA, POL, YOU, ANK} <= targets(site, "soc", first.id)


def test_police_hand_a_reported_offence_to_no_one_but_police(site: Site) -> None:
    site.send(threat())
    assert targets(site, "pol", at(site, POL).id) == set(), (
        "the other desk of the police has no key"
    )


def test_a_professional_s_notification_starts_the_clocks_of_the_law_at_social_services(
    site: Site,
) -> None:
    site.send(gang())
    first = at(site, ANK)
    now = site.hands.move(days=2)
    new = hand_over(site, site.visit("ank"), first.id, SOC, "notification")
    after = clocks(site, new)
    assert set(after) == {"accept", "urgency", "lsl26_start", "lsl26_complete"}
    assert {row.started_at for row in after.values()} == {now}
    opened = site.parts.read(site.visit("soc"), new, now)
    assert opened.reasons["report_type"] == "child_welfare_notification"
    assert opened.reasons["bases"][0]["law"] == "417/2007 §25.1"


def test_a_contact_for_support_asks_who_consented_and_starts_no_assessment(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    with pytest.raises(ConsentMissing):
        hand_over(site, site.visit("ank"), first.id, SOC, "support")
    new = hand_over(site, site.visit("ank"), first.id, SOC, "support", consent="Nuori ja isä.")
    assert set(clocks(site, new)) == {"accept", "urgency"}
    opened = site.parts.read(site.visit("soc"), new, site.hands())
    assert opened.reasons["report_type"] == "support_contact"


def test_a_basis_must_fit_both_kinds_be_in_force_and_never_be_a_placeholder(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    hand = site.parts.hand_over
    ways = {
        to: {way.id for way in hand.ways(agency(site, ANK), agency(site, to), site.hands())}
        for to in (SOC, POL, HEA, YOU, ANK)
    }
    assert ways == {
        SOC: {"notification", "support"},
        POL: {"crime-against-child", "serious-crime"},
        HEA: {"consent"},
        YOU: {"consent"},
        ANK: {"competent", "consent"},
    }
    for unfit in ("competent", "threat-at-school", "soc_care", "nonsense"):
        with pytest.raises(BasisUnfit):
            hand_over(site, site.visit("ank"), first.id, SOC, unfit)
    rules = site.parts.route.rules
    assert {way.basis.kind for way in rules.beside["hand_over"].values()} == {
        BasisKind.LAW,
        BasisKind.CONSENT,
    }
    before_the_law = site.hands().replace(year=1999)
    assert hand.ways(agency(site, ANK), agency(site, SOC), before_the_law) == []


def test_an_agency_that_has_the_report_or_that_nobody_opens_is_no_target(site: Site) -> None:
    site.send(worry_answers(protection={"crime_against_child": "violence"}))
    found = targets(site, "soc", at(site, SOC).id)
    assert SOC not in found
    assert POL not in found, "it has the report"
    assert "soc-keski-uusimaa-office" not in found, "nobody there can open"
    with site.parts.database.write() as connection:
        connection.execute(
            text("UPDATE agency_grant SET withdrawn_at = granted_at WHERE agency_key_id LIKE :it"),
            {"it": f"{DUTY}%"},
        )
    assert DUTY not in targets(site, "soc", at(site, SOC).id)


def test_an_agency_out_of_use_is_no_target(site: Site) -> None:
    site.send()
    first = at(site, SOC)
    assert TRIAGE in targets(site, "soc", first.id)
    agencies = site.parts.directory.agencies
    ended = {TRIAGE: replace(agencies[TRIAGE], in_use=False)}
    parts = replace(
        site.parts, directory=replace(site.parts.directory, agencies={**agencies, **ended})
    )
    found = parts.hand_over.choices(site.visit("soc"), first.id, site.hands()).targets
    assert TRIAGE not in {target.id for target in found}


def test_a_team_without_an_agreement_in_force_is_no_target(site: Site) -> None:
    site.send(
        worry_answers(
            protection={"crime_against_child": "other", "may_need_protection": "no"},
            worry={"categories": ["other"], "primary": "other"},
        )
    )
    first = at(site, SOC)
    site.parts.respond(
        site.visit("soc"), first.id, Entry(Move.RECORD_URGENCY, choice="urgent"), site.hands()
    )
    assert ANK in targets(site, "soc", first.id)
    site.hands.move(days=365 * 20)
    site.sign_again()
    assert ANK not in targets(site, "soc", first.id)


def test_what_was_sent_on_can_come_back_as_a_new_referral(site: Site) -> None:
    site.send()
    first = at(site, SOC)
    there = hand_over(site, site.visit("soc"), first.id, DUTY, "competent")
    site.hands.move(hours=1)
    back = hand_over(site, site.visit("duty"), there, SOC, "competent")
    assert row_of(site, first.id).state == State.HANDED_OVER
    assert row_of(site, back).agency_id == SOC
    opened = site.parts.read(site.visit("soc"), back, site.hands())
    assert opened.sections["concern"]["primary"] == "neglect"
    assert opened.reasons["handed_over"]["by"] == DUTY
    assert clocks(site, back)["lsl26_start"].started_at == first.arrived_at


def test_nothing_is_ticked_ready_from_social_or_health_care_to_the_police(site: Site) -> None:
    site.send(
        worry_answers(
            protection={"may_need_protection": "no"},
            worry={"categories": ["other"], "primary": "other"},
        )
    )
    first, hand = at(site, SOC), site.parts.hand_over
    found = choices(site, "soc", first.id)
    by = agency(site, SOC)
    assert hand.usual(found, by, agency(site, POL)) == []
    assert "health" in hand.usual(found, by, agency(site, TRIAGE))
    assert "health" in hand.usual(found, by, agency(site, HEA))
    assert set(hand.usual(found, by, agency(site, YOU))) == {"reporter", "identity_1", "concern"}


def test_a_protected_place_is_not_ticked_ready(site: Site) -> None:
    site.send(protected())
    first, hand = at(site, ANK), site.parts.hand_over
    found = choices(site, "ank", first.id)
    assert found.protected
    assert not {"place_1", "guardians"} & set(
        hand.usual(found, agency(site, ANK), agency(site, WEL))
    )


def test_why_the_rules_sent_it_goes_along_only_with_the_worry(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    new = hand_over(site, site.visit("ank"), first.id, YOU, "consent", ["identity_1"], "Nuori.")
    reasons = site.parts.read(site.visit("you"), new, site.hands()).reasons
    assert reasons["reasons"] == []
    assert reasons["withheld"] == []
    assert reasons["report_type"] == "other_contact"
    assert reasons["type_reason"] == "Another authority handed the report over."


def test_a_notice_that_protects_the_child_follows(site: Site) -> None:
    answers = gang()
    answers["guardians"] = [
        {"name": "", "contact": "", "lives_with_child": "yes", "suspected_perpetrator": "yes"}
    ]
    site.send(answers)
    first = at(site, ANK)
    new = hand_over(site, site.visit("ank"), first.id, YOU, "consent", ["identity_1"], "Nuori.")
    reasons = site.parts.read(site.visit("you"), new, site.hands()).reasons
    assert reasons["notices"] == ["nothing_to_guardians"]


def test_a_lead_that_moves_gets_a_fresh_standby_desk_and_another_recipient_none(
    site: Site,
) -> None:
    site.send(gang())
    lead = at(site, ANK)
    new = hand_over(site, site.visit("ank"), lead.id, YOU, "consent", ["concern"], "Nuori.")

    def wraps(referral: UUID) -> dict[str, str]:
        with site.parts.database.read() as connection:
            rows = connection.execute(select(WrapRow).where(WrapRow.referral_id == referral))
            return {row.purpose: row.agency_id for row in rows}

    assert wraps(new) == {"recipient": YOU, "standby": TRIAGE}
    answers = gang()
    answers["protection"] |= {"may_need_protection": "yes"}
    site.send(answers)
    other = at(site, SOC)
    assert not other.is_lead
    there = hand_over(site, site.visit("soc"), other.id, TRIAGE, "competent")
    assert wraps(there) == {"recipient": TRIAGE}


def test_the_trail_tells_recipient_parts_and_basis_of_the_disclosure(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    new = hand_over(
        site, site.visit("ank"), first.id, POL, "serious-crime", ["identity_1", "concern"]
    )
    (moved,) = lines(site, "move:hand_over")
    assert (moved.agency_id, moved.referral_id) == (ANK, first.id)
    assert (moved.purpose, moved.basis) == (f"to {POL}", "39/1889 15:10")
    (disclosed,) = lines(site, Action.DISCLOSE)
    assert (disclosed.agency_id, disclosed.referral_id) == (POL, new)
    assert (disclosed.purpose, disclosed.basis) == ("identity, concern", "39/1889 15:10")
    assert disclosed.person_id == site.people["ank"]


def test_a_reason_is_asked_and_another_agency_s_referral_is_not_there(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    told = Told(YOU, "consent", ("concern",), "", "Nuori.")
    with pytest.raises(ReasonMissing):
        site.parts.hand_over(site.visit("ank"), first.id, told, site.hands())
    with pytest.raises(ReferralNotYours):
        site.parts.hand_over.choices(site.visit("you"), first.id, site.hands())


def test_a_hand_over_whose_line_fails_leaves_everything_as_it_was(site: Site) -> None:
    site.send(gang())
    first, visit = at(site, ANK), site.visit("ank")
    site.break_writes("INSERT ON trail")
    with pytest.raises(Exception, match="full"):
        hand_over(site, visit, first.id, YOU, "consent", ["concern"], "Nuori.")
    assert row_of(site, first.id).state == State.SENT
    with site.parts.database.read() as connection:
        assert len(connection.execute(select(ReferralRow.id)).all()) == 1


def test_a_closed_referral_is_not_handed_over(site: Site) -> None:
    site.send(gang())
    first, visit = at(site, ANK), site.visit("ank")
    for entry in (Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis.")):
        site.parts.respond(visit, first.id, entry, site.hands.move(minutes=1))
    with pytest.raises(MoveNotOpen):
        hand_over(site, visit, first.id, YOU, "consent", ["concern"], "Nuori.")


def test_the_reporter_sees_where_it_moved(site: Site) -> None:
    code = site.send(gang()).code
    first = at(site, ANK)
    hand_over(site, site.visit("ank"), first.id, YOU, "consent", ["concern"], "Nuori.")
    status = Status(site.parts.database, site.parts.directory).by_code(code)
    stages = {each.agency.id: (each.stage, each.moved_to) for each in status.agencies}
    assert stages == {
        ANK: (Stage.MOVED, agency(site, YOU)),
        YOU: (Stage.STORED, None),
    }
