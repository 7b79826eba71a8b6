"""What administrators and colleagues ended since the backup stays ended after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import config
from intake.domain.people import Administrator, Appointment, Membership, Role
from intake.domain.referral import Move
from intake.services.enrol import Enrol
from intake.services.invite import Newcomer
from intake.services.join import InvitationOver, Join
from intake.services.list_deletions import read_list
from intake.services.oversee_recusals import OverseeRecusals
from intake.services.read import KeyNotGranted, ReferralNotYours
from intake.services.record import Entry
from intake.services.second_step import FactorRefused
from intake.services.sign_in import SignInRefused
from intake.store import people, staff
from intake.store.need_to_know_tables import RecusalRow
from intake.store.people_tables import AgencyKeyRow, GrantRow
from intake.vault.keyring import InvitationSecret
from intake.vault.totp import step_at
from tests.lived import empty_place, key_pair, making
from tests.services.sending import at, row_of
from tests.services.test_recuse import recuse, sent
from tests.services.test_restore import Drill
from tests.services.test_rotate import change, go_on
from tests.site import CHEAP, HEA, PASSPHRASE, SOC, TOTP_SECRET, Site, open_site

NEW = "uusi salalause tähän"
MAIJA = Newcomer("maija", "Maija Meikäläinen", "maija@ankkuri.invalid", "fi")


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    """A site with a report, and its backup."""
    with open_site(tmp_path / "data") as site:
        site.send()
        private = key_pair(site, tmp_path)
        yield Drill(site, [], {}, {}, tmp_path, private, empty_place(tmp_path / "new"))


def back_up(drill: Drill) -> None:
    """Everything after this is done since the backup."""
    site = drill.site
    drill.file = making(site)(drill.file, site.hands.move(minutes=5)).file
    site.hands.move(hours=2)


def since(drill: Drill) -> list[object]:
    drill.site.parts.list_deletions(drill.site.hands())
    return list(read_list(drill.site.parts.settings.deletions))


def admin(site: Site) -> Administrator:
    return site.visit("admin").person.as_administrator()


def join(site: Site) -> Join:
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    return Join(site.parts.database, pepper, CHEAP)


def invited(site: Site) -> InvitationSecret:
    role = Appointment(Membership(Role.WORKER, SOC), site.hands().date())
    return site.parts.invite(admin(site), MAIJA, [role], site.hands())


def renew(site: Site, name: str) -> None:
    """Give a person a new passphrase, and the agency's key again."""
    secret = site.parts.invite.anew(admin(site), site.people[name], site.hands())
    join(site)(secret, NEW, site.hands())
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    Enrol(site.parts.database, pepper, CHEAP).grant(
        site.visit("soc-head"), SOC, name, site.hands.move(minutes=1), words=site.words(name)
    )


def reads(site: Site, name: str) -> bool:
    visit = site.visit(name)
    (row,) = site.parts.read.inbox(visit, ("sent",))
    site.parts.read(visit, row.id, site.hands())
    return True


def test_who_left_stays_gone_and_a_role_that_ended_stays_ended(drill: Drill) -> None:
    site = drill.site
    back_up(drill)
    boss, today = admin(site), site.hands().date()
    for name in ("soc-deputy", "wel"):
        site.parts.dismiss(boss, site.people[name], None, today.min, site.hands(), knowing=True)
    roles = site.parts.appoint.person(boss, site.people["soc"], today).roles
    (office,) = [role for role in roles if role.membership.agency == SOC]
    site.parts.dismiss(boss, site.people["soc"], office.id, today.min, site.hands(), knowing=True)
    with drill.restored(since(drill)) as again:
        for name in ("soc-deputy", "wel"):
            with pytest.raises(SignInRefused):
                again.visit(name)
        assert office.membership not in again.visit("soc").person.memberships
        assert reads(again, "soc-head")
        with again.parts.database.read() as connection:
            who = people.who_can_open(connection, again.hands().date())
        assert who[SOC] == {again.people["soc-head"]}


def test_a_link_that_was_used_or_withdrawn_stays_void(drill: Drill) -> None:
    site = drill.site
    used = invited(site)
    other = site.parts.invite.anew(admin(site), site.people["soc"], site.hands())
    back_up(drill)
    join(site)(used, NEW, site.hands())
    (open_one,) = site.parts.invite.open_ones(admin(site), site.hands().date())
    site.parts.invite.withdraw(admin(site), open_one.id, site.hands())
    with drill.restored(since(drill)) as again:
        for secret in (used, other):
            with pytest.raises(InvitationOver):
                join(again)(secret, "jonkun toisen salalause", again.hands())
        again.visit("soc")


def test_a_passphrase_that_was_replaced_opens_nothing_again(drill: Drill) -> None:
    site = drill.site
    assert reads(site, "soc")
    back_up(drill)
    renew(site, "soc")
    with drill.restored(since(drill)) as again:
        for passphrase in (PASSPHRASE, NEW, ""):
            with pytest.raises(SignInRefused):
                again.parts.sign_in("soc", passphrase, again.hands.move(minutes=20))
        renew(again, "soc")
        again.hands.move(minutes=20)
        secret = again.session("soc", NEW)
        visit = again.parts.sign_in.resume(secret, again.hands())
        assert visit is not None
        (row,) = again.parts.read.inbox(visit, ("sent",))
        again.parts.read(visit, row.id, again.hands())


