"""What the receipt code shows: where each agency is, and nothing else."""

from __future__ import annotations

import pytest

from intake.domain.referral import Move
from intake.services.record import Entry
from intake.services.status import CodeUnknown, Stage, Status
from intake.vault.own import VisitorSecret
from tests.site import ANK, TRIAGE, Site, worry_answers


def test_the_stages_follow_what_the_agency_does(site: Site) -> None:
    status = Status(site.parts.database, site.parts.directory)
    code = site.send().code
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))

    def stage() -> Stage:
        (agency,) = status.by_code(code).agencies
        return agency.stage

    assert stage() is Stage.STORED
    site.parts.read(visit, row.id, site.hands.move(minutes=5))
    assert stage() is Stage.OPENED
    site.parts.respond(visit, row.id, Entry(Move.ACCEPT), site.hands())
    assert stage() is Stage.HANDLED
    site.parts.respond(visit, row.id, Entry(Move.RESPOND, choice="contacted"), site.hands())
    assert status.by_code(code).agencies[0].response == "contacted"
    site.parts.respond(visit, row.id, Entry(Move.CLOSE, reason="Valmis."), site.hands())
    assert stage() is Stage.CLOSED


def test_a_returned_report_shows_where_it_went(site: Site) -> None:
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        protection={"may_need_protection": "no"},
        consent={"child_consent": "given", "consent_to": ["ANK"]},
    )
    code = site.send(answers).code
    visit = site.visit("ank")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    site.parts.respond(visit, row.id, Entry(Move.RETURN, reason="Väärä."), site.hands())
    status = Status(site.parts.database, site.parts.directory).by_code(code)
    stages = {agency.agency.id: agency for agency in status.agencies}
    assert stages[ANK].stage is Stage.MOVED
    moved_to = stages[ANK].moved_to
    assert moved_to is not None
    assert moved_to.id == TRIAGE
    assert stages[TRIAGE].stage is Stage.STORED


def test_a_well_formed_code_of_nobody_is_unknown(site: Site) -> None:
    site.send()
    with pytest.raises(CodeUnknown):
        Status(site.parts.database, site.parts.directory).by_code(VisitorSecret.new().receipt_code)


def test_the_next_duty_is_the_earliest_unmet_one(site: Site) -> None:
    code = site.send().code
    (agency,) = Status(site.parts.database, site.parts.directory).by_code(code).agencies
    assert agency.next_clock == "urgency"
    assert agency.next_due is not None
    assert agency.next_due.isoformat() == "2026-06-02"
