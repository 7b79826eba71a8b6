"""Who is disqualified is shut out of a report everywhere, by their own or a colleague's word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from intake.domain.people import Membership, Role
from intake.domain.recusal import Ground
from intake.domain.referral import Move, State
from intake.domain.trail import Action
from intake.services.read import SHUT_OUT, ReferralNotYours
from intake.services.record import Entry, ReasonMissing
from intake.services.recuse import ColleagueUnknown, NobodyLeft
from intake.services.reminded import Reminded
from intake.services.tell_recusal import NobodyToTell
from intake.store import people, referrals
from intake.store.reminder_tables import ReminderRow
from tests.services.sending import at, gang, hand_over, lines, row_of, silence, tell
from tests.site import ANK, POL, SOC, YOU, Site, worry_answers

DAY = timedelta(days=1)


def recuse(site: Site, by: str, referral: UUID, whom: str, **how: Any) -> None:
    words, ground = how.pop("words", ""), how.pop("ground", Ground.PARTY)
    person = site.people[whom]
    site.parts.recuse(site.visit(by), referral, person, ground, words, site.hands(), **how)


def sent(site: Site) -> UUID:
    site.hands.move(minutes=1)
    site.send()
    found: UUID = at(site, SOC).id
    return found


def references(site: Site, name: str) -> set[UUID]:
    return {row.id for row in site.parts.read.inbox(site.visit(name), tuple(State))}


def test_who_is_shut_out_opens_nothing_and_sees_it_in_no_list_or_count(site: Site) -> None:
    referral, other = sent(site), sent(site)
    recuse(site, "soc", referral, "soc")
    soc, now = site.visit("soc"), site.hands()
    assert references(site, "soc") == {other}
    assert references(site, "soc-head") == {referral, other}
    soon = site.hands.move(days=1)
    assert site.parts.read.pressure(soc, now, soon).open == 1
    assert site.parts.read.pressure(site.visit("soc-head"), now, soon).open == 2
    with pytest.raises(ReferralNotYours):
        site.parts.read(soc, referral, now)
    assert lines(site, Action.REFUSED)[-1].purpose == SHUT_OUT
    assert not lines(site, Action.OPEN)


def test_a_colleague_s_word_shuts_out_too_and_the_worker_is_cleared(site: Site) -> None:
    referral = sent(site)
    site.parts.respond(site.visit("soc"), referral, Entry(Move.ACCEPT), site.hands())
    assert row_of(site, referral).worker_id == site.people["soc"]
    recuse(site, "soc-deputy", referral, "soc", ground=Ground.OTHER, words="Naapuri.")
    assert row_of(site, referral).worker_id is None
    (line,) = lines(site, Action.RECUSE)
    assert (line.person_id, line.purpose) == (site.people["soc-deputy"], "soc")
    assert line.basis is None
    assert line.sealed_detail is not None
    assert [each.referral_id for each in lines(site, Action.WITHOUT_WORKER)] == [referral]
    with pytest.raises(ReferralNotYours):
        site.parts.respond(
            site.visit("soc"), referral, Entry(Move.RESPOND, choice="contacted"), site.hands()
        )


def test_it_holds_at_every_agency_and_after_the_report_has_moved(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK)
    with site.parts.database.write() as connection:
        at_both = Membership(Role.WORKER, YOU)
        people.add_membership(connection, site.people["ank"], at_both, site.hands())
    new = hand_over(site, site.visit("ank"), first.id, YOU, "consent", ["concern"], "Nuori.")
    recuse(site, "ank", first.id, "ank", knowing=True)
    for referral in (first.id, new):
        with pytest.raises(ReferralNotYours):
            site.parts.read.entitled(site.visit("ank"), referral, site.hands())
    assert references(site, "ank") == set()
    assert references(site, "you") == {new}


def test_who_is_shut_out_cannot_take_it_over(site: Site) -> None:
    answers = worry_answers(worry={"categories": ["radicalisation"], "primary": "radicalisation"})
    site.send(answers)
    row = at(site, SOC)
    silence(site, days=30)
    offers = site.parts.take_over.offers(site.visit("duty"))
    if not offers:
        pytest.fail("nothing stands to be taken over")
    with site.parts.database.write() as connection:
        here = Membership(Role.WORKER, SOC)
        people.add_membership(connection, site.people["duty"], here, site.hands())
    recuse(site, "duty", row.id, "duty", knowing=True)
    assert row.id not in {
        offer.referral_id for offer in site.parts.take_over.offers(site.visit("duty"))
    }
    with pytest.raises(ReferralNotYours):
        site.parts.take_over.offer(site.visit("duty"), row.id, site.hands())


def test_who_is_shut_out_gets_no_reminders(site: Site) -> None:
    referral = sent(site)
    recuse(site, "soc", referral, "soc")
    silence(site, days=1)
    tell(site)
    with site.parts.database.read() as connection:
        reminded = set(connection.scalars(select(ReminderRow.person_id)))
        assert referrals.deadlines(connection, referral)
    assert reminded
    assert site.people["soc"] not in reminded


def test_nobody_shuts_out_the_last_one_who_can_open_but_oneself_knowingly(site: Site) -> None:
    site.send(worry_answers(urgency={"threat_to_life": "to_others"}))
    referral = at(site, POL).id
    with pytest.raises(NobodyLeft):
        recuse(site, "pol", referral, "pol")
    with pytest.raises(NobodyToTell):
        recuse(site, "pol", referral, "pol", knowing=True)
    assert not lines(site, Action.RECUSE)
    with site.parts.database.write() as connection:
        head = Membership(Role.HEAD, POL)
        people.add_membership(connection, site.people["soc-head"], head, site.hands())
    recuse(site, "pol", referral, "pol", knowing=True)
    own = sent(site)
    for name in ("soc", "soc-deputy"):
        recuse(site, "soc-head", own, name)
    with pytest.raises(ReferralNotYours):
        recuse(site, "soc", own, "soc-head")
    with pytest.raises(NobodyLeft):
        recuse(site, "soc-head", own, "soc-head")


def test_only_colleagues_of_the_same_agency_can_be_named_once(site: Site) -> None:
    referral = sent(site)
    with pytest.raises(ColleagueUnknown):
        recuse(site, "soc", referral, "pol")
    with pytest.raises(ReasonMissing):
        recuse(site, "soc", referral, "soc-deputy", ground=Ground.OTHER)
    recuse(site, "soc", referral, "soc-deputy")
    with pytest.raises(ColleagueUnknown):
        recuse(site, "soc-head", referral, "soc-deputy")
    with pytest.raises(ReferralNotYours):
        recuse(site, "pol", referral, "soc")


def test_the_head_alone_lifts_it_with_a_reason_and_colleagues_read_why(site: Site) -> None:
    referral = sent(site)
    recuse(site, "soc", referral, "soc", words="Veljeni lapsi.")
    head, row = site.visit("soc-head"), row_of(site, referral)
    (shut,) = site.parts.recuse.shut_out(head, row)
    assert shut.name == "Saana Sosiaali"
    assert shut.why == {"ground": "party", "words": "Veljeni lapsi."}
    lift = site.parts.recuse.lift
    for name in ("soc-deputy", "soc"):
        with pytest.raises(ReferralNotYours):
            lift(site.visit(name), referral, shut.id, "Erehdys.", site.hands())
    with pytest.raises(ReasonMissing):
        lift(head, referral, shut.id, "", site.hands())
    lift(head, referral, shut.id, "Erehdys.", site.hands())
    assert site.parts.read(site.visit("soc"), referral, site.hands()).sections
    assert lines(site, Action.LIFT_RECUSAL)[0].purpose == "soc"
    with pytest.raises(ColleagueUnknown):
        lift(head, referral, shut.id, "Erehdys.", site.hands())


def test_a_second_role_at_the_same_agency_lets_nobody_in_who_is_shut_out(site: Site) -> None:
    referral = sent(site)
    recuse(site, "soc-head", referral, "soc")
    with site.parts.database.write() as connection:
        second = Membership(Role.HEAD, SOC)
        people.add_membership(connection, site.people["soc"], second, site.hands())
    soc, row = site.visit("soc"), row_of(site, referral)
    assert soc.person.role_at(SOC) is Role.HEAD
    (shut,) = site.parts.recuse.shut_out(site.visit("soc-head"), row)
    with pytest.raises(ReferralNotYours):
        site.parts.recuse.lift(soc, referral, shut.id, "Erehdys.", site.hands())


def test_a_deputy_acts_as_a_worker_does_and_neither_lifts_nor_holds(site: Site) -> None:
    referral = sent(site)
    deputy = site.visit("soc-deputy")
    site.parts.respond(deputy, referral, Entry(Move.ACCEPT), site.hands())
    assert lines(site, "move:accept")[0].role == Role.DEPUTY
    recuse(site, "soc-deputy", referral, "soc")
    (shut,) = site.parts.recuse.shut_out(deputy, row_of(site, referral))
    with pytest.raises(ReferralNotYours):
        site.parts.recuse.lift(deputy, referral, shut.id, "Erehdys.", site.hands())


def test_who_leaves_reads_nothing_more_in_the_session_that_was_open(site: Site) -> None:
    referral = sent(site)
    client = site.signed_in("soc-deputy")
    assert client.get(f"/referrals/{referral}").status_code == 200
    admin = site.visit("admin").person.as_administrator()
    today = site.hands().date()
    site.parts.dismiss(
        admin, site.people["soc-deputy"], None, today - DAY, site.hands(), knowing=True
    )
    answer = client.get(f"/referrals/{referral}")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


def test_reminders_of_before_do_not_show_either(site: Site) -> None:
    referral = sent(site)
    silence(site, days=1)
    reminded = Reminded(site.parts.database)
    rows, _ = reminded(site.visit("soc"), site.hands(), 0, 10)
    assert rows
    silence(site, days=1)
    recuse(site, "soc-head", referral, "soc")
    assert reminded.unseen(site.visit("soc")) == 0
    assert reminded(site.visit("soc"), site.hands(), 0, 10) == ([], False)
