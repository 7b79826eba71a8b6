"""A school comes, changes and closes with its principal's desk; a register is told first."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from intake.domain.people import Administrator
from intake.services.amend import Change, Stored, digest_of
from intake.services.register import RegisterUnreadable, changes_of, compare
from intake.services.schools import add_school, change_school, close_school
from tests.site import Site

VANTAA = frozenset({"municipality-vantaa"})
ADMIN = Administrator(None, VANTAA)
HEAD = "name_fi;name_sv;municipality;language;phone\n"
SAME = (
    "Tikkukiven koulu;Tikkukiven koulu;vantaa;fi;09 000 0156\n"
    "Vuorikielon koulu;;Vantaa;fi;\n"
    "Råtallens skola;Råtallens skola;Vanda;sv;\n"
)


def stored(site: Site) -> Stored:
    return site.parts.amend.stored(site.hands().date())


def do(site: Site, changes: list[Change]) -> Stored:
    site.parts.amend(ADMIN, changes, site.hands(), beside=[ADMIN])
    return stored(site)


def test_a_new_school_comes_with_its_principals_desk(site: Site) -> None:
    values = {
        "name": {"fi": "Uusi koulu", "sv": "Nya skolan"},
        "municipality": "vantaa",
        "language": "sv",
    }
    new_id = site.parts.amend.new_ids()
    after = do(site, add_school(stored(site), values, "09 000 0199", new_id)).directory
    school = after.schools["school-uusi-koulu"]
    desk = after.agency(school.agency)
    assert (desk.kind, desk.desk, desk.controller) == ("PRI", "office", "municipality-vantaa")
    assert (desk.municipalities, desk.languages) == (("vantaa",), ("sv",))
    assert desk.name == {
        "fi": "Uusi koulu, rehtori",
        "sv": "Nya skolan, rektor",
        "en": "Uusi koulu, principal",
    }
    assert desk.hours.week[0] is not None


def test_a_principals_desk_follows_the_name_and_the_language_of_its_school(site: Site) -> None:
    before = stored(site)
    entry = before.entry("school", "school-tikkukivi")
    values = {"name": {"fi": "Kivikoulu", "sv": "Stenskolan"}, "language": "sv"}
    after = do(site, change_school(before, entry, digest_of(entry), values, "09 000 0001"))
    desk = after.directory.agency("pri-tikkukivi")
    assert (desk.name["sv"], desk.languages, desk.phone) == (
        "Stenskolan, rektor",
        ("sv",),
        "09 000 0001",
    )


def test_a_desk_with_a_name_of_its_own_keeps_it(site: Site) -> None:
    before = stored(site)
    desk = before.entry("agency", "pri-tikkukivi")
    own = {**desk, "name": {"fi": "Kanslia", "sv": "Kansli"}}
    before = do(site, [Change("agency", "pri-tikkukivi", own, digest_of(desk))])
    entry = before.entry("school", "school-tikkukivi")
    values = {"name": {"fi": "Kivikoulu", "sv": "Stenskolan"}, "language": "fi"}
    after = do(site, change_school(before, entry, digest_of(entry), values))
    assert after.directory.agency("pri-tikkukivi").name["fi"] == "Kanslia"


def test_a_school_closes_with_its_principals_desk_and_opens_again(site: Site) -> None:
    for day, in_use in ((site.hands().date(), False), (None, True), (date(2027, 8, 1), True)):
        before = stored(site)
        entry = before.entry("school", "school-tikkukivi")
        after = do(site, close_school(before, entry, digest_of(entry), day)).directory
        assert after.schools["school-tikkukivi"].in_use is in_use
        assert after.agency("pri-tikkukivi").out_of_use_from == day


def test_a_register_that_says_what_is_there_changes_nothing(site: Site) -> None:
    for text in (HEAD + SAME, (HEAD + SAME).replace(";", ",").replace("\n", "\r\n")):
        found = compare(text, stored(site), VANTAA)
        assert (found.added, found.changed, found.same, found.absent) == ([], [], 3, [])


def test_a_register_adds_renames_by_id_and_names_what_it_lacks(site: Site) -> None:
    text = (
        "id,name_fi,name_sv,municipality,language,phone\n"
        "school-tikkukivi,Kivikoulu,,vantaa,fi,09 000 0001\n"
        ",Uusi koulu,Nya skolan,vantaa,fi,09 000 0199\n"
    )
    before = stored(site)
    found = compare(text, before, VANTAA)
    assert [one.name["fi"] for one in found.added] == ["Uusi koulu"]
    assert [(one.name["fi"], list(one.was), one.was["phone"]) for one in found.changed] == [
        ("Kivikoulu", ["name", "phone"], "09 000 0156")
    ]
    assert {one["id"] for one in found.absent} == {"school-vuorikielo", "school-ratallen"}
    changes = list(changes_of(found, before, site.parts.amend.new_ids(), None))
    after = do(site, changes).directory
    assert after.schools["school-tikkukivi"].name["fi"] == "Kivikoulu"
    assert after.schools["school-tikkukivi"].name["sv"] == "Tikkukiven koulu"
    assert after.agency("pri-tikkukivi").phone == "09 000 0001"
    assert after.schools["school-vuorikielo"].in_use


def test_what_a_register_lacks_is_closed_only_when_asked(site: Site) -> None:
    before = stored(site)
    found = compare(HEAD + SAME.splitlines()[0], before, VANTAA)
    today = site.hands().date()
    after = do(site, list(changes_of(found, before, site.parts.amend.new_ids(), today)))
    in_use = {
        s.id for s in after.directory.schools.values() if s.in_use and "vantaa" in s.municipality
    }
    assert in_use == {"school-tikkukivi"}
    elsewhere = [s for s in after.directory.schools.values() if s.municipality != "vantaa"]
    assert all(school.in_use for school in elsewhere)


def test_a_register_may_be_written_as_the_directory_is(site: Site) -> None:
    text = """
