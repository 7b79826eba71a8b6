"""The desk that stands by: nothing before the step that allows it, everything after."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update

from intake.domain.referral import Move, State
from intake.services.desks import NobodyCanOpen
from intake.services.read import KeyNotGranted, ReferralNotYours
from intake.services.record import Entry, MoveNotOpen, ReasonMissing
from intake.services.status import Stage, Status
from intake.services.take_over import TakeOver
from intake.store.people_tables import GrantRow
from intake.store.reminder_tables import ReminderRow
from intake.store.tables import ChaseRow, MoveRow, ReferralRow
from intake.vault.open import open_wrap
from tests.services import keyless
from tests.services.sending import at, clocks, gang, hand_over, lines, row_of, silence
from tests.site import ANK, DUTY, SOC, TRIAGE, Site, child_answers, worry_answers

WHY = "Vastuuyksikkö ei vastaa puhelimeen."


def take(site: Site, name: str, referral: UUID, reason: str = WHY) -> UUID:
    return site.parts.take_over(site.visit(name), referral, reason, site.hands())


def offered(site: Site, name: str) -> list[UUID]:
    return [offer.referral_id for offer in site.parts.take_over.offers(site.visit(name))]


def silent(site: Site) -> UUID:
    """A lead of social services whose urgency nobody has recorded for four hours."""
    site.send()
    silence(site, hours=4)
    return UUID(str(at(site, SOC).id))


def test_before_the_step_that_allows_it_nothing_is_offered_and_the_wrap_stays_shut(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    referral = at(site, SOC).id
    opened: list[object] = []

    def watched(*given: object, **more: object) -> object:
        opened.append(given)
        return open_wrap(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("intake.services.take_over.open_wrap", watched)
    silence(site, hours=2, minutes=30)
    with site.parts.database.read() as connection:
        assert set(connection.scalars(select(ChaseRow.step))) == {"same-day-60", "same-day-120"}
    assert offered(site, "duty") == []
    with pytest.raises(MoveNotOpen):
        take(site, "duty", referral)
    assert opened == []
    assert len(lines(site, "refused")) == 1
    silence(site, hours=1)
    assert offered(site, "duty") == [referral]
    take(site, "duty", referral)
    assert len(opened) == 1


def test_the_step_counts_once_it_is_recorded_not_once_its_time_has_come(site: Site) -> None:
    site.send()
    site.hands.move(hours=4)
    assert offered(site, "duty") == []
    silence(site)
    assert offered(site, "duty") == [at(site, SOC).id]


def test_the_desk_reads_all_of_it_with_the_law_s_clocks_from_where_they_ran(site: Site) -> None:
    referral = silent(site)
    before = clocks(site, referral)
    now = site.hands()
    taken = take(site, "duty", referral)
    opened = site.parts.read(site.visit("duty"), taken, now)
    assert opened.sections["concern"]["primary"] == "neglect"
    assert opened.referral.agency_id == DUTY
    assert opened.referral.is_lead
    assert opened.reasons["taken_over"] == {"by": SOC, "reason": WHY}
    assert opened.reasons["bases"][0]["law"] == "1301/2014 §29"
    after = clocks(site, taken)
    for clock in ("lsl26_start", "lsl26_complete"):
        assert after[clock].started_at == before[clock].started_at
        assert after[clock].due_on == before[clock].due_on
    assert {after[clock].started_at for clock in ("accept", "urgency")} == {now}


def test_the_silent_agency_learns_who_took_it_and_why(site: Site) -> None:
    referral = silent(site)
    take(site, "duty", referral)
    opened = site.parts.read(site.visit("soc"), referral, site.hands())
    assert opened.referral.state == State.HANDED_OVER
    (move,) = opened.moves
    assert (move.move, move.person_name) == (Move.TAKE_OVER, "Paula Päivystys")
    assert opened.move_reasons[move.id] == WHY
    assert {row.met_by for row in opened.deadlines} == {"take_over"}


def test_the_silent_agency_is_not_chased_for_it_any_more_but_the_taker_is(site: Site) -> None:
    referral = silent(site)
    taken = take(site, "duty", referral)
    with site.parts.database.write() as connection:
        connection.execute(delete(ReminderRow))
    silence(site, days=20)
    with site.parts.database.read() as connection:
        about = {row.params["referral"] for row in connection.execute(select(ReminderRow))}
    assert about == {str(taken)}


def test_the_trail_names_taker_and_basis(site: Site) -> None:
    referral = silent(site)
    taken = take(site, "duty", referral)
    (line,) = lines(site, "move:take_over")
    assert (line.agency_id, line.referral_id) == (SOC, referral)
    assert (line.purpose, line.basis) == (f"by {DUTY}", "1301/2014 §29")
    assert line.person_id == site.people["duty"]
    assert line.role == "worker"
    (line,) = lines(site, "disclose")
    assert (line.agency_id, line.referral_id, line.basis) == (DUTY, taken, "1301/2014 §29")


def test_nobody_but_the_standby_desk_is_offered_it(site: Site) -> None:
    referral = silent(site)
    for name in ("soc", "soc-head", "pol", "ank", "supervisor"):
        assert offered(site, name) == []
        with pytest.raises(ReferralNotYours):
            take(site, name, referral)
    assert len(lines(site, "refused")) == 5


def test_once_the_agency_answers_the_offer_is_gone(site: Site) -> None:
    for entry in (
        Entry(Move.ACCEPT),
        Entry(Move.RECORD_URGENCY, choice="urgent"),
    ):
        referral = silent(site)
        assert offered(site, "duty") == [referral]
        site.parts.respond(site.visit("soc"), referral, entry, site.hands())
        assert offered(site, "duty") == []
        with pytest.raises(MoveNotOpen):
            take(site, "duty", referral)
        site.hands.move(minutes=1)


def test_what_was_opened_but_not_answered_is_still_offered(site: Site) -> None:
    referral = silent(site)
    site.parts.read(site.visit("soc"), referral, site.hands())
    assert offered(site, "duty") == [referral]


def test_an_answer_in_the_same_moment_wins_or_loses_as_a_whole(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral = silent(site)
    offer = TakeOver.offer

    def meanwhile(*given: object) -> object:
        found = offer(*given)  # type: ignore[arg-type]
        site.parts.respond(
            site.visit("soc"), referral, Entry(Move.ACCEPT), site.hands.move(seconds=1)
        )
        return found

    monkeypatch.setattr(TakeOver, "offer", meanwhile)
    with pytest.raises(MoveNotOpen):
        take(site, "duty", referral)
    assert row_of(site, referral).state == State.ACCEPTED
    with site.parts.database.read() as connection:
        assert connection.scalars(select(ReferralRow.id)).all() == [referral]


def test_a_reason_is_asked(site: Site) -> None:
    referral = silent(site)
    with pytest.raises(ReasonMissing):
        take(site, "duty", referral, "")


def test_a_member_without_the_desk_s_key_takes_nothing(site: Site) -> None:
    referral = silent(site)
    with site.parts.database.write() as connection:
        connection.execute(
            update(GrantRow)
            .where(GrantRow.person_id == site.people["duty"])
            .values(withdrawn_at=site.hands())
        )
    with pytest.raises(KeyNotGranted):
        take(site, "duty", referral)


def test_a_desk_whose_every_member_is_gone_still_learns_the_reason(site: Site) -> None:
    referral = silent(site)
    with site.parts.database.write() as connection:
        connection.execute(
            text("UPDATE agency_grant SET withdrawn_at = granted_at WHERE agency_key_id LIKE :it"),
            {"it": f"{SOC}%"},
        )
    taken = take(site, "duty", referral)
    assert site.parts.read(site.visit("duty"), taken, site.hands()).sections["concern"]


@pytest.mark.parametrize("trouble", [keyless.unsign, keyless.alter])
def test_no_key_of_the_silent_agency_that_counts_is_needed(
    site: Site, trouble: Callable[[Site, str], None]
) -> None:
    """Its child is not stranded; the reason is sealed to the desk alone."""
    referral = silent(site)
    theirs = keyless.in_use(site, SOC)
    trouble(site, theirs)
    taken = take(site, "duty", referral)
    assert row_of(site, referral).state == State.HANDED_OVER
    with site.parts.database.read() as connection:
        (move,) = connection.execute(
            select(MoveRow.sealed_reason, MoveRow.agency_key_id).filter_by(referral_id=referral)
        )
    assert tuple(move) == (None, None)
    opened = site.parts.read(site.visit("duty"), taken, site.hands())
    assert opened.reasons["taken_over"] == {"by": SOC, "reason": WHY}


def test_the_silent_agency_reads_why_with_its_key_in_use_where_its_wrap_s_key_counts_no_more(
    site: Site,
) -> None:
    referral = silent(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    keyless.unsign(site, keyless.wraps_key(site, referral))
    take(site, "duty", referral)
    opened = site.parts.read(site.visit("soc"), referral, site.hands())
    assert list(opened.move_reasons.values()) == [WHY]


def test_a_desk_whose_new_key_waits_takes_over_with_the_key_of_its_wrap(site: Site) -> None:
    referral = silent(site)
    keyless.new_key_waits(site, "duty", DUTY)
    taken = take(site, "duty", referral)
    assert keyless.wraps_key(site, taken) == keyless.wraps_key(site, referral, "standby")
    assert site.parts.read(site.visit("duty"), taken, site.hands()).sections["concern"]


@pytest.mark.parametrize("trouble", [keyless.unsign, keyless.alter])
def test_a_desk_no_key_of_which_counts_takes_nothing(
    site: Site, trouble: Callable[[Site, str], None]
) -> None:
    referral = silent(site)
    trouble(site, keyless.in_use(site, DUTY))
    with pytest.raises(NobodyCanOpen):
        take(site, "duty", referral)
    assert row_of(site, referral).state == State.SENT


def test_a_lead_of_another_kind_goes_on_the_standby_s_own_basis(site: Site) -> None:
    site.send(gang())
    silence(site, days=12)
    referral = at(site, ANK).id
    assert offered(site, "soc") == [referral]
    taken = take(site, "soc", referral)
    opened = site.parts.read(site.visit("soc"), taken, site.hands())
    assert opened.referral.agency_id == TRIAGE
    assert [basis["id"] for basis in opened.reasons["bases"]] == ["standby"]
    assert opened.reasons["report_type"] == "support_contact"
    assert set(clocks(site, taken)) == {"accept", "urgency"}


def test_another_recipient_than_the_lead_is_never_taken_over(site: Site) -> None:
    answers = gang()
    answers["protection"] |= {"may_need_protection": "yes"}
    site.send(answers)
    silence(site, days=12)
    assert at(site, ANK).id in offered(site, "soc")
    assert offered(site, "duty") == [], "social services are not the lead here"


def test_a_desk_that_has_the_report_for_another_child_takes_over_this_one_too(site: Site) -> None:
    answers = worry_answers()
    elsewhere = {"name": "Toinen", "municipality": "unknown", "school": "none", "hetu": ""}
    answers["children"] = [
        child_answers(),
        child_answers(**elsewhere, known_by="age", age="9"),
    ]
    site.send(answers)
    silence(site, hours=4)
    silent, own = at(site, SOC).id, at(site, DUTY).id
    taken = take(site, "duty", silent)
    assert row_of(site, own).state == State.SENT
    names = {
        part["name"]
        for referral in (own, taken)
        for slot, part in site.parts.read(
            site.visit("duty"), referral, site.hands()
        ).sections.items()
        if slot.startswith("identity")
    }
    assert names == {"Kaisla Keksitty", "Toinen"}


def test_a_report_that_was_just_handed_over_is_not_taken_at_once(site: Site) -> None:
    site.send()
    silence(site, days=20)
    hand_over(site, site.visit("soc"), at(site, SOC).id, TRIAGE, "competent")
    silence(site, minutes=30)
    assert offered(site, "duty") == []


def test_the_reporter_sees_who_has_it(site: Site) -> None:
    code = site.send().code
    silence(site, hours=4)
    take(site, "duty", at(site, SOC).id)
    found = Status(site.parts.database, site.parts.directory).by_code(code).agencies
    stages = {each.agency.id: each.stage for each in found}
    assert stages == {SOC: Stage.TAKEN_OVER, DUTY: Stage.STORED}


def test_what_was_taken_over_can_be_handed_back_but_not_withdrawn(site: Site) -> None:
    referral = silent(site)
    taken = take(site, "duty", referral)
    with pytest.raises(MoveNotOpen):
        site.parts.withdraw(
            site.visit("soc"), referral, Entry(Move.WITHDRAW, reason="x"), site.hands()
        )
    site.hands.move(hours=1)
    back = hand_over(site, site.visit("duty"), taken, SOC, "competent")
    assert row_of(site, back).agency_id == SOC
