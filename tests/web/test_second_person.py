"""A new agency or school in the browser: one asks for it, another looks at it and confirms it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from intake.services.second_person import MOST_WAITING
from tests.look.page_faults import page_faults
from tests.second_person import NAME, confirm_all, enrol_second
from tests.services.test_confirm_directory import new_agency, propose
from tests.site import HEA, Site
from tests.web.test_admin_directory import REGISTER, english, entry, fields, post, upload

VANTAA = "municipality-vantaa"
NEW: dict[str, Any] = {
    "kind": "HEA",
    "desk": "duty",
    "name_fi": "Terveyspäivystys",
    "name_sv": "Hälsojour",
    "phone": "09 000 0777",
    "open": "week",
    "mon": ["8.00", "16.00"],
    "municipalities": ["vantaa"],
    "languages": ["fi", "sv"],
}
SCHOOL = {
    "municipality": "vantaa",
    "name_fi": "Uusi koulu",
    "name_sv": "Nya skolan",
    "teaching": "sv",
    "phone": "09 000 0666",
}
ID = "hea-terveyspaivystys"


def way(page: str, what: str = "") -> str:
    """To the page that confirms, or refuses."""
    found = re.search(rf'href="(/directory/waiting/[0-9a-f-]+{what})"', page)
    assert found, page
    return found[1]


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.mark.on_both
def test_one_adds_an_agency_and_another_looks_at_it_and_confirms_it(site: Site) -> None:
    admin = english(site, "admin")
    answer = post(admin, "/directory/agencies/new", **NEW)
    told = admin.get(answer.location).text
    assert page_faults(told) == []
    assert "It waits for a second person" in told
    assert 'href="/people/entries"' in told
    assert "<li>Terveyspäivystys</li>" in told
    listed = admin.get("/people/entries").text
    assert page_faults(listed) == []
    assert "Look and confirm" not in listed
    assert "Nothing waits." not in listed
    own = way(listed, "/refuse").removesuffix("/refuse")
    assert admin.get(own).status_code == 404
    assert admin.post(own, data=fields(listed)).status_code == 404
    assert entry(site, "agency", ID) is None

    second = english(site, enrol_second(site))
    path = way(second.get("/people/entries").text)
    page = second.get(path).text
    assert page_faults(page) == []
    for row in (
        "Name in Finnish Terveyspäivystys –",
        "Name in Swedish Hälsojour –",
        "Kind Health services –",
        "Desk Duty desk –",
        "Area Vantaa –",
        "Telephone 09 000 0777 –",
        "Opening hours Mon 8:00–16:00 –",
        "Languages of service Finnish, Swedish –",
    ):
        assert row in words(page), row
    done = post(second, path)
    assert (done.status_code, done.location) == (303, "/people/entries?done=made")
    after = second.get(done.location).text
    assert page_faults(after) == []
    assert "Confirmed. The change is in use at once." in after
    assert "Waits for a second person: agencies" not in after
    twice = second.post(path, data=fields(page))
    assert twice.status_code == 404
    assert page_faults(twice.text) == []
    assert "It does not wait any more" in twice.text
    assert 'href="/people/entries"' in twice.text
    assert entry(site, "agency", ID)["phone"] == "09 000 0777"


@pytest.mark.on_both
def test_who_asked_for_it_takes_it_back_and_another_refuses_it(site: Site) -> None:
    admin, second = english(site, "admin"), english(site, enrol_second(site))
    for client, word in ((admin, "Take back"), (second, "Refuse")):
        post(admin, "/directory/agencies/new", **NEW)
        path = way(client.get("/people/entries").text, "/refuse")
        page = client.get(path).text
        assert page_faults(page) == []
        assert f"<h1>{word}: Terveyspäivystys</h1>" in page
        done = post(client, path)
        assert (done.status_code, done.location) == (303, "/people/entries?done=left")
        assert "Nothing was changed." in client.get(done.location).text
        assert client.get(path).status_code == 404
    assert entry(site, "agency", ID) is None


def test_more_of_an_area_is_shown_beside_what_it_is_now(site: Site) -> None:
    admin = english(site, "admin")
    post(admin, "/directory/agencies/new", **NEW)
    confirm_all(site)
    post(admin, f"/directory/agencies/{ID}", municipalities=["vantaa", "kerava"])
    second = english(site, enrol_second(site))
    page = second.get(way(second.get("/people/entries").text)).text
    assert page_faults(page) == []
    assert "Area Vantaa, Kerava Vantaa" in words(page)
    assert "Telephone 09 000 0777 09 000 0777" in words(page)


def test_less_of_an_area_and_other_hours_are_in_use_at_once(site: Site) -> None:
    admin = english(site, "admin")
    saved = post(admin, f"/directory/agencies/{HEA}", phone="09 000 0999")
    assert saved.location == f"/directory?saved={HEA}"
    assert entry(site, "agency", HEA)["phone"] == "09 000 0999"
    assert "second person" not in admin.get(saved.location).text


def test_what_has_changed_meanwhile_is_told_and_goes_on_waiting(site: Site) -> None:
    admin = english(site, "admin")
    post(admin, "/directory/agencies/new", **NEW)
    post(admin, "/directory/agencies/new", **NEW | {"phone": "09 000 0778"})
    second = english(site, enrol_second(site))
    post(second, way(second.get("/people/entries").text))
    late = way(second.get("/people/entries").text)
    answer = post(second, late)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert "The directory has changed since this was proposed." in answer.text
    assert late in second.get("/people/entries").text


def test_another_controllers_administrator_finds_nothing_that_waits(site: Site) -> None:
    admin, police = english(site, "admin"), english(site, "admin-police")
    post(admin, "/directory/agencies/new", **NEW)
    path = way(admin.get("/people/entries").text, "/refuse")
    for asked in (path, path.removesuffix("/refuse")):
        assert police.get(asked).status_code == 404
    for listed in ("/people/entries", "/directory", "/directory/schools"):
        assert "Terveyspäivystys" not in police.get(listed).text


def test_a_school_and_a_whole_register_wait_as_one(site: Site) -> None:
    vappu = english(site, "admin-vantaa")
    told = vappu.get(post(vappu, "/directory/schools/new", **SCHOOL).location).text
    assert page_faults(told) == []
    assert "<li>Uusi koulu, principal</li>" in told
    site.hands.move(minutes=1)
    shown = upload(vappu, REGISTER[1].encode())
    answer = vappu.post("/directory/schools/register", data=fields(shown.text))
    assert answer.location == "/directory/schools?proposed=1"
    second = english(site, enrol_second(site, VANTAA))
    page = second.get("/people/entries").text
    assert page.count("Look and confirm") == 2
    path = way(page)
    asked = words(second.get(path).text)
    for row in ("School: Uusi koulu", "Language of teaching Swedish –", "School Uusi koulu –"):
        assert row in asked, row
    assert post(second, path).status_code == 303
    assert entry(site, "school", "school-uusi-koulu")["language"] == "sv"
    assert entry(site, "agency", "pri-uusi-koulu")
    assert entry(site, "school", "school-aarikoulu") is None


def test_the_use_log_tells_who_asked_for_an_agency_and_who_confirmed_or_refused_it(
    site: Site,
) -> None:
    admin = english(site, "admin")
    second = english(site, enrol_second(site))
    for phone in ("09 000 0777", "09 000 0778"):
        post(admin, "/directory/agencies/new", **NEW | {"phone": phone})
    post(second, way(second.get("/people/entries").text))
    post(admin, way(admin.get("/people/entries").text, "/refuse"))
    page = english(site, "auditor").get("/trail").text
    assert page_faults(page) == []
    for told in (
        "Change of an agency proposed",
        f"Agency {ID}: added",
        "Change of an agency confirmed by a second person",
        "Taina Toinen",
        "Change of an agency refused",
    ):
        assert told in page, told


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_each_page_of_the_second_person_is_whole_in_each_language(
    site: Site, language: str
) -> None:
    post(site.signed_in("admin"), "/directory/agencies/new", **NEW)
    enrol_second(site)
    for name in ("admin", NAME):
        client = site.signed_in(name)
        client.set_cookie("ankkuri_language", language)
        listed = client.get("/people/entries").text
        paths = ["/directory?proposed=1", way(listed, "/refuse")]
        paths += [way(listed)] if name == NAME else []
        assert page_faults(listed) == []
        for path in paths:
            assert page_faults(client.get(path).text) == [], path


@pytest.mark.on_both
def test_who_has_too_much_waiting_is_told_and_keeps_what_was_typed(site: Site) -> None:
    admin = english(site, "admin")
    for number in range(MOST_WAITING):
        propose(site, new_agency(site, f"hea-{number}"))
    answer = post(admin, "/directory/agencies/new", **NEW)
    assert answer.status_code == 422
    assert "Too much that you proposed waits for a second person." in answer.text
    assert "Terveyspäivystys" in answer.text
    assert page_faults(answer.text) == []
