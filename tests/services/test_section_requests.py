"""A further section comes from the lead alone, on a basis, and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from intake import upkeep
from intake.domain.referral import Move, State
from intake.domain.section_request import FOLLOWS, RequestState, may_be_asked, may_be_given
from intake.domain.trail import Action
from intake.services.answer_request import Given
from intake.services.ask_sections import AlreadyAsked, NoLeadToAsk, Wanted
from intake.services.hand_over import BasisUnfit, ConsentMissing, SectionsUnfit
from intake.services.list_deletions import read_list
from intake.services.read import ReferralNotYours
from intake.services.record import Entry, MoveNotOpen, ReasonMissing
from intake.store import retention
from intake.store.need_to_know_tables import SectionRequestRow
from intake.store.tables import ReferralRow
from tests.lived import empty_place, key_pair, making, opened
from tests.services.asking import CONSENT, WHY, asked, granted, sections, sent, services
from tests.services.sending import at, gang, hand_over, lines, overtaken
from tests.site import ANK, HEA, SOC, WEL, YOU, Site, built

FIRST = {"concern", "identity_1", "reporter"}


def state(site: Site, request: UUID) -> str:
    with site.parts.database.read() as connection:
        found = connection.scalar(
            select(SectionRequestRow.state).where(SectionRequestRow.id == request)
        )
    return str(found)


def test_the_table_of_a_request_ends_everywhere_and_only_the_lead_moves_it() -> None:
    assert set(FOLLOWS) == set(RequestState)
    assert FOLLOWS[RequestState.ASKED] == {RequestState.GRANTED, RequestState.REFUSED}
    assert FOLLOWS[RequestState.GRANTED] == {RequestState.WITHDRAWN}


def test_what_may_be_asked_tells_nothing_of_how_many_children_there_are() -> None:
    assert may_be_asked(["identity_2", "concern"]) == (
        "reporter",
        "guardians",
        "health",
        "place_2",
    )
    assert may_be_asked([]) == (
        "concern",
        "reporter",
        "guardians",
        "health",
        "identity_1",
        "place_1",
    )
    held = ["concern", "identity_1", "identity_2", "place_1", "reasons"]
    assert may_be_given(["identity_1"], held) == ("identity_1", "identity_2")
    assert may_be_given([], held) == ()


def test_nothing_more_opens_before_the_lead_has_granted_it(site: Site) -> None:
    lead, asker = sent(site)
    assert sections(site, "you", asker) == FIRST
    request = asked(site, lead, asker)
    assert sections(site, "you", asker) == FIRST
    given = Given("consent", ("guardians",), "", CONSENT)
    services(site)[1].grant(site.visit("ank"), lead, request, given, site.hands.move(minutes=1))
    assert sections(site, "you", asker) == {*FIRST, "guardians"}
    line = lines(site, Action.GRANT_SECTIONS)[-1]
    assert (line.agency_id, line.referral_id, line.purpose) == (YOU, asker, "guardians")
    assert line.basis
    assert line.person_id == site.people["ank"]


def test_both_sides_read_what_was_asked_and_answered_and_nobody_else(site: Site) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    ask, _ = services(site)
    for name, referral, own in (("ank", lead, False), ("you", asker, True)):
        row = site.parts.read.entitled(site.visit(name), referral, site.hands())
        (request,) = ask.requests(site.visit(name), row)
        assert request.own is own
        assert request.asked is not None
        assert request.asked["reason"] == WHY
        assert request.answer is not None
        assert request.answer["sections"] == ["guardians"]
    row = site.parts.read.entitled(site.visit("soc"), at(site, SOC).id, site.hands())
    assert ask.requests(site.visit("soc"), row) == []


def test_of_several_children_the_lead_gives_those_that_it_chooses(site: Site) -> None:
    lead, asker = sent(site, children=2)
    _, answer = services(site)
    request = asked(site, lead, asker, "place_1")
    choices = answer.choices(site.visit("ank"), lead, request, site.hands())
    assert choices.sections == ("place_1", "place_2")
    given = Given("consent", ("place_2",), "", CONSENT)
    answer.grant(site.visit("ank"), lead, request, given, site.hands.move(minutes=1))
    found = sections(site, "you", asker)
    assert "place_2" in found
    assert "place_1" not in found


def test_refused_with_a_reason_that_the_asker_reads(site: Site) -> None:
    lead, asker = sent(site)
    ask, answer = services(site)
    request = asked(site, lead, asker)
    ank = site.visit("ank")
    with pytest.raises(ReasonMissing):
        answer.refuse(ank, lead, request, "", site.hands())
    answer.refuse(ank, lead, request, "Ei tarpeen.", site.hands())
    assert sections(site, "you", asker) == FIRST
    row = site.parts.read.entitled(site.visit("you"), asker, site.hands())
    (shown,) = ask.requests(site.visit("you"), row)
    assert (shown.state, shown.answer) == (RequestState.REFUSED, {"reason": "Ei tarpeen."})
    given = Given("consent", ("guardians",), "", CONSENT)
    with pytest.raises(MoveNotOpen):
        answer.grant(ank, lead, request, given, site.hands())
    asked(site, lead, asker)


def test_a_withdrawn_grant_opens_nothing_any_more(site: Site) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    assert "guardians" in sections(site, "you", asker)
    _, answer = services(site)
    answer.withdraw(site.visit("ank"), lead, request, "Annettu erehdyksessä.", site.hands())
    assert sections(site, "you", asker) == FIRST
    assert state(site, request) == RequestState.WITHDRAWN
    assert lines(site, Action.WITHDRAW_SECTIONS)[-1].referral_id == asker
    with pytest.raises(MoveNotOpen):
        answer.withdraw(site.visit("ank"), lead, request, "Taas.", site.hands())


def test_a_restore_of_an_older_backup_does_not_bring_a_withdrawn_grant_back(
    site: Site, tmp_path: Path
) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    private = key_pair(site, tmp_path)
    file = making(site)(tmp_path, site.hands()).file
    services(site)[1].withdraw(
        site.visit("ank"), lead, request, "Erehdys.", site.hands.move(hours=1)
    )
    site.parts.list_deletions(site.hands())
    place = empty_place(tmp_path / "new")
    with upkeep.restore(place) as restore:
        restore(opened(file, private), read_list(site.parts.list_deletions.file), site.hands())
    parts = built(place, site.hands)
    try:
        there = Site(parts, site.hands, site.people)
        assert sections(there, "you", asker) == FIRST
        assert state(there, request) == RequestState.WITHDRAWN
    finally:
        parts.database.engine.dispose()


def test_nobody_but_the_lead_answers_and_nobody_gives_more_than_was_asked(site: Site) -> None:
    lead, asker = sent(site)
    _, answer = services(site)
    request = asked(site, lead, asker)
    given = Given("consent", ("guardians",), "", CONSENT)
    for name, referral in (("you", asker), ("soc", at(site, SOC).id)):
        with pytest.raises(ReferralNotYours):
            answer.grant(site.visit(name), referral, request, given, site.hands())
    with pytest.raises(ReferralNotYours):
        answer.grant(site.visit("pol"), lead, request, given, site.hands())
    ank = site.visit("ank")
    for wrong, error in (
        (replace(given, sections=()), SectionsUnfit),
        (replace(given, sections=("place_1",)), SectionsUnfit),
        (replace(given, sections=("reasons",)), SectionsUnfit),
        (replace(given, sections=("health",)), SectionsUnfit),
        (replace(given, way="competent"), BasisUnfit),
        (replace(given, consent=""), ConsentMissing),
    ):
        with pytest.raises(error):
            answer.grant(ank, lead, request, wrong, site.hands())
    assert state(site, request) == RequestState.ASKED
    assert sections(site, "you", asker) == FIRST


def test_a_lead_that_has_the_report_no_more_answers_nothing(site: Site) -> None:
    lead, asker = sent(site)
    request = asked(site, lead, asker)
    with site.parts.database.write() as connection:
        gone = update(ReferralRow).where(ReferralRow.id == lead)
        connection.execute(gone.values(state=State.HANDED_OVER.value))
    before, now = sections(site, "you", asker), site.hands.move(minutes=1)
    given = Given("consent", ("guardians",), "", CONSENT)
    with pytest.raises(MoveNotOpen):
        services(site)[1].grant(site.visit("ank"), lead, request, given, now)
    with pytest.raises(MoveNotOpen):
        services(site)[1].refuse(site.visit("ank"), lead, request, "Ei tarvita.", now)
    assert sections(site, "you", asker) == before


def test_what_cannot_be_asked(site: Site) -> None:
    lead, asker = sent(site)
    ask, _ = services(site)
    you, now = site.visit("you"), site.hands()
    wanted = Wanted(lead, "consent", ("guardians",), WHY, CONSENT)
    for wrong, error in (
        (replace(wanted, sections=("concern",)), SectionsUnfit),
        (replace(wanted, sections=()), SectionsUnfit),
        (replace(wanted, sections=("place_2",)), SectionsUnfit),
        (replace(wanted, way="notification"), BasisUnfit),
        (replace(wanted, consent=""), ConsentMissing),
        (replace(wanted, reason=""), ReasonMissing),
        (replace(wanted, lead=at(site, SOC).id), NoLeadToAsk),
        (replace(wanted, lead=asker), NoLeadToAsk),
    ):
        with pytest.raises(error):
            ask(you, asker, wrong, now)
    with pytest.raises(ReferralNotYours):
        ask(site.visit("pol"), asker, wanted, now)
    ask(you, asker, wanted, now)
    with pytest.raises(AlreadyAsked):
        ask(you, asker, wanted, now)
    assert len(lines(site, Action.ASK_SECTIONS)) == 1


def test_a_lead_alone_and_who_has_passed_the_report_on_ask_nobody(site: Site) -> None:
    site.send(gang())
    only = at(site, ANK).id
    ask, _ = services(site)
    with pytest.raises(NoLeadToAsk):
        ask.choices(site.visit("ank"), only, site.hands())
    lead, asker = sent(site)
    returned = Entry(Move.RETURN, reason="Ei kuulu meille.")
    request = asked(site, lead, asker)
    site.parts.respond(site.visit("ank"), lead, returned, site.hands.move(minutes=1))
    given = Given("consent", ("guardians",), "", CONSENT)
    waiting = ask.waiting(site.visit("ank"))
    assert waiting == []
    new = at(site, SOC)
    assert new.id != lead
    with pytest.raises(ReferralNotYours):
        services(site)[1].grant(site.visit("soc"), new.id, request, given, site.hands())


def test_the_lead_s_inbox_says_what_waits(site: Site) -> None:
    lead, asker = sent(site)
    ask, answer = services(site)
    request = asked(site, lead, asker)
    assert [row.id for row in ask.waiting(site.visit("ank"))] == [lead]
    assert ask.waiting(site.visit("you")) == []
    answer.refuse(site.visit("ank"), lead, request, "Ei tarpeen.", site.hands())
    assert ask.waiting(site.visit("ank")) == []


def test_what_was_granted_goes_along_on_a_basis_where_the_asker_hands_it_over(site: Site) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    found = site.parts.hand_over.choices(site.visit("you"), asker, site.hands())
    assert "guardians" in found.sections
    assert "place_1" not in found.sections


def test_a_receiver_from_whom_the_report_is_withdrawn_loses_what_it_was_granted(
    site: Site,
) -> None:
    lead, asker = sent(site)
    new = hand_over(
        site, site.visit("you"), asker, HEA, "consent", ["concern", "identity_1"], "Nuori."
    )
    ask, answer = services(site)
    wanted = Wanted(lead, "consent", ("guardians",), WHY, CONSENT)
    request = ask(site.visit("hea"), new, wanted, site.hands.move(minutes=1))
    given = Given("consent", ("guardians",), "", CONSENT)
    answer.grant(site.visit("ank"), lead, request, given, site.hands.move(minutes=1))
    assert sections(site, "hea", new) == {"concern", "identity_1", "guardians"}
    mistake = Entry(Move.WITHDRAW, reason="Väärä viranomainen.")
    site.parts.withdraw(site.visit("you"), asker, mistake, site.hands.move(minutes=1))
    assert sections(site, "hea", new) == set()
    with site.parts.database.read() as connection:
        assert connection.scalars(select(SectionRequestRow.sealed_keys)).all() == [None]


def test_the_lead_that_has_the_report_now_withdraws_what_a_former_one_granted(site: Site) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    ank, hea = site.visit("ank"), site.visit("hea")
    new = hand_over(site, ank, lead, HEA, "consent", consent="Nuori.")
    ask, answer = services(site)
    with pytest.raises(MoveNotOpen):
        answer.withdraw(ank, lead, request, "Ei enää minun.", site.hands())
    row = site.parts.read.entitled(hea, new, site.hands())
    (seen,) = ask.requests(hea, row)
    assert (seen.row.id, seen.own, seen.asked) == (request, False, None)
    assert seen.moves == {RequestState.WITHDRAWN}
    assert "guardians" in sections(site, "you", asker)
    answer.withdraw(hea, new, request, "Ei tarvita enää.", site.hands.move(minutes=1))
    assert sections(site, "you", asker) == FIRST
    row = site.parts.read.entitled(site.visit("you"), asker, site.hands())
    (read,) = ask.requests(site.visit("you"), row)
    assert read.answer == {"reason": "Ei tarvita enää."}
    assert lines(site, Action.WITHDRAW_SECTIONS)[-1].person_id == site.people["hea"]


def test_a_lead_two_hands_on_still_finds_the_grant_and_an_asker_s_successor_does_not(
    site: Site,
) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    new = hand_over(site, site.visit("ank"), lead, HEA, "consent", consent="Nuori.")
    site.hands.move(minutes=1)
    newest = hand_over(site, site.visit("hea"), new, WEL, "consent", consent="Nuori.")
    few = ["concern", "identity_1"]
    theirs = hand_over(site, site.visit("you"), asker, ANK, "consent", few, "Nuori.")
    ask, answer = services(site)
    for name, referral in (("ank", theirs), ("hea", new), ("wel", newest)):
        visit = site.visit(name)
        row = site.parts.read.entitled(visit, referral, site.hands())
        found = [each.row.id for each in ask.requests(visit, row) if each.moves]
        assert found == ([request] if name == "wel" else []), name
    with pytest.raises(ReferralNotYours):
        answer.withdraw(site.visit("ank"), theirs, request, "Väärä.", site.hands())
    answer.withdraw(site.visit("wel"), newest, request, "Ei enää.", site.hands())
    assert state(site, request) == RequestState.WITHDRAWN


def test_what_was_asked_and_not_granted_is_nothing_to_the_next_lead(site: Site) -> None:
    lead, asker = sent(site)
    asked(site, lead, asker)
    new = hand_over(site, site.visit("ank"), lead, HEA, "consent", consent="Nuori.")
    hea = site.visit("hea")
    row = site.parts.read.entitled(hea, new, site.hands())
    assert services(site)[0].requests(hea, row) == []


def test_of_two_answers_at_once_the_second_is_told_and_changes_nothing(site: Site) -> None:
    lead, asker = sent(site)
    _, answer = services(site)
    ank, given = site.visit("ank"), Given("consent", ("guardians",), "", CONSENT)

    def grant(request: UUID, service: Any = answer) -> None:
        service.grant(ank, lead, request, given, site.hands())

    def refuse(request: UUID, service: Any = answer) -> None:
        service.refuse(ank, lead, request, "Ei tarpeen.", site.hands())

    for first, second, left in (
        (refuse, grant, RequestState.REFUSED),
        (grant, refuse, RequestState.GRANTED),
    ):
        request = asked(site, lead, asker)
        late = overtaken(answer, partial(first, request))
        with pytest.raises(MoveNotOpen):
            second(request, late)
        assert state(site, request) == left
        assert ("guardians" in sections(site, "you", asker)) == (left is RequestState.GRANTED)
    first = partial(answer.withdraw, ank, lead, request, "Erehdys.", site.hands())
    with pytest.raises(MoveNotOpen):
        overtaken(answer, first).withdraw(ank, lead, request, "Taas.", site.hands())
    assert len(lines(site, Action.WITHDRAW_SECTIONS)) == 1


def test_an_answer_that_the_lead_s_handing_over_overtakes_is_not_kept(site: Site) -> None:
    lead, asker = sent(site)
    request = asked(site, lead, asker)
    ank = site.visit("ank")
    away = partial(hand_over, site, ank, lead, HEA, "consent", None, "Nuori.")
    late = overtaken(services(site)[1], away)
    with pytest.raises(MoveNotOpen):
        late.grant(ank, lead, request, Given("consent", ("guardians",), "", CONSENT), site.hands())
    assert state(site, request) == RequestState.ASKED
    assert sections(site, "you", asker) == FIRST


def done_with(site: Site) -> UUID:
    """Let nobody need the content any more; the report."""
    for name, agency in (("ank", ANK), ("you", YOU), ("soc", SOC)):
        for entry in (Entry(Move.ACCEPT), Entry(Move.HAND_IN)):
            visit, now = site.visit(name), site.hands.move(minutes=1)
            site.parts.respond(visit, at(site, agency).id, entry, now)
    report: UUID = at(site, ANK).report_id
    return report


def sealed_parts(site: Site) -> set[bytes | None]:
    columns = [c for c in SectionRequestRow.__table__.c if c.name.startswith("sealed_")]
    with site.parts.database.read() as connection:
        return {part for row in connection.execute(select(*columns)) for part in row}


@pytest.mark.parametrize("what", ["ask", "grant", "refuse", "withdraw"])
def test_nothing_sealed_is_written_once_the_content_has_been_deleted(site: Site, what: str) -> None:
    lead, asker = sent(site)
    ask, answer = services(site)
    you, ank, now = site.visit("you"), site.visit("ank"), site.hands.move(minutes=1)
    given = Given("consent", ("guardians",), "", CONSENT)
    request = None
    if what != "ask":
        request = (granted if what == "withdraw" else asked)(site, lead, asker)
    report = done_with(site)

    def delete() -> None:
        with site.parts.database.write() as connection:
            assert retention.delete_content(connection, report, now)

    if what == "ask":
        wanted = Wanted(lead, "consent", ("guardians",), WHY, CONSENT)
        late = partial(overtaken(ask, delete), you, asker, wanted, now)
    else:
        told = given if what == "grant" else "Ei tarpeen."
        late = partial(getattr(overtaken(answer, delete), what), ank, lead, request, told, now)
    with pytest.raises(MoveNotOpen):
        late()
    assert sealed_parts(site) <= {None}
    assert lines(site, f"{what}_sections") == []
