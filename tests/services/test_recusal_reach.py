"""Disqualification leaves no agency without somebody who opens, and nobody shut out for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from intake.domain.people import Membership, Role
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services import oversee_recusals
from intake.services.oversee_recusals import OverseeRecusals, RecusalNotYours
from intake.services.read import KeyNotGranted, ReferralNotYours
from intake.services.record import Entry
from intake.services.recuse import NobodyLeft
from intake.services.retain import Retain
from intake.services.tell_recusal import NAMED, NOBODY_OPENS, NobodyToTell
from intake.store import people, proposals, referrals
from intake.store.columns import AnyRow
from intake.store.need_to_know_tables import RecusalRow
from intake.store.people_tables import MembershipRow
from tests.services.sending import at, gang, lines, row_of
from tests.services.test_recuse import recuse, sent
from tests.services.test_rotate import key_of
from tests.site import ANK, COUNTY, DUTY, HEA, POL, SOC, YOU, Site, worry_answers


def becomes(site: Site, name: str, membership: Membership) -> None:
    with site.parts.database.write() as connection:
        people.add_membership(connection, site.people[name], membership, site.hands())


def supervises(site: Site, agency: str) -> Membership:
    return Membership(Role.SUPERVISOR, controller=site.parts.directory.agency(agency).controller)


def letters(site: Site) -> dict[tuple[str, str], AnyRow]:
    names = {one: name for name, one in site.people.items()}
    return {(row.letter, names[row.person_id]): row for row in site.claim_letters()}


def standing(site: Site, report: UUID) -> Sequence[AnyRow]:
    with site.parts.database.read() as connection:
        rows = select(RecusalRow.__table__).where(RecusalRow.report_id == report)
        return connection.execute(rows).all()


def test_a_colleague_is_not_named_where_the_desk_that_stands_by_would_have_nobody(
    site: Site,
) -> None:
    referral = sent(site)
    becomes(site, "duty", Membership(Role.WORKER, SOC))
    with pytest.raises(NobodyLeft):
        recuse(site, "soc", referral, "duty")
    site.parts.respond(site.visit("soc"), referral, Entry(Move.ACCEPT), site.hands())
    recuse(site, "soc", referral, "duty")


def test_a_colleague_is_not_named_where_another_agency_that_has_it_would_have_nobody(
    site: Site,
) -> None:
    site.send(
        worry_answers(
            worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
            consent={"child_consent": "given", "consent_to": ["ANK"]},
        )
    )
    becomes(site, "ank", Membership(Role.WORKER, SOC))
    assert at(site, ANK).report_id == at(site, SOC).report_id
    with pytest.raises(NobodyLeft):
        recuse(site, "soc", at(site, SOC).id, "ank")


def test_who_never_could_open_leaves_nobody_without(site: Site) -> None:
    referral = sent(site)
    becomes(site, "hea", Membership(Role.WORKER, SOC))
    for name in ("soc-head", "soc-deputy"):
        recuse(site, "soc", referral, name)
    recuse(site, "soc", referral, "hea")


def test_a_role_that_lets_nobody_in_today_leaves_nobody_who_could_open(site: Site) -> None:
    referral = sent(site)
    site.hands.move(days=400)
    with site.parts.database.write() as connection:
        own = MembershipRow.person_id == site.people["soc"]
        proposals.propose_roles(connection, own, by=None, at=site.hands(), founding=True)
    with pytest.raises(NobodyLeft):
        recuse(site, "soc", referral, "soc")


def test_a_key_that_the_report_is_not_sealed_to_lets_nobody_open_it(site: Site) -> None:
    referral = sent(site)
    row = row_of(site, referral)
    with site.parts.database.read() as connection:
        (key,) = {
            wrap.agency_key_id
            for wrap in referrals.live_wraps(connection, row.report_id)
            if wrap.agency_id == SOC
        }
        found = people.holders(connection, [key, "another"], site.hands().date())
    assert found == {key: {site.people[name] for name in ("soc", "soc-deputy", "soc-head")}}


def test_who_holds_two_keys_of_an_agency_counts_for_each(site: Site) -> None:
    former = key_of(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    with site.parts.database.read() as connection:
        found = people.holders(connection, [former, key_of(site)], site.hands().date())
    members = {site.people[name] for name in ("soc", "soc-deputy", "soc-head")}
    assert found == {former: members, key_of(site): members}


def test_where_nobody_is_left_by_ones_own_word_the_supervisor_and_the_heads_are_told(
    site: Site,
) -> None:
    referral = sent(site)
    becomes(site, "pol", Membership(Role.HEAD, DUTY))
    becomes(site, "duty", Membership(Role.WORKER, SOC))
    recuse(site, "duty", referral, "duty", knowing=True)
    found = letters(site)
    assert set(found) == {(NOBODY_OPENS, "supervisor"), (NOBODY_OPENS, "pol")}
    text = site.parts.deliver.write(found[NOBODY_OPENS, "pol"]).text
    assert row_of(site, referral).reference in text
    assert "Paula" not in text


def test_who_alone_opens_and_would_be_told_of_it_shuts_oneself_out_only_once_another_is(
    site: Site,
) -> None:
    site.send(worry_answers(urgency={"threat_to_life": "to_others"}))
    referral = at(site, POL).id
    for own in (Membership(Role.HEAD, POL), supervises(site, POL)):
        becomes(site, "pol", own)
    with pytest.raises(NobodyToTell):
        recuse(site, "pol", referral, "pol", knowing=True)
    assert letters(site) == {}
    assert not lines(site, Action.RECUSE)
    becomes(site, "soc-head", supervises(site, POL))
    recuse(site, "pol", referral, "pol", knowing=True)
    assert (NOBODY_OPENS, "soc-head") in letters(site)


def test_who_is_named_by_a_colleague_is_told_and_not_of_which_report(site: Site) -> None:
    referral = sent(site)
    recuse(site, "soc", referral, "soc-deputy", words="Naapuri.")
    recuse(site, "soc", referral, "soc")
    ((kind, reader),) = found = letters(site)
    assert (kind, reader) == (NAMED, "soc-deputy")
    text = site.parts.deliver.write(found[kind, reader]).text
    assert "esteelliseksi" in text
    for untold in (row_of(site, referral).reference, "Naapuri", "Saana"):
        assert untold not in text


def test_only_who_can_open_the_report_names_a_colleague(site: Site) -> None:
    referral = sent(site)
    becomes(site, "hea", Membership(Role.WORKER, SOC))
    hea = site.visit("hea")
    with pytest.raises(KeyNotGranted):
        site.parts.recuse.colleagues(hea, row_of(site, referral), site.hands())
    with pytest.raises(KeyNotGranted):
        recuse(site, "hea", referral, "soc-head")
    recuse(site, "hea", referral, "hea")


@pytest.mark.on_both
def test_a_sole_head_who_was_named_is_let_in_again_by_the_supervisor(site: Site) -> None:
    referral, other = sent(site), sent(site)
    recuse(site, "soc", referral, "soc-head", words="Erehdys.")
    oversee = OverseeRecusals(site.parts.database, site.parts.directory)
    supervisor = site.visit("supervisor")
    (row,) = oversee(supervisor.person)
    assert (row.person_name, row.by_name) == ("Eero Esihenkilö", "Saana Sosiaali")
    assert row.reference == row_of(site, referral).reference
    assert not {"sealed_reason", "agency_key_id"} & set(row._fields)
    for name in ("soc-head", "soc", "coordinator", "admin"):
        with pytest.raises(RecusalNotYours):
            oversee.lift(site.visit(name), row.id, site.hands())
    oversee.lift(supervisor, row.id, site.hands())
    with pytest.raises(RecusalNotYours):
        oversee.lift(supervisor, row.id, site.hands())
    assert site.parts.read(site.visit("soc-head"), referral, site.hands()).sections
    (line,) = lines(site, Action.LIFT_RECUSAL)
    assert (line.role, line.purpose, line.referral_id) == (Role.SUPERVISOR, "soc-head", referral)
    recuse(site, "soc", other, "soc-head")
    (again,) = oversee(supervisor.person)
    becomes(site, "soc-head", Membership(Role.SUPERVISOR, controller=COUNTY))
    assert oversee(site.visit("soc-head").person) == []
    with pytest.raises(RecusalNotYours):
        oversee.lift(site.visit("soc-head"), again.id, site.hands())


def test_a_list_that_is_cut_leaves_out_first_what_is_shut_to_its_reader(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newest = sent(site), sent(site)
    recuse(site, "soc", older, "soc-deputy")
    site.hands.move(minutes=1)
    recuse(site, "soc", newest, "soc-head")
    becomes(site, "soc-head", Membership(Role.SUPERVISOR, controller=COUNTY))
    monkeypatch.setattr(oversee_recusals, "MOST", 1)
    oversee = OverseeRecusals(site.parts.database, site.parts.directory)
    assert [row.referral_id for row in oversee(site.visit("soc-head").person)] == [older]


def test_an_agency_whose_only_openers_are_shut_out_is_offered_nothing(site: Site) -> None:
    site.send(gang())
    first, now = at(site, ANK), site.hands()
    for name in ("hea", "you"):
        becomes(site, name, Membership(Role.WORKER, ANK))

    def offered() -> set[str]:
        found = site.parts.hand_over.choices(site.visit("ank"), first.id, now).targets
        return {agency.id for agency in found}

    def desk() -> str | None:
        with site.parts.database.read() as connection:
            deadlines = referrals.deadlines(connection, first.id)
        found = site.parts.respond.hand_on.desk_for_return(row_of(site, first.id), deadlines, now)
        return found.id if found else None

    assert {HEA, YOU} <= offered()
    recuse(site, "ank", first.id, "you")
    assert YOU not in offered()
    assert HEA in offered()
    was = desk()
    openers = people_of(site, was or "")
    for name in openers:
        becomes(site, name, Membership(Role.WORKER, ANK))
        recuse(site, name, first.id, name, knowing=True)
    assert desk() != was
    assert was not in offered()


def people_of(site: Site, agency: str) -> list[str]:
    with site.parts.database.read() as connection:
        found = people.who_can_open(connection, site.hands().date())[agency]
    return [name for name, one in site.people.items() if one in found]


def test_nothing_sealed_is_kept_of_who_is_shut_out_once_the_content_is_deleted(
    site: Site,
) -> None:
    referral = sent(site)
    soc = site.visit("soc")
    for entry in (Entry(Move.ACCEPT), Entry(Move.HAND_IN), Entry(Move.CLOSE, reason="Kirjattu.")):
        site.parts.respond(soc, referral, entry, site.hands.move(minutes=1))
    retain: Retain = site.parts.retain
    assert retain(site.hands.move(days=120)) == 1
    recuse(site, "soc", referral, "soc-deputy", words="Naapuri.")
    (kept,) = standing(site, row_of(site, referral).report_id)
    assert kept.sealed_reason is None
    with pytest.raises(ReferralNotYours):
        site.parts.read(site.visit("soc-deputy"), referral, site.hands() + timedelta(minutes=1))
