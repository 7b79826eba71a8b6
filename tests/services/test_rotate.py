"""A changed key receives new reports at once; what came before is sealed to it batch by batch."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

import config
from intake.domain.deadline import local_date
from intake.domain.note import Note
from intake.domain.people import Appointment, Membership, Role
from intake.domain.referral import Move
from intake.domain.trail import Action
from intake.services import rotate
from intake.services.colleagues import Colleagues
from intake.services.enrol import Enrol, GrantRefused
from intake.services.read import KeyNotGranted
from intake.services.record import Entry
from intake.services.rotate import Progress, Rotate
from intake.store import people, rotation
from intake.store.people_tables import (
    AgencyKeyRow,
    GrantRow,
    KeyLeaverRow,
)
from intake.store.tables import MoveRow, NoteRow, TrailRow, WrapRow
from intake.vault.envelope import EnvelopeDamaged
from tests.services import keyless
from tests.site import CHEAP, DUTY, SOC, Site

DAY = timedelta(days=1)


def key_of(site: Site, agency: str = SOC) -> str:
    with site.parts.database.read() as connection:
        key = people.key_in_use(connection, agency)
    assert key
    return key


def change(site: Site, name: str = "soc", agency: str = SOC) -> Progress:
    """Begin and go on to the end."""
    visit = site.visit(name)
    site.parts.rotate.begin(visit, agency, site.hands())
    return go_on(site, name, agency)


def go_on(site: Site, name: str = "soc", agency: str = SOC) -> Progress:
    visit = site.visit(name)
    for _ in site.parts.rotate.steps(visit, agency, site.hands()):
        pass
    return site.parts.rotate.progress(visit, agency)


def told(site: Site, action: str) -> list[Any]:
    with site.parts.database.read() as connection:
        lines = select(TrailRow.purpose, TrailRow.referral_id, TrailRow.agency_id)
        return list(connection.execute(lines.where(TrailRow.action == action)))


def scalars(site: Site, column: Any, *where: Any) -> list[Any]:
    with site.parts.database.read() as connection:
        return list(connection.scalars(select(column).where(*where)))


def referrals(site: Site, name: str = "soc") -> list[Any]:
    return list(site.parts.read.inbox(site.visit(name), ("sent", "accepted")))


def lived(site: Site) -> UUID:
    """Two reports; on one of them a move with a reason, and a note."""
    site.send()
    site.send()
    visit, now = site.visit("soc"), site.hands()
    first = referrals(site)[0].id
    site.parts.read(visit, first, now)
    site.parts.respond(visit, first, Entry(Move.ACCEPT), now)
    site.hands.move(minutes=1)
    site.parts.respond(
        visit,
        first,
        Entry(Move.ALREADY_CLIENT, reason="Oma työntekijä", happened_on=now.date()),
        site.hands(),
    )
    site.parts.write_note(visit, first, UUID(int=7), Note("Soitettu kouluun"), site.hands())
    return first  # type: ignore[no-any-return]  # of a row


def test_new_reports_go_to_the_new_key_at_once(site: Site) -> None:
    old = key_of(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    new = key_of(site)
    assert new != old
    site.send()
    sealed_to = scalars(site, WrapRow.agency_key_id, WrapRow.purpose == "recipient")
    assert sealed_to == [new]
    for name in ("soc", "soc-deputy", "soc-head"):
        site.parts.read(site.visit(name), referrals(site)[0].id, site.hands())


def test_everything_that_was_sealed_to_the_former_key_opens_with_the_new_one_alone(
    site: Site,
) -> None:
    first = lived(site)
    before = site.parts.read(site.visit("soc-head"), first, site.hands())
    old = key_of(site)
    progress = change(site)
    assert (progress.left, progress.closed) == (0, 0)
    assert progress.done == progress.total >= 4
    for row in (WrapRow, MoveRow, NoteRow):
        assert scalars(site, row.id, row.agency_key_id == old) == []
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id == old))
    after = site.parts.read(site.visit("soc-head"), first, site.hands())
    assert after.sections == before.sections
    assert list(after.move_reasons.values()) == list(before.move_reasons.values()) != []
    assert after.written == before.written != {}


def test_a_standby_desk_takes_over_with_its_new_key(site: Site) -> None:
    site.send()
    old = key_of(site, DUTY)
    change(site, "duty", DUTY)
    standby = scalars(site, WrapRow.agency_key_id, WrapRow.purpose == "standby")
    assert standby == [key_of(site, DUTY)] != [old]
    site.parts.chase(site.hands.move(days=20))
    (offer,) = site.parts.take_over.offers(site.visit("duty"))
    site.parts.take_over(site.visit("duty"), offer.referral_id, "Hiljaa", site.hands())


def test_the_change_is_told_in_the_trail_with_its_beginning_and_end(site: Site) -> None:
    lived(site)
    change(site)
    assert [row.purpose for row in told(site, Action.CHANGE_KEY)] == [rotate.BEGUN, rotate.ENDED]
    assert {row.agency_id for row in told(site, Action.CHANGE_KEY)} == {SOC}
    go_on(site)
    assert len(told(site, Action.CHANGE_KEY)) == 2


def test_a_change_that_was_left_goes_on_from_a_colleagues_session(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate, "AT_ONCE", 1)
    lived(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    steps = site.parts.rotate.steps(site.visit("soc"), SOC, site.hands())
    first = next(steps)
    del steps
    head = site.parts.rotate.progress(site.visit("soc-head"), SOC)
    assert (head.done, head.left) == (first.done, first.left) == (1, first.total - 1)
    assert go_on(site, "soc-head").left == 0


def test_two_members_at_once_do_no_harm(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate, "AT_ONCE", 1)
    first = lived(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    one = site.parts.rotate.steps(site.visit("soc"), SOC, site.hands())
    other = site.parts.rotate.steps(site.visit("soc-head"), SOC, site.hands())
    for _ in range(20):
        next(one, None)
        next(other, None)
    assert site.parts.rotate.progress(site.visit("soc"), SOC).left == 0
    assert site.parts.read(site.visit("soc"), first, site.hands()).written


def test_what_was_sealed_anew_meanwhile_is_not_put_back(site: Site) -> None:
    site.send()
    old = key_of(site)
    with site.parts.database.read() as connection:
        (row,) = rotation.sealed_to(connection, "wrap", old, rotation.FIRST, 2)
    change(site)
    late = {row.id: {"sealed_keys": b"late"}}
    with site.parts.database.write() as connection:
        assert rotation.seal_anew(connection, "wrap", [row], late, old, old) == 0
    assert site.parts.read(site.visit("soc"), referrals(site)[0].id, site.hands()).sections


def test_of_two_who_begin_at_once_one_is_told(site: Site) -> None:
    visit = site.visit("soc")
    real = site.parts.database
    began = Rotate(real)

    class Late(Rotate):
        def _keys(self, *about: Any) -> Any:
            found = super()._keys(*about)
            began.begin(site.visit("soc-head"), SOC, site.hands())
            return found

    with pytest.raises(GrantRefused):
        Late(real).begin(visit, SOC, site.hands())
    in_use = scalars(
        site,
        AgencyKeyRow.id,
        AgencyKeyRow.agency_id == SOC,
        AgencyKeyRow.retired_at.is_(None),
    )
    assert len(in_use) == 1


@pytest.mark.parametrize("name", ["pol", "hea"])
def test_who_does_not_hold_the_key_changes_nothing_and_leaves_one_line(
    site: Site, name: str
) -> None:
    lived(site)
    old = key_of(site)
    with pytest.raises(GrantRefused):
        site.parts.rotate.begin(site.visit(name), SOC, site.hands())
    assert key_of(site) == old
    with pytest.raises(GrantRefused):
        next(site.parts.rotate.steps(site.visit(name), SOC, site.hands()))
    refused = [row for row in told(site, Action.REFUSED) if row.purpose == rotate.NOT_HELD]
    assert [row.agency_id for row in refused] == [SOC, SOC]


def test_a_member_who_waits_for_the_key_cannot_change_it(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    role = Appointment(Membership(Role.WORKER, SOC), site.hands().date())
    site.parts.appoint(admin, site.people["wel"], [role], site.hands())
    with pytest.raises(GrantRefused):
        site.parts.rotate.begin(site.visit("wel"), SOC, site.hands())
    assert len(told(site, Action.REFUSED)) == 1
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    granted = scalars(site, GrantRow.person_id, GrantRow.agency_key_id == key_of(site))
    assert site.people["wel"] not in granted
    assert len(granted) == 3


def test_a_role_that_has_ended_gets_no_new_key(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    today = site.hands().date()
    member = site.parts.appoint.named("soc-head", today)
    site.parts.dismiss(admin, member.id, member.roles[0].id, today, site.hands(), knowing=True)
    site.hands.move(days=1)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    granted = scalars(site, GrantRow.person_id, GrantRow.agency_key_id == key_of(site))
    assert set(granted) == {site.people["soc"], site.people["soc-deputy"]}


def test_a_wrap_swapped_between_referrals_is_not_sealed_anew_and_leaves_one_line(
    site: Site,
) -> None:
    lived(site)
    old = key_of(site)
    one, two = sorted(scalars(site, WrapRow.id, WrapRow.purpose == "recipient"))
    sealed = dict.fromkeys((one, two), b"")
    for wrap in sealed:
        (sealed[wrap],) = scalars(site, WrapRow.sealed_keys, WrapRow.id == wrap)
    with site.parts.database.write() as connection:
        for this, other in ((one, two), (two, one)):
            values = update(WrapRow).where(WrapRow.id == this).values(sealed_keys=sealed[other])
            connection.execute(values)
    progress = change(site)
    assert progress.left == 2
    assert len(told(site, Action.DAMAGED)) == 2
    assert go_on(site).left == 2
    assert len(told(site, Action.DAMAGED)) == 2
    for wrap in (one, two):
        assert scalars(site, WrapRow.agency_key_id, WrapRow.id == wrap) == [old]
    assert [row.purpose for row in told(site, Action.CHANGE_KEY)] == [rotate.BEGUN]


def test_a_wrap_that_names_a_key_of_another_generation_is_not_sealed_anew(site: Site) -> None:
    site.send()
    first = key_of(site)
    change(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    with site.parts.database.write() as connection:
        named = update(WrapRow).where(WrapRow.purpose == "recipient").values(agency_key_id=first)
        connection.execute(named)
    assert go_on(site).left == 1
    (line,) = told(site, Action.DAMAGED)
    assert line.referral_id == referrals(site)[0].id


def test_a_damaged_row_keeps_none_of_the_others_from_being_sealed_anew(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate, "AT_ONCE", 1)
    first = lived(site)
    with site.parts.database.write() as connection:
        connection.execute(
            update(WrapRow)
            .where(WrapRow.referral_id == first, WrapRow.purpose == "recipient")
            .values(sealed_keys=os.urandom(1200))
        )
    assert change(site).left == 1
    with pytest.raises(EnvelopeDamaged):
        site.parts.read(site.visit("soc"), first, site.hands())


def test_a_public_key_that_is_not_the_granted_ones_is_never_sealed_to(site: Site) -> None:
    lived(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    (theirs,) = scalars(site, AgencyKeyRow.public_key, AgencyKeyRow.id == key_of(site, DUTY))
    with site.parts.database.write() as connection:
        swapped = update(AgencyKeyRow).where(AgencyKeyRow.id == key_of(site))
        connection.execute(swapped.values(public_key=theirs))
    with pytest.raises(GrantRefused) as refused:
        next(site.parts.rotate.steps(site.visit("soc"), SOC, site.hands()))
    assert refused.value.message.key == rotate.OTHER_KEY
    assert len(told(site, Action.REFUSED)) == 1


def test_what_is_sealed_to_a_key_that_one_does_not_hold_is_told_apart(site: Site) -> None:
    lived(site)
    old = key_of(site)
    change(site)
    with site.parts.database.write() as connection:
        named = update(WrapRow).where(WrapRow.purpose == "recipient").values(agency_key_id=old)
        connection.execute(named)
        mine = GrantRow.person_id == site.people["soc"]
        connection.execute(delete(GrantRow).where(mine, GrantRow.agency_key_id == old))
    progress = go_on(site)
    assert (progress.left, progress.closed) == (0, 2)
    with pytest.raises(KeyNotGranted):
        site.parts.read(site.visit("soc"), referrals(site)[0].id, site.hands())


def test_the_grants_of_a_former_key_go_a_day_after_nothing_is_sealed_to_it(site: Site) -> None:
    lived(site)
    old = key_of(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    site.parts.tidy(site.hands.move(days=2))
    assert len(scalars(site, GrantRow.id, GrantRow.agency_key_id == old)) == 3
    go_on(site)
    site.parts.tidy(site.hands())
    assert scalars(site, GrantRow.id, GrantRow.agency_key_id == old) == []
    assert len(scalars(site, GrantRow.id, GrantRow.agency_key_id == key_of(site))) == 3


def test_a_former_key_stays_for_a_day_and_while_a_line_of_the_trail_needs_it(site: Site) -> None:
    old = key_of(site)
    change(site)
    site.parts.tidy(site.hands())
    assert scalars(site, GrantRow.id, GrantRow.agency_key_id == old)
    with site.parts.database.write() as connection:
        line = select(TrailRow.id).limit(1).scalar_subquery()
        sealed = update(TrailRow).where(TrailRow.id == line)
        connection.execute(sealed.values(detail_key_id=old, sealed_detail=b"x"))
    site.parts.tidy(site.hands.move(days=2))
    assert scalars(site, GrantRow.id, GrantRow.agency_key_id == old)


def test_a_removed_members_grants_are_gone_and_the_others_are_asked_until_they_change_the_key(
    site: Site,
) -> None:
    admin = site.visit("admin").person.as_administrator()
    gone = site.people["soc-head"]
    site.parts.dismiss(admin, gone, None, site.hands().date() - DAY, site.hands(), knowing=True)
    assert scalars(site, GrantRow.id, GrantRow.person_id == gone) == []

    def asked() -> list[tuple[str, str]]:
        with site.parts.database.read() as connection:
            return [tuple(row) for row in rotation.leavers(connection, {SOC, DUTY})]

    assert asked() == [(SOC, "Eero Esihenkilö")]
    change(site)
    assert asked() == []
    assert len(scalars(site, KeyLeaverRow.id)) == 1


def test_one_who_left_and_got_the_key_again_is_asked_about_no_more(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    head = site.people["soc-head"]
    today = site.hands().date()
    also = Appointment(Membership(Role.AUDITOR, controller="county-vantaa-kerava"), today)
    role = site.parts.appoint.named("soc-head", today).roles[0].id
    site.parts.appoint(admin, head, [also], site.hands())
    site.parts.dismiss(admin, head, role, today - DAY, site.hands(), knowing=True)
    again = Appointment(Membership(Role.HEAD, SOC), today)
    site.parts.appoint(admin, head, [again], site.hands())
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(site.parts.database, pepper, CHEAP)
    words = site.words("soc-head")
    enrol.grant(site.visit("soc"), SOC, "soc-head", site.hands(), words=words)
    with site.parts.database.read() as connection:
        assert rotation.leavers(connection, {SOC}) == []
        assert connection.scalar(select(func.count()).select_from(KeyLeaverRow)) == 1


def test_a_damaged_grant_of_a_former_key_keeps_nobody_from_going_on(site: Site) -> None:
    lived(site)
    old = key_of(site)
    change(site)
    with site.parts.database.write() as connection:
        former = update(GrantRow).where(GrantRow.agency_key_id == old)
        connection.execute(former.values(sealed_key=b"\x01broken"))
    site.send()
    assert change(site).left == 0


def test_nothing_is_sealed_anew_to_a_key_that_was_put_in(site: Site) -> None:
    site.send()
    before = key_of(site)
    keyless.plant(site, SOC, "soc", activated=True)
    visit = site.visit("soc")
    assert not Colleagues(site.parts.database).news(visit, local_date(site.hands())).unfinished
    with pytest.raises(GrantRefused):
        go_on(site)
    with pytest.raises(GrantRefused):
        site.parts.rotate.begin(visit, SOC, site.hands())
    with site.parts.database.read() as connection:
        named = select(WrapRow.agency_key_id).where(WrapRow.agency_id == SOC)
        assert set(connection.scalars(named)) == {before}
    assert len(told(site, Action.REFUSED)) == 2
