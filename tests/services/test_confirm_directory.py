"""One person alone lets no agency come, and none get more; what two agree on is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from intake.domain.directory_file import DirectoryInvalid
from intake.domain.people import Administrator, Membership, Role
from intake.domain.trail import Action
from intake.domain.widening import widened
from intake.services.amend import Change, EntryNotYours, digest_of
from intake.services.confirm_directory import (
    CHANGED_SINCE,
    HOLDS_NO_MORE,
    NOT_WAITING,
    PROPOSER_ENDED,
    SAME_PERSON,
    DirectoryRefused,
)
from intake.services.list_deletions import read_list
from intake.services.schools import add_school, change_school, close_school
from intake.services.second_person import MOST_WAITING, SecondPersonNeeded, TooManyWait
from intake.store import people
from intake.store.deletions import put_for_good
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import MembershipRow
from intake.store.tables import TrailRow
from tests.lived import empty_place, key_pair
from tests.second_person import confirm_all, enrol_second, operator, waiting
from tests.services.test_amend import VANTAA, change, entry, tables
from tests.services.test_restore import Drill
from tests.services.test_restored_people import back_up
from tests.site import COUNTY, HEA, SOC, TRIAGE, YOU, Site, open_site

NEW = "hea-new"
LINE = "line-vantaa-kerava-child-welfare"


def admin(site: Site, name: str = "admin") -> Administrator:
    return site.visit(name).person.as_administrator()


def new_agency(site: Site, id_: str = NEW) -> Change:
    added = entry(site, "agency", HEA) | {"id": id_, "desk": "duty"}
    return Change("agency", id_, added)


def propose(site: Site, *changes: Change, by: str = "admin") -> None:
    assert not site.parts.amend(admin(site, by), changes or [new_agency(site)], site.hands())


def confirm(site: Site, by: str | Administrator) -> None:
    (one,) = waiting(site)
    who = admin(site, by) if isinstance(by, str) else by
    site.parts.confirm_directory(who, one.id, site.hands())


def is_refused(site: Site, by: str | Administrator, why: str) -> bool:
    """Nothing is made, and what waited waits."""
    before, waited = tables(site), waiting(site)
    with pytest.raises(DirectoryRefused) as refused:
        confirm(site, by)
    assert (tables(site), waiting(site)) == (before, waited)
    return refused.value.message.key == why


def lines(site: Site, action: Action) -> set[tuple[Any, ...]]:
    columns = TrailRow.person_id, TrailRow.agency_id, TrailRow.purpose
    with site.parts.database.read() as connection:
        rows = connection.execute(select(*columns).where(TrailRow.action == action))
        return {tuple(row) for row in rows}


def test_a_new_agency_counts_only_once_a_second_person_has_confirmed_it(site: Site) -> None:
    before = tables(site)
    propose(site)
    assert tables(site) == before
    assert NEW not in site.parts.amend.stored(site.hands().date()).directory.agencies
    assert lines(site, Action.CHANGE_DIRECTORY) == set()
    one = site.people["admin"]
    assert lines(site, Action.PROPOSE_DIRECTORY) == {(one, None, f"agency {NEW}: added")}
    other = enrol_second(site)
    confirm(site, other)
    assert entry(site, "agency", NEW)["desk"] == "duty"
    two = site.people[other]
    assert lines(site, Action.CONFIRM_DIRECTORY) == {(two, NEW, "agency: added")}
    assert lines(site, Action.CHANGE_DIRECTORY) == {(two, NEW, "agency: added")}
    assert waiting(site) == []


def test_who_proposed_it_confirms_nothing_but_takes_it_back(site: Site) -> None:
    propose(site)
    assert is_refused(site, "admin", SAME_PERSON)
    (one,) = waiting(site)
    site.parts.confirm_directory.refuse(admin(site), one.id, site.hands())
    assert waiting(site) == []
    assert lines(site, Action.REFUSE_DIRECTORY) == {(site.people["admin"], None, f"agency {NEW}")}


def test_an_operator_is_a_second_person(site: Site) -> None:
    propose(site)
    assert confirm_all(site) == 1
    assert entry(site, "agency", NEW)


def test_what_waits_at_another_controller_is_neither_seen_nor_confirmed(site: Site) -> None:
    propose(site)
    police = admin(site, "admin-police")
    assert site.parts.confirm_directory.waiting(police) == []
    assert is_refused(site, police, NOT_WAITING)
    with pytest.raises(DirectoryRefused):
        site.parts.confirm_directory.refuse(police, waiting(site)[0].id, site.hands())
    assert len(waiting(site)) == 1


def test_of_two_controllers_agencies_the_administrator_of_one_confirms_nothing(site: Site) -> None:
    both = enrol_second(site, COUNTY, VANTAA)
    town = entry(site, "agency", YOU) | {"id": "you-new", "desk": "duty"}
    propose(site, new_agency(site), Change("agency", "you-new", town), by=both)
    assert is_refused(site, "admin", NOT_WAITING)
    assert is_refused(site, "admin-vantaa", NOT_WAITING)
    with site.parts.database.write() as connection:
        too = Membership(Role.ADMINISTRATOR, controller=VANTAA)
        people.add_membership(connection, site.people["admin"], too, site.hands())
    confirm(site, "admin")
    assert entry(site, "agency", "you-new")


def test_what_is_confirmed_once_is_not_confirmed_again(site: Site) -> None:
    propose(site)
    (one,) = waiting(site)
    confirm_all(site)
    for act in (site.parts.confirm_directory, site.parts.confirm_directory.refuse):
        with pytest.raises(DirectoryRefused) as refused:
            act(operator(site), one.id, site.hands())
        assert refused.value.message.key == NOT_WAITING


def test_one_person_has_no_more_waiting_than_there_is_room_for(site: Site) -> None:
    for number in range(MOST_WAITING):
        propose(site, new_agency(site, f"hea-{number}"))
    propose(site, new_agency(site, "hea-0"))  # waits already
    with pytest.raises(TooManyWait):
        propose(site)
    site.parts.confirm_directory.refuse(admin(site), waiting(site)[0].id, site.hands())
    propose(site)
    assert len(waiting(site)) == MOST_WAITING


def test_of_two_who_confirm_at_once_one_makes_it(site: Site) -> None:
    propose(site)
    (one,) = waiting(site)
    together = Barrier(2)

    def came_of_it(_who: int) -> str:
        together.wait()
        try:
            site.parts.confirm_directory(operator(site), one.id, site.hands())
        except DirectoryRefused as refused:
            return refused.message.key
        return ""

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(came_of_it, range(2))) == ["", NOT_WAITING]
    assert len(lines(site, Action.CHANGE_DIRECTORY)) == 1


def test_what_has_changed_since_is_proposed_anew(site: Site) -> None:
    narrow = change(site, "agency", HEA, municipalities=["vantaa"])
    kerava = Change(
        "agency", NEW, entry(site, "agency", HEA) | {"id": NEW, "municipalities": ["kerava"]}
    )
    propose(site, narrow, kerava)
    site.parts.amend(admin(site), [change(site, "agency", HEA, phone="09 000 0999")], site.hands())
    assert is_refused(site, operator(site), CHANGED_SINCE)


def test_the_same_sent_twice_by_one_person_waits_once(site: Site) -> None:
    other = enrol_second(site)
    for by in ("admin", "admin", other):
        propose(site, by=by)
    assert {one.proposed_by for one in waiting(site)} == {site.people["admin"], site.people[other]}
    assert len(waiting(site)) == 2
    assert len(lines(site, Action.PROPOSE_DIRECTORY)) == 2
    (first,) = (one for one in waiting(site) if one.proposed_by == site.people["admin"])
    site.parts.confirm_directory.refuse(admin(site), first.id, site.hands())
    propose(site)
    assert len(waiting(site)) == 2, "taken back, it can be proposed anew"


def test_the_same_agency_proposed_by_two_comes_once(site: Site) -> None:
    propose(site)
    propose(site, by=enrol_second(site))
    first, second = waiting(site)
    site.parts.confirm_directory(operator(site), first.id, site.hands())
    assert is_refused(site, operator(site), CHANGED_SINCE)
    site.parts.confirm_directory.refuse(operator(site), second.id, site.hands())
    assert lines(site, Action.REFUSE_DIRECTORY) == {(None, NEW, f"agency {NEW}")}


def test_what_would_not_hold_any_more_is_not_made(site: Site) -> None:
    propose(site)
    propose(site, new_agency(site, "hea-other"))  # of the same desk
    first, _ = waiting(site)
    site.parts.confirm_directory(operator(site), first.id, site.hands())
    assert is_refused(site, operator(site), HOLDS_NO_MORE)


def end_roles(site: Site, name: str) -> None:
    with site.parts.database.write() as connection:
        put_for_good(
            connection,
            MembershipRow.valid_to,
            date(2026, 6, 1),
            MembershipRow.person_id == site.people[name],
            at=site.hands(),
        )


def test_what_somebody_proposed_whose_role_has_ended_is_proposed_anew(site: Site) -> None:
    propose(site)
    end_roles(site, "admin")
    assert is_refused(site, operator(site), PROPOSER_ENDED)


def test_whose_role_ends_while_they_confirm_confirms_and_refuses_nothing(site: Site) -> None:
    propose(site)
    name = enrol_second(site)
    came = admin(site, name)
    end_roles(site, name)
    assert is_refused(site, came, NOT_WAITING)
    with pytest.raises(DirectoryRefused):
        site.parts.confirm_directory.refuse(came, waiting(site)[0].id, site.hands())


def test_what_nobody_signed_lets_no_proposal_count(site: Site) -> None:
    """As a role that somebody has put into the database."""
    propose(site)
    with site.parts.database.write() as connection:
        held = MembershipRow.person_id == site.people["admin"]
        connection.execute(update(MembershipRow).where(held).values(controller_id="police"))
    assert is_refused(site, operator(site), PROPOSER_ENDED)


def test_more_of_an_area_waits_and_less_of_it_does_not(site: Site) -> None:
    stays = Change("agency", NEW, new_agency(site).entry | {"municipalities": ["vantaa"]})  # type: ignore[operator]  # it has one
    propose(site, stays)
    confirm_all(site)
    propose(site, change(site, "agency", NEW, municipalities=["vantaa", "kerava"]))
    assert entry(site, "agency", NEW)["municipalities"] == ["vantaa"]
    told = (site.people["admin"], NEW, "agency: municipalities")
    assert told in lines(site, Action.PROPOSE_DIRECTORY)
    confirm_all(site)
    narrow = change(site, "agency", NEW, municipalities=["kerava"])
    assert site.parts.amend(admin(site), [narrow], site.hands())
    assert waiting(site) == []


@pytest.mark.parametrize(
    "values",
    [
        {"phone": "09 000 0999", "name": {"fi": "Uusi", "sv": "Ny"}},
        {"hours": "always", "languages": ["fi"]},
        {"out_of_use_from": date(2027, 1, 1)},
    ],
)
def test_what_lets_no_agency_get_more_is_made_by_one_alone(
    site: Site, values: dict[str, Any]
) -> None:
    propose(site)
    confirm_all(site)
    changed = change(site, "agency", NEW, **values)
    assert site.parts.amend(admin(site), [changed], site.hands())
    assert waiting(site) == []


def test_an_agency_that_is_out_of_use_comes_back_by_two(site: Site) -> None:
    propose(site)
    confirm_all(site)
    end = change(site, "agency", NEW, out_of_use_from=date(2026, 6, 2))
    assert site.parts.amend(admin(site), [end], site.hands())
    propose(site, change(site, "agency", NEW, out_of_use_from=None))
    propose(site, change(site, "agency", NEW, out_of_use_from=date(2026, 7, 2)))
    assert entry(site, "agency", NEW)["out_of_use_from"] == date(2026, 6, 2)


def test_a_school_comes_with_its_principal_by_two_and_is_renamed_and_closed_by_one(
    site: Site,
) -> None:
    stored = site.parts.amend.stored(site.hands().date())
    values = {"name": {"fi": "Uusi", "sv": "Nya"}, "municipality": "vantaa", "language": "fi"}
    new = add_school(stored, values, "09 000 0199", site.parts.amend.new_ids())
    vappu = admin(site, "admin-vantaa")
    assert not site.parts.amend(vappu, new, site.hands())
    assert "school-uusi" not in {one["id"] for one in tables(site)["school"]}
    assert is_refused(site, "admin-vantaa", SAME_PERSON)
    confirm(site, enrol_second(site, VANTAA))
    stored = site.parts.amend.stored(site.hands().date())
    school = stored.entry("school", "school-uusi")
    named = {"name": {"fi": "Vanha", "sv": "Gamla"}, "language": "fi"}
    changes = change_school(stored, school, digest_of(school), named)
    assert site.parts.amend(vappu, changes, site.hands())
    stored = site.parts.amend.stored(site.hands().date())
    school = stored.entry("school", "school-uusi")
    closed = close_school(stored, school, digest_of(school), date(2026, 8, 1))
    assert site.parts.amend(vappu, closed, site.hands())


def test_what_may_not_be_proposed_does_not_wait(site: Site) -> None:
    for changed, why in (
        (Change("agency", NEW, {**entry(site, "agency", HEA), "id": NEW}), DirectoryInvalid),
        (
            Change("agency", NEW, {**entry(site, "agency", YOU), "id": NEW, "desk": "duty"}),
            EntryNotYours,
        ),
    ):
        with pytest.raises(why):
            site.parts.amend(admin(site), [changed], site.hands())
    assert waiting(site) == []


def test_an_operator_needs_an_administrator_of_every_agency_that_comes(site: Site) -> None:
    town = entry(site, "agency", YOU) | {"id": "you-new", "desk": "duty"}
    both = [new_agency(site), Change("agency", "you-new", town)]
    before = tables(site)
    ways: list[list[Administrator]] = [[], [admin(site)], [admin(site, "admin-police")]]
    for beside in ways:
        with pytest.raises(SecondPersonNeeded, match=f"{NEW}, you-new.*{VANTAA}"):
            site.parts.amend(operator(site), both, site.hands(), beside)
        assert tables(site) == before
    beside = [admin(site), admin(site, "admin-vantaa")]
    assert site.parts.amend(operator(site), both, site.hands(), beside)
    assert lines(site, Action.CONFIRM_DIRECTORY) == {
        (site.people["admin"], NEW, "agency: added"),
        (site.people["admin-vantaa"], "you-new", "agency: added"),
    }


def test_a_file_that_brings_an_agency_needs_an_administrator_too(site: Site) -> None:
    brought = tables(site)
    brought["agency"].append(new_agency(site).entry)
    with pytest.raises(SecondPersonNeeded, match=f"{NEW}.*{COUNTY}"):
        site.parts.amend.replace(operator(site), brought, site.hands())
    assert NEW not in {one["id"] for one in tables(site)["agency"]}
    site.parts.amend.replace(operator(site), brought, site.hands(), [admin(site)])
    assert NEW in {one["id"] for one in tables(site)["agency"]}


def test_for_a_controller_that_nobody_administers_any_administrator_will_do(site: Site) -> None:
    youth = entry(site, "agency", "you-kerava") | {"id": "you-new", "desk": "duty"}
    added = [Change("agency", "you-new", youth)]
    with pytest.raises(SecondPersonNeeded, match="an administrator of any controller"):
        site.parts.amend(operator(site), added, site.hands())
    assert site.parts.amend(operator(site), added, site.hands(), [admin(site, "admin-police")])


def test_until_somebody_was_signed_as_an_administrator_an_operator_is_alone(site: Site) -> None:
    administrators = MembershipRow.role == "administrator"
    with site.parts.database.write() as connection:
        put_for_good(
            connection, MembershipRow.valid_to, date(2026, 6, 1), administrators, at=site.hands()
        )
    with pytest.raises(SecondPersonNeeded):  # nobody administers any more
        site.parts.amend(operator(site), [new_agency(site)], site.hands())
    with site.parts.database.write() as connection:
        theirs = select(MembershipRow.id).where(administrators)
        connection.execute(
            delete(DirectoryEntryRow).where(DirectoryEntryRow.membership_id.in_(theirs))
        )
    assert site.parts.amend(operator(site), [new_agency(site)], site.hands())


def test_each_way_to_get_more_is_told(site: Site) -> None:
    before, today = tables(site), site.hands().date()
    for table, id_, values in (
        ("agency", HEA, {"kind": "SOC"}),
        ("agency", HEA, {"controller": "police"}),
        ("agency", "pri-tikkukivi", {"school": "school-vuorikielo"}),
        ("agency", SOC, {"municipalities": ["vantaa", "kerava", "porvoo"]}),
    ):
        after = tables(site)
        next(one for one in after[table] if one["id"] == id_).update(values)
        assert widened(before, after, today) == [id_]
    assert widened(before, {**before, "fallback_duty_desk": TRIAGE}, today) == [TRIAGE]
    assert widened(before, before, today) == []


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    """A site on which two agencies wait, and its backup."""
    with open_site(tmp_path / "data") as site:
        propose(site)
        propose(site, new_agency(site, "hea-other"))
        private = key_pair(site, tmp_path)
        yield Drill(site, [], {}, {}, tmp_path, private, empty_place(tmp_path / "new"))


def test_what_was_confirmed_or_refused_waits_no_more_after_a_restore(drill: Drill) -> None:
    back_up(drill)
    first, second = waiting(drill.site)
    drill.site.hands.move(minutes=1)
    drill.site.parts.confirm_directory(operator(drill.site), first.id, drill.site.hands())
    drill.site.parts.confirm_directory.refuse(operator(drill.site), second.id, drill.site.hands())
    drill.site.parts.list_deletions(drill.site.hands())
    listed = read_list(drill.site.parts.settings.deletions)
    with drill.restored(listed) as site:
        assert waiting(site) == []


def test_what_waited_still_is_there_after_a_restore(drill: Drill) -> None:
    back_up(drill)
    with drill.restored() as site:
        assert len(waiting(site)) == 2
