"""Recording moves: what each asks, which clocks it meets, and where a return goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from intake.domain.referral import Move, State
from intake.services.hand_on import NoDeskTakesIt
from intake.services.record import Entry, MoveNotOpen, ReasonMissing, Recording
from intake.services.respond import ChoiceUnknown, DayImpossible
from intake.services.sign_in import Visit
from intake.store.tables import DeadlineRow, ReferralRow, WrapRow
from tests.services.sending import gang
from tests.site import ANK, DUTY, SOC, TRIAGE, Site, child_answers, worry_answers


def only(site: Site, visit: Visit) -> UUID:
    (row,) = site.parts.read.inbox(visit, tuple(State))
    found: UUID = row.id
    return found


def met(site: Site, referral: UUID) -> dict[str, str | None]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(DeadlineRow.clock, DeadlineRow.met_by).where(DeadlineRow.referral_id == referral)
        )
        return {row.clock: row.met_by for row in rows}


def test_opening_meets_no_clock_and_accepting_meets_only_its_own(site: Site) -> None:
    site.send(gang())
    visit = site.visit("ank")
    referral = only(site, visit)
    site.parts.read(visit, referral, site.hands())
    assert set(met(site, referral).values()) == {None}
    site.parts.respond(visit, referral, Entry(Move.ACCEPT), site.hands())
    assert met(site, referral) == {"accept": "accept", "ankkuri_meeting": None}


def test_the_assessment_moves_meet_the_clocks_of_the_law(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    referral = only(site, visit)
    respond, now = site.parts.respond, site.hands
    respond(visit, referral, Entry(Move.RECORD_URGENCY, choice="not_urgent"), now())
    respond(visit, referral, Entry(Move.ACCEPT), now())
    started = Entry(Move.ASSESSMENT_STARTED, happened_on=date(2026, 6, 4))
    respond(visit, referral, started, now.move(days=5))
    assert met(site, referral) == {
        "urgency": "record_urgency",
        "lsl26_start": "assessment_started",
        "lsl26_complete": None,
    }
    with pytest.raises(ReasonMissing):
        respond(visit, referral, Entry(Move.CLOSE), now())
    respond(visit, referral, Entry(Move.CLOSE, reason="Perhe muutti."), now())
    opened = site.parts.read(visit, referral, now())
    assert opened.referral.state == State.CLOSED
    assert list(opened.move_reasons.values()) == ["Perhe muutti."]
    assert met(site, referral)["lsl26_complete"] == "close"


def test_already_a_client_ends_both_clocks_and_needs_day_and_reason(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    referral = only(site, visit)
    respond = site.parts.respond
    respond(visit, referral, Entry(Move.ACCEPT), site.hands())
    today = date(2026, 6, 2)
    with pytest.raises(ReasonMissing):
        respond(visit, referral, Entry(Move.ALREADY_CLIENT, happened_on=today), site.hands())
    for impossible in (None, date(2026, 6, 3), date(2026, 6, 1)):
        entry = Entry(Move.ALREADY_CLIENT, reason="Oma työntekijä.", happened_on=impossible)
        with pytest.raises(DayImpossible):
            respond(visit, referral, entry, site.hands())
    respond(
        visit,
        referral,
        Entry(Move.ALREADY_CLIENT, reason="Oma työntekijä.", happened_on=today),
        site.hands(),
    )
    assert met(site, referral)["lsl26_start"] == "already_client"
    assert met(site, referral)["lsl26_complete"] == "already_client"


def test_a_response_needs_a_known_class(site: Site) -> None:
    site.send(gang())
    visit = site.visit("ank")
    referral = only(site, visit)
    site.parts.respond(visit, referral, Entry(Move.ACCEPT), site.hands())
    for choice in (None, "made_up"):
        with pytest.raises(ChoiceUnknown):
            site.parts.respond(visit, referral, Entry(Move.RESPOND, choice=choice), site.hands())
    entry = Entry(Move.RESPOND, choice="meeting_offered")
    site.parts.respond(visit, referral, entry, site.hands())
    assert met(site, referral)["ankkuri_meeting"] == "respond"


def test_social_services_cannot_return(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    with pytest.raises(MoveNotOpen):
        site.parts.respond(visit, only(site, visit), Entry(Move.RETURN, reason="x"), site.hands())


def test_a_returned_referral_goes_to_the_standby_desk_which_can_read_it(site: Site) -> None:
    site.send(gang())
    visit = site.visit("ank")
    referral = only(site, visit)
    with pytest.raises(ReasonMissing):
        site.parts.respond(visit, referral, Entry(Move.RETURN), site.hands())
    entry = Entry(Move.RETURN, reason="Ei kuulu tiimille.")
    site.parts.respond(visit, referral, entry, site.hands.move(days=1))
    with site.parts.database.read() as connection:
        states = {
            row.agency_id: (row.state, row.is_lead)
            for row in connection.execute(select(ReferralRow))
        }
    assert states == {ANK: ("returned", True), TRIAGE: ("sent", True)}
    triage = site.visit("soc")
    opened = site.parts.read(triage, only(site, triage), site.hands())
    assert opened.sections["concern"]["primary"] == "gang"
    assert opened.reasons["returned"] == {"by": ANK, "reason": "Ei kuulu tiimille."}
    assert set(met(site, referral).values()) == {"return"}
    assert met(site, opened.referral.id) == {"accept": None, "urgency": None}


def test_two_workers_cannot_both_accept(site: Site) -> None:
    site.send()
    worker, head = site.visit("soc"), site.visit("soc-head")
    referral = only(site, worker)
    site.parts.respond(worker, referral, Entry(Move.ACCEPT), site.hands())
    with pytest.raises(MoveNotOpen):
        site.parts.respond(head, referral, Entry(Move.ACCEPT), site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalar(select(ReferralRow.worker_id)) == worker.person.id


def test_a_move_whose_trail_line_fails_is_not_kept(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    referral = only(site, visit)
    site.break_writes("INSERT ON trail")
    with pytest.raises(Exception, match="full"):
        site.parts.respond(visit, referral, Entry(Move.ACCEPT), site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalar(select(ReferralRow.state)) == State.SENT


@pytest.mark.parametrize(
    "pages",
    [
        {
            "worry": {
                "categories": ["offence_by_child"],
                "primary": "offence_by_child",
                "child_role": "suspected",
            },
            "urgency": {"urgency": "today"},
        },
        {"protection": {"crime_against_child": "sexual"}},
        {
            "worry": {
                "categories": ["sexual_offence"],
                "primary": "sexual_offence",
                "child_role": "victim",
            }
        },
        {"urgency": {"threat_to_life": "to_others"}},
    ],
)
def test_police_cannot_return_an_offence_or_a_threat(
    site: Site, pages: dict[str, dict[str, object]]
) -> None:
    site.send(worry_answers(**pages))
    visit = site.visit("pol")
    referral = only(site, visit)
    with pytest.raises(MoveNotOpen):
        site.parts.respond(visit, referral, Entry(Move.RETURN, reason="x"), site.hands())


def test_a_return_goes_to_the_next_desk_where_the_standby_holds_the_report(site: Site) -> None:
    answers = gang()
    answers["children"] = [
        child_answers(),
        child_answers(name="Toinen", municipality="unknown", school="none"),
    ]
    answers["protection"] = answers["protection"] | {"may_need_protection": "yes"}
    site.send(answers)
    with site.parts.database.read() as connection:
        held = set(connection.scalars(select(ReferralRow.agency_id)))
    assert held == {ANK, SOC, DUTY}, "the unknown residence leads to the named duty desk"
    visit = site.visit("ank")
    entry = Entry(Move.RETURN, reason="Ei kuulu tiimille.")
    site.parts.respond(visit, only(site, visit), entry, site.hands())
    with site.parts.database.read() as connection:
        now_held = set(connection.scalars(select(ReferralRow.agency_id)))
    assert now_held == held | {TRIAGE}


def test_a_return_to_another_kind_of_agency_has_the_standbys_basis(site: Site) -> None:
    site.send(gang())
    visit = site.visit("ank")
    site.parts.respond(visit, only(site, visit), Entry(Move.RETURN, reason="x"), site.hands())
    taker = site.visit("soc")
    opened = site.parts.read(taker, only(site, taker), site.hands())
    basis = site.parts.route.rules.beside["standby"]["ANK"].basis
    assert [found["id"] for found in opened.reasons["bases"]] == [basis.id]


def test_a_return_that_no_desk_can_take_is_refused(site: Site) -> None:
    site.send(gang())
    visit = site.visit("ank")
    referral = only(site, visit)
    with site.parts.database.write() as connection:
        connection.execute(
            text(
                "UPDATE agency_grant SET withdrawn_at = granted_at WHERE agency_key_id LIKE 'soc-%'"
            )
        )
    with pytest.raises(NoDeskTakesIt):
        site.parts.respond(visit, referral, Entry(Move.RETURN, reason="x"), site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalar(select(ReferralRow.state)) == State.SENT


def test_of_two_who_record_at_the_same_moment_one_wins_though_the_state_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send(gang())
    visit = site.visit("ank")
    referral = only(site, visit)
    site.parts.respond(visit, referral, Entry(Move.ACCEPT), site.hands())
    both_have_read = Barrier(2, timeout=20)
    of = Recording.of

    def at_once(*given: Any, **more: Any) -> Recording:
        made = of(*given, **more)
        both_have_read.wait()
        return made

    monkeypatch.setattr(Recording, "of", at_once)

    def respond(choice: str) -> str:
        now = site.hands() + timedelta(seconds=len(choice))
        try:
            site.parts.respond(visit, referral, Entry(Move.RESPOND, choice=choice), now)
        except MoveNotOpen:
            return "refused"
        return choice

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(respond, ("contacted", "meeting_offered")))
    assert ended.count("refused") == 1
    moves = site.parts.read(visit, referral, site.hands()).moves
    assert [move.choice for move in moves if move.move == Move.RESPOND] == [
        choice for choice in ended if choice != "refused"
    ]


def test_a_return_that_leads_has_a_standby_desk_of_its_own(site: Site) -> None:
    site.send(gang())
    visit = site.visit("ank")
    site.parts.respond(visit, only(site, visit), Entry(Move.RETURN, reason="x"), site.hands())
    with site.parts.database.read() as connection:
        wraps = connection.execute(
            select(WrapRow.purpose, WrapRow.agency_id)
            .join(ReferralRow, ReferralRow.id == WrapRow.referral_id)
            .where(ReferralRow.agency_id == TRIAGE)
        ).all()
    assert {tuple(row) for row in wraps} == {("recipient", TRIAGE), ("standby", DUTY)}