[[school]]
name = { fi = "Uusi koulu", sv = "Nya skolan" }
municipality = "vantaa"
language = "fi"
phone = "09 000 0199"
"""
    assert len(compare(text, stored(site), VANTAA).added) == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "The first line must name the columns"),
        ("PK\x03\x04\x14\0\x06\0\b\0", "neither a CSV nor a TOML file"),
        ("name_fi;language\nA;fi\n", "The first line must name the columns"),
        (HEAD, "The file has no schools"),
        (HEAD + ";;vantaa;fi;09 000 0199\n", "the name in Finnish is missing"),
        (HEAD + "A;;porvoo;fi;09 000 0199\n", "is not a municipality whose schools"),
        (HEAD + "A;;vantaa;suomi;09 000 0199\n", "the language of teaching is fi or sv"),
        (HEAD + "A;;vantaa;fi;\n", "a new school needs the principal's telephone"),
        (HEAD + "A;;vantaa;fi;soita\n", "is not a telephone number"),
        (HEAD + "A;;vantaa;fi;09 000 0199\na;;vantaa;fi;09 000 0198\n", "stands in the file twice"),
        (HEAD + "A" * 121 + ";;vantaa;fi;09 000 0199\n", "at most 120 characters"),
        (
            HEAD.replace("name_sv", "id") + "A;school-x;vantaa;fi;09 000 0199\n",
            "there is no school",
        ),
        ("[[school]]\nname = 1\n", "neither a CSV nor a TOML"),
        ("[[school]\n[[school]]", "neither a CSV nor a TOML"),
    ],
)
def test_a_register_that_cannot_be_used_says_why(site: Site, text: str, key: str) -> None:
    with pytest.raises(RegisterUnreadable) as unreadable:
        compare(text, stored(site), VANTAA)
    said: list[Any] = [p.params.get("problem", p) for p in unreadable.value.problems]
    assert any(key in problem.key for problem in said)
