"""From the proposal to what counts: a second person, the keeper's file, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from alembic import command
from sqlalchemy import delete, select

from intake.domain.deadline import local_date
from intake.domain.entry import LONGEST, KeyEntry, RoleEntry
from intake.domain.entry_file import (
    EntryFileUnreadable,
    Request,
    Signed,
    read_requests,
    read_signed,
    requests_text,
    signed_text,
)
from intake.domain.people import Administrator, Membership, Role
from intake.domain.trail import Action
from intake.services.appoint import PersonNotYours
from intake.services.colleagues import Colleagues
from intake.services.confirm_entries import ConfirmRefused, WaitingEntry
from intake.services.enrol import make_key_unless_held
from intake.services.entries import Entries
from intake.services.sign_entries import RequestSignatures, TakeSignatures, sign
from intake.services.sign_in import SignInRefused
from intake.store import deletions, entries, people, privileges, proposals, rotation
from intake.store.database import _alembic
from intake.store.deletions import put_for_good
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import AgencyKeyRow, GrantRow, MembershipRow, PersonRow
from intake.store.tables import TrailRow
from intake.vault.directory_signing import DirectorySigningKey
from intake.vault.words import words_of
from tests import keeper
from tests.services import keyless
from tests.site import COUNTY, HEA, SOC, TRIAGE, YOU, Site

AT_TRIAGE = Membership(Role.WORKER, TRIAGE)
ADMINISTRATOR = Membership(Role.ADMINISTRATOR, controller=COUNTY)
BEFORE_ENTRIES = "0017"
KERAVA = "you-kerava"
OPERATOR = Administrator(None, frozenset({COUNTY, "police", "municipality-vantaa"}))


@pytest.fixture(autouse=True)
def _away(site: Site) -> Iterator[None]:
    """Whoever is enrolled has been signed; what comes now waits."""
    with keeper.away():
        yield


def admin(site: Site, name: str = "admin") -> Administrator:
    return site.visit(name).person.as_administrator()


def give(site: Site, to: str, membership: Membership, by: Administrator | None = None) -> None:
    role = [site.appointment(membership)]
    site.parts.appoint(by or admin(site), site.people[to], role, site.hands())


def requests(site: Site) -> list[Request]:
    return RequestSignatures(site.parts.database)(site.hands())


def take(site: Site, *given: Signed) -> list[str]:
    taken = TakeSignatures(site.parts.database, keeper.signed())(given, site.hands())
    return [why for _, why in taken]


def signed(*wanted: Request) -> list[Signed]:
    return sign(keeper.KEY, wanted, lambda _request: True)


def waiting(site: Site, by: Administrator) -> list[WaitingEntry]:
    return site.parts.confirm_entries.waiting(by, local_date(site.hands()))


def counting(site: Site) -> tuple[tuple[Membership, ...], set[str]]:
    """The roles of one person that count, and the agencies that somebody can open."""
    today = local_date(site.hands())
    with site.parts.database.read() as connection:
        person = people.person(connection, site.people["soc"], today)
        assert person is not None
        return person.memberships, set(people.agency_keys_that_open(connection, today))


def told(site: Site, action: Action) -> list[str]:
    with site.parts.database.read() as connection:
        return list(connection.scalars(select(TrailRow.purpose).where(TrailRow.action == action)))


def test_a_role_counts_once_the_keeper_has_signed_it_and_not_before(site: Site) -> None:
    give(site, "hea", AT_TRIAGE)
    before = site.visit("hea").person
    assert AT_TRIAGE not in before.memberships
    assert before.waiting == (AT_TRIAGE,)
    (request,) = read_requests(requests_text(requests(site)))
    assert request.who == "Heli Hoitaja, hea"
    assert request.proposed_by == "Petri Pääkäyttäjä"
    assert take(site, *read_signed(signed_text(signed(request)))) == []
    assert AT_TRIAGE in site.visit("hea").person.memberships
    assert told(site, Action.SIGN_ENTRY) == ["hea: worker"]
    assert requests(site) == []
    assert site.parts.check_entries(site.hands()) == 0


def test_a_waiting_role_is_no_alarm(site: Site) -> None:
    give(site, "hea", AT_TRIAGE)
    assert site.parts.check_entries(site.hands()) == 0


def test_signatures_of_another_key_of_other_words_or_of_nothing_are_refused(site: Site) -> None:
    give(site, "hea", AT_TRIAGE)
    (request,) = requests(site)
    (good,) = signed(request)
    body = json.dumps(json.loads(good.body) | {"role": "head"}, separators=(",", ":"))
    (other,) = sign(DirectorySigningKey.new(), [request], lambda _request: True)
    unknown = "no such entry waits for a signature"
    assert take(site, other) == ["it is not signed with the directory key"]
    assert take(site, replace(good, body=body)) == [unknown]
    assert take(site, replace(good, id=site.people["hea"])) == [unknown]
    assert AT_TRIAGE in site.visit("hea").person.waiting
    assert take(site, good, good) == [unknown]  # once is enough
    assert AT_TRIAGE in site.visit("hea").person.memberships


def test_an_administrator_needs_a_second_person_who_is_told_the_words(site: Site) -> None:
    give(site, "auditor", ADMINISTRATOR)
    assert requests(site) == []
    confirm = site.parts.confirm_entries
    (one,) = waiting(site, admin(site))
    assert one.own
    with pytest.raises(ConfirmRefused, match="somebody else must confirm"):
        confirm(admin(site), one.id, one.words, site.hands())
    with pytest.raises(ConfirmRefused, match="no longer waits"):
        confirm(admin(site, "admin-police"), one.id, one.words, site.hands())
    with pytest.raises(ConfirmRefused, match="not the words"):
        confirm(OPERATOR, one.id, one.words.replace(one.words.split()[0], "aasi"), site.hands())
    unconfirmed = Request(one.id, one.body, "", "", "")
    assert take(site, *signed(unconfirmed)) == ["a second person has not confirmed it"]
    confirm(OPERATOR, str(one.id), f"  {one.words.upper().replace(' ', ', ')}. ", site.hands())
    assert told(site, Action.CONFIRM_ENTRY) == [f"auditor: administrator, {COUNTY}"]
    with pytest.raises(ConfirmRefused, match="no longer waits"):
        confirm(OPERATOR, one.id, one.words, site.hands())
    assert take(site, *signed(*requests(site))) == []
    assert ADMINISTRATOR in site.visit("auditor").person.memberships


def test_nobody_confirms_a_role_of_their_own_and_an_operator_none_that_operators_gave(
    site: Site,
) -> None:
    give(site, "auditor", ADMINISTRATOR, by=OPERATOR)
    give(site, "admin", Membership(Role.AUDITOR, controller=COUNTY), by=OPERATOR)
    ours = {one.sign_in_name: one for one in waiting(site, admin(site))}
    assert {name: one.own for name, one in ours.items()} == {"auditor": False, "admin": True}
    assert all(one.own for one in waiting(site, OPERATOR))
    confirm = site.parts.confirm_entries
    confirm(admin(site), ours["auditor"].id, ours["auditor"].words, site.hands())
    assert len(requests(site)) == 1


def test_the_first_member_of_an_agency_and_its_key_need_two_and_the_next_member_does_not(
    site: Site,
) -> None:
    place = Membership(Role.WORKER, KERAVA)
    kerava = Administrator(None, frozenset({"municipality-kerava"}))
    give(site, "hea", place, by=kerava)
    role, key = waiting(site, kerava)
    assert (role.needs_second, key.needs_second) == (True, True)
    assert KERAVA not in site.parts.route.keys_that_open(local_date(site.hands()))
    municipality = Membership(Role.ADMINISTRATOR, controller="municipality-kerava")
    with keeper.at_hand():
        give(site, "admin", municipality, by=kerava)
    boss = admin(site)
    site.parts.confirm_entries(boss, role.id, role.words, site.hands())
    site.parts.confirm_entries(boss, key.id, key.words, site.hands())
    assert take(site, *signed(*requests(site))) == []
    assert KERAVA in site.parts.route.keys_that_open(local_date(site.hands()))
    give(site, "you", place, by=kerava)
    assert len(requests(site)) == 1


def test_whose_role_ends_while_they_confirm_confirms_and_refuses_nothing(site: Site) -> None:
    give(site, "hea", ADMINISTRATOR, by=OPERATOR)
    came = admin(site)
    (one,) = waiting(site, came)
    site.parts.dismiss(OPERATOR, site.people["admin"], None, date.min, site.hands(), knowing=True)
    with pytest.raises(ConfirmRefused):
        site.parts.confirm_entries(came, one.id, one.words, site.hands())
    with pytest.raises(ConfirmRefused):
        site.parts.confirm_entries.refuse(came, one.id, site.hands())


def test_what_is_refused_is_not_there_any_more(site: Site) -> None:
    give(site, "hea", AT_TRIAGE)
    (one,) = waiting(site, admin(site))
    site.parts.confirm_entries.refuse(admin(site), one.id, site.hands())
    assert requests(site) == []
    assert AT_TRIAGE not in site.visit("hea").person.waiting
    assert told(site, Action.REFUSE_ENTRY) == [f"hea: worker, {TRIAGE}"]
    with pytest.raises(ConfirmRefused):
        site.parts.confirm_entries.refuse(admin(site), one.id, site.hands())


def test_the_next_member_of_an_agency_that_everybody_left_needs_two_again(site: Site) -> None:
    vantaa = Administrator(None, frozenset({"municipality-vantaa"}))
    today = local_date(site.hands())
    site.parts.dismiss(vantaa, site.people["you"], None, today.min, site.hands(), knowing=True)
    give(site, "hea", Membership(Role.WORKER, YOU), by=vantaa)
    role, key = waiting(site, vantaa)
    assert (role.needs_second, key.needs_second) == (True, True)
    assert requests(site) == []


def test_a_refused_role_that_never_counted_leaves_nothing_behind(site: Site) -> None:
    kerava = Administrator(None, frozenset({"municipality-kerava"}))
    session = site.session("hea")
    give(site, "hea", Membership(Role.WORKER, KERAVA), by=kerava)
    held = select(GrantRow.agency_key_id).where(GrantRow.person_id == site.people["hea"])
    role, key = waiting(site, kerava)
    with site.parts.database.read() as connection:
        (own, made) = sorted(connection.scalars(held), key=lambda each: each == key.subject)
        assert made == key.subject
    site.parts.confirm_entries.refuse(kerava, role.id, site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalars(held).all() == [own]
        leavers = rotation.leavers(connection, [KERAVA])
        assert [row.name for row in leavers] == ["Heli Hoitaja"]
    assert site.parts.sign_in.resume(session, site.hands()) is None
    assert told(site, Action.WITHDRAW_GRANT) == ["hea"]
    assert site.visit("hea").person.memberships


def test_who_is_refused_the_only_role_has_left(site: Site) -> None:
    with keeper.away(), site.parts.database.write() as connection:
        proposals.withdraw_roles_of(connection, site.people["hea"], site.hands())
        hea = MembershipRow.person_id == site.people["hea"]
        proposals.propose_roles(connection, hea, by=None, at=site.hands())
    boss, today = admin(site), local_date(site.hands())
    (one,) = waiting(site, boss)
    site.parts.confirm_entries.refuse(boss, one.id, site.hands())
    with pytest.raises(SignInRefused):
        site.visit("hea")
    with pytest.raises(PersonNotYours):
        site.parts.appoint.person(boss, site.people["hea"], today)


def ended(site: Site) -> None:
    """As a restore of before may leave it: what stands has lost what was signed of it."""
    with site.parts.database.write() as connection:
        column, now = DirectoryEntryRow.withdrawn_at, site.hands()
        put_for_good(connection, column, now, column.is_(None), at=now)


def test_what_stands_without_an_entry_is_asked_for_anew_and_counts_once_it_is_signed(
    site: Site,
) -> None:
    today = local_date(site.hands())
    with site.parts.database.read() as connection:
        standing = entries.roles_in_force(connection, today), entries.keys_in_use(connection)
    ended(site)
    assert counting(site) == ((), set())
    wanted = requests(site)
    assert len(wanted) == sum(map(len, standing))
    assert requests(site) == wanted
    assert len(told(site, Action.PROPOSE_ENTRY)) == len(wanted)
    assert counting(site) == ((), set())
    assert site.parts.check_entries(site.hands()) == 0
    assert take(site, *signed(*wanted)) == []
    roles, agencies = counting(site)
    assert len(roles) == 2
    assert YOU in agencies


def test_what_nobody_ever_proposed_is_not_asked_for(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(delete(DirectoryEntryRow))
    assert requests(site) == []
    assert site.parts.check_entries(site.hands()) > 0


def test_who_is_to_get_a_new_key_is_not_asked_for_with_the_old_one(site: Site) -> None:
    """After a restore the lock of a replaced key is empty: its owner waits for a new link."""
    ended(site)
    with site.parts.database.write() as connection:
        hea = PersonRow.id == site.people["hea"]
        put_for_good(connection, PersonRow.sealed_private_key, b"", hea, at=site.hands())
    assert {one.who for one in requests(site)} & {"Heli Hoitaja, hea", "Saana Sosiaali, soc"} == {
        "Saana Sosiaali, soc"
    }


def test_what_is_signed_again_lets_a_backup_from_before_keep_its_own_signature(site: Site) -> None:
    with site.parts.database.read() as connection:
        hea = MembershipRow.person_id == site.people["hea"]
        role = connection.scalars(select(MembershipRow.id).where(hea)).one()
        before = len(deletions.unlisted(connection, 500))
    with keeper.away(), site.parts.database.write() as connection:
        proposals.propose_again(connection, role, site.hands())
    assert take(site, *signed(*requests(site))) == []
    assert site.visit("hea").person.memberships
    with site.parts.database.read() as connection:
        assert len(deletions.unlisted(connection, 500)) == before


def test_a_role_that_is_not_to_be_signed_again_stands_until_it_runs_out(site: Site) -> None:
    before = site.visit("hea").person.memberships
    with site.parts.database.read() as connection:
        hea = MembershipRow.person_id == site.people["hea"]
        role = connection.scalars(select(MembershipRow.id).where(hea)).one()
    with keeper.away(), site.parts.database.write() as connection:
        proposals.propose_again(connection, role, site.hands())
    (one,) = waiting(site, admin(site))
    site.parts.confirm_entries.refuse(admin(site), one.id, site.hands())
    assert requests(site) == []
    assert site.visit("hea").person.memberships == before
    assert site.parts.sign_in.resume(site.session("hea"), site.hands())


def test_a_key_that_is_refused_goes_out_of_use_and_a_member_can_make_another(site: Site) -> None:
    kerava = Administrator(None, frozenset({"municipality-kerava"}))
    give(site, "hea", Membership(Role.WORKER, KERAVA), by=kerava)
    _, key = waiting(site, kerava)
    site.parts.confirm_entries.refuse(kerava, key.id, site.hands())
    with site.parts.database.write() as connection:
        assert people.key_in_use(connection, KERAVA) is None
        made = make_key_unless_held(connection, KERAVA, site.people["hea"], site.hands())
    assert made is not None
    assert [one.subject for one in waiting(site, kerava)][1:] == [made.key_id]


def test_roles_that_run_out_soon_are_asked_for_again_and_count_meanwhile(site: Site) -> None:
    site.hands.move(days=LONGEST.days - 60)
    wanted = requests(site)
    said = [one.said for one in wanted]
    assert all(isinstance(one, RoleEntry) for one in said)
    assert len(requests(site)) == len(wanted) > 10  # asked for once
    assert site.visit("soc").person.memberships
    assert take(site, *signed(*wanted)) == []
    site.hands.move(days=LONGEST.days - 10)
    assert site.visit("soc").person.memberships
    assert YOU in site.parts.route.keys_that_open(local_date(site.hands()))


def test_with_another_directory_key_all_that_was_signed_is_signed_again(site: Site) -> None:
    give(site, "hea", ADMINISTRATOR)  # this one waits for a second person, and goes on waiting
    other = DirectorySigningKey.new()
    site.parts.database.believe(Entries(other.public()))
    assert counting(site) == ((), set())
    ask = RequestSignatures(site.parts.database)
    wanted = ask(site.hands(), anew=True)
    assert len(wanted) == len(ask(site.hands(), anew=True))
    wanted = ask(site.hands())
    again = sign(other, wanted, lambda _request: True)
    take_in = TakeSignatures(site.parts.database, Entries(other.public()))
    assert take_in(again, site.hands()) == []
    roles, agencies = counting(site)
    assert len(roles) == 2
    assert YOU in agencies
    (one,) = waiting(site, OPERATOR)
    assert one.needs_second


def test_with_another_directory_key_former_keys_that_reports_are_sealed_to_are_signed_again(
    site: Site,
) -> None:
    site.send()
    wrapped, unused = keyless.in_use(site, SOC), keyless.in_use(site, HEA)
    with keeper.at_hand():
        for name, agency in (("soc", SOC), ("hea", HEA)):
            assert site.parts.rotate.begin(site.visit(name), agency, site.hands())
    other = DirectorySigningKey.new()
    site.parts.database.believe(Entries(other.public()))
    wanted = RequestSignatures(site.parts.database)(site.hands(), anew=True)
    said = {one.said.key: one.said for one in wanted if isinstance(one.said, KeyEntry)}
    assert {wrapped, keyless.in_use(site, SOC), keyless.in_use(site, HEA)} <= said.keys()
    assert unused not in said
    take_in = TakeSignatures(site.parts.database, Entries(other.public()))
    roles = [one for one in wanted if isinstance(one.said, RoleEntry)]
    assert take_in(sign(other, roles, lambda _request: True), site.hands()) == []
    told = Colleagues(site.parts.database).words(site.visit("soc")).of_agencies[SOC]
    ours = wrapped, keyless.in_use(site, SOC)
    assert sorted(told) == sorted(words_of(said[key].public_key) for key in ours)
    former = [one for one in wanted if one.said == said[wrapped]]
    assert take_in(sign(other, former, lambda _request: True), site.hands()) == []
    with site.parts.database.read() as connection:
        assert [people.agency_key(connection, key) is not None for key in ours] == [True, False]


def test_a_former_key_that_is_not_to_be_signed_again_stays_as_it_is(site: Site) -> None:
    site.send()
    wrapped = keyless.in_use(site, SOC)
    with keeper.at_hand():
        site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    with site.parts.database.read() as connection:
        this = select(AgencyKeyRow.retired_at).where(AgencyKeyRow.id == wrapped)
        retired = connection.scalars(this).one()
    RequestSignatures(site.parts.database)(site.hands.move(days=1), anew=True)
    keyless.unsign(site, wrapped)
    (one,) = [each for each in waiting(site, OPERATOR) if each.subject == wrapped]
    site.parts.confirm_entries.refuse(OPERATOR, one.id, site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalars(this).one() == retired


def test_a_site_from_before_is_proposed_at_its_upgrade_and_serves_once_it_is_signed(
    site: Site,
) -> None:
    database, today = site.parts.database, local_date(site.hands())
    command.downgrade(_alembic(database.url), BEFORE_ENTRIES)
    database.upgrade()
    with database.write() as connection:
        privileges.renew(connection)  # as `ankkuri init` does after it
    assert site.visit("soc").person.memberships == ()
    assert site.parts.route.keys_that_open(today) == {}
    assert site.parts.check_entries(site.hands()) == 0  # it waits, and is no alarm
    wanted = requests(site)
    with database.read() as connection:
        standing = entries.roles_in_force(connection, today), entries.keys_in_use(connection)
    assert len(wanted) == sum(map(len, standing))
    assert take(site, *signed(*wanted)) == []
    assert len(site.visit("soc").person.memberships) == 2
    assert YOU in site.parts.route.keys_that_open(today)


def test_a_role_that_ends_soon_is_not_asked_for_again(site: Site) -> None:
    last = local_date(site.hands()) + timedelta(days=9)
    with keeper.at_hand():
        site.parts.appoint(
            admin(site), site.people["hea"], [site.appointment(AT_TRIAGE, last)], site.hands()
        )
    assert requests(site) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', '{"format": 1, "entries": 2}'])
def test_other_files_are_told_apart(text: str) -> None:
    for read in (read_requests, read_signed):
        with pytest.raises(EntryFileUnreadable):
            read(text)
    with pytest.raises(EntryFileUnreadable):
        read_signed(requests_text([]))