def test_a_key_taken_back_and_given_again_since_is_given_once_more(drill: Drill) -> None:
    site = drill.site
    back_up(drill)
    with site.parts.database.write() as connection:
        staff.withdraw_grants(connection, site.people["soc"], [SOC], site.hands())
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(site.parts.database, pepper, CHEAP)
    enrol.grant(site.visit("soc-head"), SOC, "soc", site.hands(), words=site.words("soc"))
    assert reads(site, "soc")
    with drill.restored(since(drill)) as again:
        with pytest.raises(KeyNotGranted):
            reads(again, "soc")
        Enrol(again.parts.database, pepper, CHEAP).grant(
            again.visit("soc-head"), SOC, "soc", again.hands(), words=again.words("soc")
        )
        assert reads(again, "soc")


def test_a_key_that_nobody_held_stays_retired(drill: Drill) -> None:
    site = drill.site
    back_up(drill)
    boss, today = admin(site), site.hands().date()
    site.parts.dismiss(boss, site.people["hea"], None, today.min, site.hands(), knowing=True)
    role = Appointment(Membership(Role.WORKER, HEA), today)
    site.parts.appoint(boss, site.people["soc"], [role], site.hands())
    with drill.restored(since(drill)) as again, again.parts.database.read() as connection:
        keys = select(AgencyKeyRow.retired_at).where(AgencyKeyRow.agency_id == HEA)
        (retired_at,) = connection.scalars(keys)
        assert retired_at is not None


def test_after_a_restore_from_before_a_change_of_keys_everything_opens_and_a_leaver_nothing(
    drill: Drill,
) -> None:
    site = drill.site
    back_up(drill)
    boss, today = admin(site), site.hands().date()
    gone = site.people["soc-deputy"]
    site.parts.dismiss(boss, gone, None, today.min, site.hands(), knowing=True)
    change(site)
    site.parts.tidy(site.hands.move(days=2))
    with drill.restored(since(drill)) as again:
        assert reads(again, "soc-head")
        with again.parts.database.read() as connection:
            assert people.key_in_use(connection, SOC) is None
            grants = select(GrantRow.id).where(GrantRow.person_id == gone)
            assert connection.scalars(grants).all() == []
        pepper = config.read_secret(again.parts.settings.keys, config.SECRETS["pepper"])
        Enrol(again.parts.database, pepper, CHEAP).new_key(again.visit("soc"), SOC, again.hands())
        assert go_on(again).left == 0
        assert reads(again, "soc")


def test_a_factor_that_was_removed_and_a_code_that_was_used_stay_so(drill: Drill) -> None:
    site, factors = drill.site, drill.site.parts.factors
    visit = site.visit("soc")
    codes = factors.print_codes(visit, site.hands())
    other = factors.waiting_app(visit)
    factors.add_app(visit, other.code(step_at(site.hands())), "toinen", site.hands(), None)
    (first, _), _ = factors(visit)
    back_up(drill)
    second_step(site, codes[0])
    factors.remove(visit, first.id, site.hands())
    with drill.restored(since(drill)) as again:
        for lost in (codes[0], TOTP_SECRET.code(step_at(again.hands()))):
            with pytest.raises(FactorRefused):
                second_step(again, lost)
        again.hands.move(minutes=1)
        second_step(again, codes[1])
        second_step(again, other.code(step_at(again.hands())))


def second_step(site: Site, code: str) -> None:
    half = site.parts.sign_in.half(
        site.parts.sign_in("soc", PASSPHRASE, site.hands()), site.hands()
    )
    assert half is not None
    assert site.parts.second_step.by_code(half, code, site.hands(), None)


def test_who_was_shut_out_since_the_backup_is_shut_out_after_a_restore(drill: Drill) -> None:
    site = drill.site
    referral = at(site, SOC).id
    site.parts.respond(site.visit("soc"), referral, Entry(Move.ACCEPT), site.hands())
    recuse(site, "soc-head", referral, "soc-deputy")
    back_up(drill)
    oversee = OverseeRecusals(site.parts.database, site.parts.directory)
    (before,) = oversee(site.visit("supervisor").person)
    oversee.lift(site.visit("supervisor"), before.id, site.hands())
    recuse(site, "soc-head", referral, "soc", words="Naapuri.")
    listed = since(drill)
    assert "Naapuri" not in site.parts.settings.deletions.read_text()
    with drill.restored(listed) as restored:
        opens = restored.parts.read
        with pytest.raises(ReferralNotYours):
            opens(restored.visit("soc"), referral, site.hands())
        assert opens(restored.visit("soc-deputy"), referral, site.hands()).sections
        assert row_of(restored, referral).worker_id is None
        head = restored.visit("soc-head")
        (shut,) = restored.parts.recuse.shut_out(head, row_of(restored, referral))
        assert (shut.name, shut.why) == ("Saana Sosiaali", None)
        restored.parts.recuse.lift(head, referral, shut.id, "Erehdys.", site.hands())


def test_a_restore_shuts_out_once_lifted_and_again_and_passes_over_what_it_does_not_know(
    drill: Drill,
) -> None:
    site = drill.site
    referral = at(site, SOC).id
    back_up(drill)
    new = sent(site)
    for of in (referral, new):
        recuse(site, "soc-head", of, "soc")
        (shut,) = site.parts.recuse.shut_out(site.visit("soc-head"), row_of(site, of))
        site.hands.move(seconds=1)
        site.parts.recuse.lift(site.visit("soc-head"), of, shut.id, "Erehdys.", site.hands())
        site.hands.move(seconds=1)
        recuse(site, "soc-head", of, "soc")
    with drill.restored(since(drill)) as restored:
        with restored.parts.database.read() as connection:
            rows = connection.execute(
                select(RecusalRow.__table__).order_by(RecusalRow.declared_at)
            ).all()
        assert [row.lifted_at is None for row in rows] == [False, True]
        assert {row.referral_id for row in rows} == {referral}
        with pytest.raises(ReferralNotYours):
            restored.parts.read(restored.visit("soc"), referral, site.hands())
