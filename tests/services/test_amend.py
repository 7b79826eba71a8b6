"""The directory changes only as its own administrators say, and only to what holds."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from intake.domain.directory_file import DirectoryInvalid
from intake.domain.people import Administrator
from intake.domain.trail import Action
from intake.services.amend import (
    Amend,
    Change,
    EntryChanged,
    EntryNotYours,
    digest_of,
)
from intake.store import directory as store
from intake.store.people_tables import MembershipRow
from intake.store.tables import ReferralRow, TrailRow
from tests.site import COUNTY, DUTY, HEA, POL, SOC, YOU, Site

VANTAA, POLICE = "municipality-vantaa", "police"
LINE = "line-vantaa-kerava-child-welfare"


@pytest.fixture
def amend(site: Site) -> Amend:
    return site.parts.amend


def of(*controllers: str) -> Administrator:
    return Administrator(None, frozenset(controllers))


def tables(site: Site) -> dict[str, Any]:
    with site.parts.database.read() as connection:
        return store.tables(connection)


def entry(site: Site, table: str, entry_id: str) -> dict[str, Any]:
    return copy.deepcopy(next(one for one in tables(site)[table] if one["id"] == entry_id))


def change(site: Site, table: str, entry_id: str, **values: Any) -> Change:
    """The entry with new values, made from what is stored now; None takes a value out."""
    seen = entry(site, table, entry_id)
    merged = {key: value for key, value in {**seen, **values}.items() if value is not None}
    return Change(table, entry_id, merged, digest_of(seen))


def trail(site: Site) -> list[tuple[Any, ...]]:
    columns = (TrailRow.person_id, TrailRow.role, TrailRow.agency_id, TrailRow.purpose)
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(*columns).where(TrailRow.action == Action.CHANGE_DIRECTORY)
        )
        return [tuple(row) for row in rows]


def test_a_change_is_kept_with_a_line_that_names_the_entry_and_its_fields(
    site: Site, amend: Amend
) -> None:
    admin = site.visit("admin").person.as_administrator()
    amend(admin, [change(site, "agency", HEA, phone="09 000 0999", languages=["fi"])], site.hands())
    assert entry(site, "agency", HEA)["phone"] == "09 000 0999"
    person = site.people["admin"]
    assert trail(site) == [(person, "administrator", HEA, "agency: phone, languages")]


def test_every_change_renews_the_stamp(site: Site, amend: Amend) -> None:
    with site.parts.database.read() as connection:
        before = store.stamp(connection)
    amend(of(COUNTY), [change(site, "agency", HEA, phone="09 000 0999")], site.hands())
    with site.parts.database.read() as connection:
        assert store.stamp(connection) != before


@pytest.mark.parametrize(
    ("admin", "table", "entry_id"),
    [
        (COUNTY, "agency", POL),
        (COUNTY, "agency", YOU),
        (COUNTY, "school", "school-tikkukivi"),
        (COUNTY, "agreement", "agreement-vantaa-2026"),
        (VANTAA, "agreement", "agreement-vantaa-2026"),
        (VANTAA, "agency", SOC),
        (POLICE, "phone_line", LINE),
        ("county-ita-uusimaa", "phone_line", LINE),
        (COUNTY, "controller", COUNTY),
        (COUNTY, "municipality", "vantaa"),
    ],
)
def test_an_entry_of_another_controller_is_refused_and_stays(
    site: Site, amend: Amend, admin: str, table: str, entry_id: str
) -> None:
    before = tables(site)
    name = {"fi": "Muu", "sv": "Annan"}
    with pytest.raises(EntryNotYours):
        amend(of(admin), [change(site, table, entry_id, name=name)], site.hands())
    gone = Change(table, entry_id, None, digest_of(entry(site, table, entry_id)))
    with pytest.raises(EntryNotYours):
        amend(of(admin), [gone], site.hands())
    assert tables(site) == before
    assert trail(site) == []


@pytest.mark.parametrize(
    "values",
    [
        {"id": "hea-far", "desk": "triage", "municipalities": ["porvoo"]},
        {"id": "you-far", "kind": "YOU", "desk": "triage"},
        {"id": "pol-far", "kind": "POL", "desk": "triage"},
        {"id": "hea-far", "desk": "triage", "controller": POLICE},
    ],
)
def test_nobody_adds_an_agency_outside_the_own_area_or_of_anothers_kind(
    site: Site, amend: Amend, values: dict[str, Any]
) -> None:
    added = entry(site, "agency", HEA) | values
    with pytest.raises(EntryNotYours):
        amend(of(COUNTY), [Change("agency", added["id"], added)], site.hands())


@pytest.mark.parametrize("values", [{"kind": "HEA"}, {"controller": POLICE}])
def test_an_agency_stays_what_it_is_and_whose_it_is(
    site: Site, amend: Amend, values: dict[str, Any]
) -> None:
    changed = change(site, "agency", "wel-vantaa-kerava-holiday", **values)
    with pytest.raises(EntryNotYours):
        amend(of(COUNTY, POLICE), [changed], site.hands())


def test_a_line_is_answered_by_an_agency_of_its_own_county(site: Site, amend: Amend) -> None:
    with pytest.raises(EntryNotYours):
        amend(of(COUNTY), [change(site, "phone_line", LINE, agency=POL)], site.hands())


def test_of_two_who_changed_the_same_entry_the_second_is_told(site: Site, amend: Amend) -> None:
    first = change(site, "agency", HEA, phone="09 000 0001")
    second = change(site, "agency", HEA, phone="09 000 0002")
    amend(of(COUNTY), [first], site.hands())
    with pytest.raises(EntryChanged):
        amend(of(COUNTY), [second], site.hands())
    assert entry(site, "agency", HEA)["phone"] == "09 000 0001"


def test_of_two_who_added_or_removed_the_same_entry_the_second_is_told(
    site: Site, amend: Amend
) -> None:
    added = entry(site, "phone_line", LINE) | {"id": "line-new"}
    amend(of(COUNTY), [Change("phone_line", "line-new", added)], site.hands())
    with pytest.raises(EntryChanged):
        amend(of(COUNTY), [Change("phone_line", "line-new", added)], site.hands())
    gone = Change("phone_line", "line-new", None, digest_of(added))
    amend(of(COUNTY), [gone], site.hands())
    for late in (gone, Change("phone_line", "line-new", added, digest_of(added))):
        with pytest.raises(EntryChanged):
            amend(of(COUNTY), [late], site.hands())


def test_what_would_not_hold_is_not_kept_and_says_which_field(site: Site, amend: Amend) -> None:
    before = tables(site)
    with pytest.raises(DirectoryInvalid) as invalid:
        amend(of(COUNTY), [change(site, "agency", HEA, municipalities=["kerava"])], site.hands())
    (flaw,) = invalid.value.flaws
    assert flaw.fields[0] == "municipalities"
    assert flaw.message.params == {"place": site.parts.directory.municipalities["vantaa"].name}
    assert tables(site) == before
    assert trail(site) == []


def test_two_changes_that_hold_only_together_are_made_together(site: Site, amend: Amend) -> None:
    office = change(site, "agency", HEA, municipalities=["kerava"])
    other = entry(site, "agency", HEA) | {"id": "hea-vantaa", "municipalities": ["vantaa"]}
    both = [office, Change("agency", "hea-vantaa", other)]
    amend(of(COUNTY), both, site.hands(), beside=[of(COUNTY)])
    assert len(trail(site)) == 2


def test_changes_that_hold_only_apart_are_not_both_made(site: Site, amend: Amend) -> None:
    lines = [one["id"] for one in tables(site)["phone_line"] if one["county"] == "vantaa-kerava"]
    advice = entry(site, "phone_line", LINE)
    twin = advice | {"id": "line-twin"}
    amend(of(COUNTY), [Change("phone_line", "line-twin", twin)], site.hands())
    assert len(lines) == 2
    first = Change("phone_line", LINE, None, digest_of(advice))
    second = Change("phone_line", "line-twin", None, digest_of(twin))
    amend(of(COUNTY), [first], site.hands())
    with pytest.raises(DirectoryInvalid, match="has no child_welfare phone_line"):
        amend(of(COUNTY), [second], site.hands())


def test_an_end_that_would_leave_a_gap_is_refused_before_its_day(site: Site, amend: Amend) -> None:
    end = change(site, "agency", HEA, out_of_use_from=date(2027, 1, 1))
    with pytest.raises(DirectoryInvalid, match="from 2027-01-01 on"):
        amend(of(COUNTY), [end], site.hands())


def test_a_new_id_is_plain_and_nobody_elses(site: Site, amend: Amend) -> None:
    new_id = amend.new_ids()
    assert new_id("school", "Åängen–koulu (Ö)") == "school-aangen-koulu-o"
    assert new_id("school", "Åängen–koulu (Ö)") == "school-aangen-koulu-o-2"
    assert new_id("school", "Tikkukivi") == "school-tikkukivi-2"
    assert len(new_id("school", "x" * 200)) <= 48
    assert new_id("you", "–") == "you"


def test_a_file_replaces_all_and_each_difference_leaves_a_line(site: Site, amend: Amend) -> None:
    changed = tables(site)
    next(one for one in changed["agency"] if one["id"] == HEA)["phone"] = "09 000 0999"
    changed["agreement"] = changed["agreement"][1:]
    found = amend.replace(of(COUNTY), changed, site.hands())
    assert {one.line for one in found} == {
        f"agency {HEA}: phone",
        "agreement agreement-vantaa-2026: removed",
    }
    assert tables(site) == changed
    assert {line[2:] for line in trail(site)} == {
        (HEA, "agency: phone"),
        ("ank-vantaa-kerava", "agreement agreement-vantaa-2026: removed"),
    }
    assert amend.replace(of(COUNTY), changed, site.hands()) == []


def without(site: Site, agency: str) -> dict[str, Any]:
    """The tables in which an agency has another id."""
    found = tables(site)
    for one in (*found["agency"], *found["phone_line"], *found["agreement"]):
        one |= {k: f"{agency}-new" for k in ("id", "agency") if one.get(k) == agency}
    if found["fallback_duty_desk"] == agency:
        found["fallback_duty_desk"] = f"{agency}-new"
    return found


def let_all_roles_end(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.execute(update(MembershipRow).values(valid_to=site.hands.move(days=-1).date()))
    site.hands.move(days=1)


def test_an_agency_with_members_cannot_vanish_with_a_file(site: Site, amend: Amend) -> None:
    before = tables(site)
    with pytest.raises(DirectoryInvalid, match=f"lacks agency {POL}"):
        amend.replace(of(COUNTY), without(site, POL), site.hands())
    assert tables(site) == before
    let_all_roles_end(site)
    amend.replace(of(COUNTY), without(site, POL), site.hands(), [of(COUNTY)])


def test_an_agency_that_has_ever_had_a_report_cannot_vanish_with_a_file(
    site: Site, amend: Amend
) -> None:
    site.send()
    let_all_roles_end(site)
    with site.parts.database.write() as connection:
        connection.execute(update(ReferralRow).values(agency_id=DUTY))
    with pytest.raises(DirectoryInvalid, match=f"lacks agency {DUTY}"):
        amend.replace(of(COUNTY), without(site, DUTY), site.hands())
