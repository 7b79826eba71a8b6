"""The directory in the browser: what one may change, what is said of a slip, and nothing lost."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.trail import Action
from intake.store import directory as store
from intake.store.tables import TrailRow
from tests.look.page_faults import page_faults
from tests.second_person import confirm_all
from tests.services.test_alarm import take_grants
from tests.site import HEA, POL, SOC, TRIAGE, Site

LINE = "line-vantaa-kerava-child-welfare"
INPUT = re.compile(r"<(input|select|textarea)\b([^>]*)>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


def english(site: Site, name: str) -> FlaskClient:
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", "en")
    return client


def fields(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's last form, but for its buttons."""
    _, _, form = page.rpartition("<form")
    found: dict[str, list[str]] = {}
    for tag, text in INPUT.findall(form):
        at = {name: unescape(value) for name, value in ATTRIBUTE.findall(text)}
        if at.get("type") in ("checkbox", "radio") and "checked" not in at:
            continue
        if tag == "select":
            chosen = re.search(
                rf'name="{at["name"]}".*?<option value="([^"]*)" selected', form, re.DOTALL
            )
            found[at["name"]] = [unescape(chosen[1]) if chosen else ""]
        elif at.get("type") != "file":
            found.setdefault(at["name"], []).append(at.get("value", ""))
    return found


def post(client: FlaskClient, path: str, **changes: Any) -> Any:
    """Open the page, change some fields and send it."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    return client.post(path, data=fields(page.text) | changes)


def entry(site: Site, table: str, entry_id: str) -> Any:
    with site.parts.database.read() as connection:
        found = store.tables(connection)[table]
    return next((one for one in found if one["id"] == entry_id), None)


def said(page: str, href: str) -> str:
    """What the error summary says with a link to a field."""
    found = re.search(rf'<a href="#{href}">([^<]*)</a>', page)
    assert found, href
    return unescape(found[1])


def test_an_agency_saved_as_it_is_shown_stays_as_it_was(site: Site) -> None:
    before = entry(site, "agency", SOC)
    answer = post(english(site, "admin"), f"/directory/agencies/{SOC}")
    assert (answer.status_code, answer.location) == (303, f"/directory?saved={SOC}")
    assert entry(site, "agency", SOC) == before


def test_every_detail_of_an_agency_can_be_changed(site: Site) -> None:
    client = english(site, "admin")
    answer = post(
        client,
        f"/directory/agencies/{HEA}",
        name_fi="Uusi nimi",
        name_sv="Nytt namn",
        name_en="",
        phone=" 09 000 0999 ",
        desk="triage",
        municipalities=["vantaa", "kerava"],
        languages=["fi"],
        open="week",
        mon=["8", "15.30"],
        tue=["", ""],
    )
    assert answer.status_code == 303
    changed = entry(site, "agency", HEA)
    assert changed["name"] == {"fi": "Uusi nimi", "sv": "Nytt namn"}
    assert (changed["phone"], changed["desk"]) == ("09 000 0999", "triage")
    assert changed["hours"]["mon"] == "08:00-15:30"
    assert "tue" not in changed["hours"]
    page = client.get(answer.location).text
    assert page_faults(page) == []
    assert "Saved: Uusi nimi." in page


def test_a_slip_is_named_at_its_field_and_everything_typed_stays(site: Site) -> None:
    client = english(site, "admin")
    before = entry(site, "agency", HEA)
    typed = {
        "name_fi": "",
        "name_sv": "Kvar & här",
        "phone": "soita!",
        "mon": ["8", "aamulla"],
        "tue": ["16", "8"],
    }
    answer = post(client, f"/directory/agencies/{HEA}", open="week", **typed)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert said(answer.text, "name_fi") == "Write the name in Finnish."
    assert "is not a telephone number" in said(answer.text, "phone")
    assert "“Monday”: write the times" in said(answer.text, "mon")
    assert "must be later" in said(answer.text, "tue")
    shown = fields(answer.text)
    for name in ("name_sv", "phone"):
        assert shown[name] == [typed[name]]
    assert (shown["mon"], shown["tue"]) == (typed["mon"], typed["tue"])
    assert entry(site, "agency", HEA) == before


def test_what_would_leave_a_municipality_out_is_told_at_its_field(site: Site) -> None:
    client = english(site, "admin")
    answer = post(client, f"/directory/agencies/{HEA}", municipalities=["kerava"])
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert said(answer.text, "municipalities") == (
        "Vantaa would have no agency of this kind any more."
    )
    client.set_cookie("ankkuri_language", "fi")
    answer = post(client, f"/directory/agencies/{HEA}", municipalities=["kerava"])
    assert "Kunnalla Vantaa ei olisi enää" in said(answer.text, "municipalities")


def test_of_two_administrators_the_second_is_told_and_keeps_the_text(site: Site) -> None:
    path = f"/directory/agencies/{HEA}"
    first, second = english(site, "admin"), english(site, "admin")
    opened = fields(second.get(path).text)
    assert post(first, path, phone="09 000 0001").status_code == 303
    answer = second.post(path, data=opened | {"name_fi": "Toinen nimi"})
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "Somebody else has changed this entry meanwhile." in answer.text
    assert "09 000 0001" in answer.text  # as it is stored now
    again = fields(answer.text)
    assert again["name_fi"] == ["Toinen nimi"]
    assert entry(site, "agency", HEA)["name"]["fi"] != "Toinen nimi"
    assert second.post(path, data=again).status_code == 303
    assert entry(site, "agency", HEA)["name"]["fi"] == "Toinen nimi"


def test_an_agency_is_added_once_and_can_be_found(site: Site) -> None:
    client = english(site, "admin")
    new = {
        "kind": "HEA",
        "desk": "duty",
        "name_fi": "Terveyspäivystys",
        "name_sv": "Hälsojour",
        "phone": "09 000 0777",
        "open": "always",
        "municipalities": ["vantaa"],
        "languages": ["fi", "sv"],
    }
    answer = post(client, "/directory/agencies/new", **new)
    assert (answer.status_code, answer.location) == (303, "/directory?proposed=1")
    assert confirm_all(site) == 1
    added = entry(site, "agency", "hea-terveyspaivystys")
    assert (added["controller"], added["hours"]) == ("county-vantaa-kerava", "always")
    assert "Terveyspäivystys" in client.get("/directory").text
    again = post(client, "/directory/agencies/new", **new)
    assert again.status_code == 422
    assert "belongs to Terveyspäivystys already" in said(again.text, "municipalities")


@pytest.mark.parametrize(
    ("forged", "field"),
    [({"kind": "POL"}, "kind"), ({"municipalities": ["porvoo"]}, "municipalities")],
)
def test_what_the_page_does_not_offer_is_refused(
    site: Site, forged: dict[str, Any], field: str
) -> None:
    new = {
        "kind": "HEA",
        "desk": "duty",
        "name_fi": "A",
        "name_sv": "B",
        "phone": "09 000 0777",
        "open": "always",
        "municipalities": ["vantaa"],
        "languages": ["fi"],
    }
    answer = post(english(site, "admin"), "/directory/agencies/new", **(new | forged))
    assert answer.status_code == 422
    assert "choose of the options" in said(answer.text, field)


def test_an_agency_goes_out_of_use_with_a_day_and_comes_back(site: Site) -> None:
    client, path = english(site, "admin"), f"/directory/agencies/{SOC}/out-of-use"
    site.send()
    page = client.get(path).text
    assert page_faults(page) == []
    assert "It has 1 report that is not finished. 3 members can open them." in page
    day = site.hands().date() + timedelta(days=10)
    none = post(client, path, out_of_use_from=["", "", ""])
    assert said(none.text, "out_of_use_from") == "Write the day from which on it is out of use."
    past = post(client, path, out_of_use_from=["1", "6", "2026"])
    assert said(past.text, "out_of_use_from") == "Give today or a later day."
    boxes = [str(day.day), str(day.month), str(day.year)]
    assert post(client, path, out_of_use_from=boxes).status_code == 303
    assert "Out of use from Fri 12 June 2026" in client.get("/directory").text
    assert post(client, path, out_of_use_from=["", "", ""]).status_code == 303
    assert "out_of_use_from" not in entry(site, "agency", SOC)


@pytest.mark.on_both
def test_the_last_agency_of_its_kind_stays_in_use(site: Site) -> None:
    path = f"/directory/agencies/{HEA}/out-of-use"
    answer = post(english(site, "admin"), path, out_of_use_from=["1", "1", "2027"])
    assert answer.status_code == 422
    told = said(answer.text, "out_of_use_from")
    assert told.startswith("From Fri 1 January 2027 on: ")
    assert page_faults(answer.text) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("admin", f"/directory/agencies/{POL}"),
        ("admin", "/directory/agencies/nowhere"),
        ("admin", "/directory/schools/school-tikkukivi"),
        ("admin", "/directory/agreements/agreement-vantaa-2026"),
        ("admin", "/directory/agreements/new?after=agreement-vantaa-2026"),
        ("admin-police", f"/directory/lines/{LINE}"),
        ("admin-police", f"/directory/lines/{LINE}/remove"),
        ("admin-vantaa", f"/directory/agencies/{SOC}/out-of-use"),
    ],
)
def test_another_controllers_entry_is_not_there_and_the_try_leaves_a_line(
    site: Site, name: str, path: str
) -> None:
    client = english(site, name)
    answer = client.get(path)
    assert answer.status_code == 404
    assert client.post(path, data={"name_fi": "X"}).status_code == 404
    with site.parts.database.read() as connection:
        lines = connection.execute(
            select(TrailRow.person_id).where(TrailRow.action == Action.REFUSED)
        ).all()
    assert [line.person_id for line in lines] == [site.people[name]] * 2


def test_an_administrator_of_nothing_near_sees_no_link_to_change(site: Site) -> None:
    client = english(site, "admin-police")
    assert "/directory/lines/" not in client.get("/directory/lines").text
    assert "You have no municipality." in client.get("/directory/schools").text
    assert "/directory/agreements/agreement-" in client.get("/directory/agreements").text
    assert "/agreements/agreement-" not in english(site, "admin").get("/directory/agreements").text


def test_a_line_gets_its_own_number_and_hours_and_gives_them_back(site: Site) -> None:
    client, path = english(site, "admin"), f"/directory/lines/{LINE}"
    answer = post(client, path, phone="09 000 0888", open="week", mon=["9", "10"])
    assert answer.status_code == 303
    line = entry(site, "phone_line", LINE)
    assert (line["phone"], line["hours"]) == ("09 000 0888", {"mon": "09:00-10:00"})
    assert "09 000 0888" in client.get("/directory/lines").text
    assert post(client, path, phone="", open="agency").status_code == 303
    line = entry(site, "phone_line", LINE)
    assert "phone" not in line
    assert "hours" not in line


def test_the_emergency_line_always_answers(site: Site) -> None:
    path = "/directory/lines/line-vantaa-kerava-emergency"
    answer = post(english(site, "admin"), path, open="week", mon=["9", "10"])
    assert answer.status_code == 422
    assert "it must always answer" in said(answer.text, "open")


@pytest.mark.on_both
def test_a_line_is_added_and_removed_but_not_the_last_of_its_use(site: Site) -> None:
    client = english(site, "admin")
    last = post(client, f"/directory/lines/{LINE}/remove")
    assert last.status_code == 422
    assert "would have no telephone line for this any more" in last.text
    new = {
        "county": "vantaa-kerava",
        "name_fi": "Toinen linja",
        "name_sv": "Andra linjen",
        "use": "child_welfare",
        "agency": TRIAGE,
        "open": "agency",
    }
    added = post(client, "/directory/lines/new", **new)
    assert added.status_code == 303
    assert post(client, f"/directory/lines/{LINE}/remove").status_code == 303
    assert entry(site, "phone_line", LINE) is None
    assert "Toinen linja" in client.get("/directory/lines").text


def test_an_agreement_is_ended_renewed_and_taken_back(site: Site) -> None:
    client, path = english(site, "admin-police"), "/directory/agreements"
    old = "agreement-vantaa-2026"
    turned = post(client, f"{path}/{old}", valid_to=["1", "1", "2020"])
    assert said(turned.text, "valid_to") == "The last day must not be before the first day."
    assert post(client, f"{path}/{old}", valid_to=["31", "8", "2026"]).status_code == 303
    renewed = client.get(f"{path}/new?after={old}").text
    assert fields(renewed)["valid_from"] == ["1", "9", "2026"]
    data = fields(renewed) | {"valid_to": ["31", "8", "2029"]}
    overlapping = data | {"valid_from": ["1", "8", "2026"]}
    answer = client.post(f"{path}/new", data=overlapping)
    assert "would have two agreements at once" in said(answer.text, "valid_from")
    answer = client.post(f"{path}/new", data=data)
    assert answer.status_code == 303
    new = answer.location.partition("saved=")[2]
    assert entry(site, "agreement", new)["municipality"] == "vantaa"
    assert post(client, f"{path}/{new}/remove").status_code == 303
    assert entry(site, "agreement", new) is None
    assert client.get(f"{path}/{old}/remove").status_code == 404


def test_a_school_is_added_renamed_and_closed(site: Site) -> None:
    client = english(site, "admin-vantaa")
    new = {
        "municipality": "vantaa",
        "name_fi": "Uusi koulu",
        "name_sv": "Nya skolan",
        "teaching": "fi",
        "phone": "09 000 0666",
    }
    assert post(client, "/directory/schools/new", **new).status_code == 303
    assert confirm_all(site) == 1
    twice = post(client, "/directory/schools/new", **(new | {"name_fi": "uusi KOULU"}))
    assert said(twice.text, "name_fi") == (
        "There is a school of this name in the municipality already."
    )
    path = "/directory/schools/school-uusi-koulu"
    assert post(client, path).status_code == 303
    assert post(client, path, name_fi="Vanha koulu").status_code == 303
    assert entry(site, "agency", "pri-uusi-koulu")["name"]["fi"] == "Vanha koulu, rehtori"
    assert post(client, f"{path}/close", out_of_use_from=["2", "6", "2026"]).status_code == 303
    page = client.get("/directory/schools").text
    assert page_faults(page) == []
    assert page.count("Closed") == 1


REGISTER = (
    "nimi\n",
    "name_fi;name_sv;municipality;language;phone\n"
    "Tikkukiven koulu;Tikkukiven koulu;vantaa;fi;09 000 0156\n"
    "Äärikoulu;;vantaa;fi;09 000 0199\n",
)


def upload(client: FlaskClient, content: bytes) -> Any:
    data: dict[str, Any] = fields(client.get("/directory/schools/register").text)
    data["file"] = (BytesIO(content), "koulut.csv")
    return client.post("/directory/schools/register", data=data, content_type="multipart/form-data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_register_is_shown_first_and_changes_the_schools_when_told(
    site: Site, encoding: str
) -> None:
    client = english(site, "admin-vantaa")
    shown = upload(client, REGISTER[1].encode(encoding))
    assert shown.status_code == 200
    assert page_faults(shown.text) == []
    assert "Äärikoulu" in shown.text
    assert "Vuorikielon koulu" in shown.text
    assert entry(site, "school", "school-aarikoulu") is None
    answer = client.post("/directory/schools/register", data=fields(shown.text))
    assert (answer.status_code, answer.location) == (303, "/directory/schools?proposed=1")
    assert entry(site, "school", "school-aarikoulu") is None
    assert confirm_all(site) == 1
    assert entry(site, "school", "school-aarikoulu")
    assert "out_of_use_from" not in entry(site, "school", "school-vuorikielo")
    again = upload(client, REGISTER[1].encode(encoding))
    data = fields(again.text) | {"close_absent": "y"}
    answer = client.post("/directory/schools/register", data=data)
    assert answer.status_code == 303
    assert "as the file says" in client.get(answer.location).text
    assert "out_of_use_from" in entry(site, "school", "school-vuorikielo")


@pytest.mark.on_both
def test_a_register_shown_before_another_change_is_shown_again(site: Site) -> None:
    client = english(site, "admin-vantaa")
    shown = upload(client, REGISTER[1].encode())
    post(client, "/directory/schools/school-tikkukivi", phone="09 000 0111")
    answer = client.post("/directory/schools/register", data=fields(shown.text))
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert entry(site, "school", "school-aarikoulu") is None
    assert client.post("/directory/schools/register", data=fields(answer.text)).status_code == 303


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty."),
        (b"x" * 500_001, "The file is too large"),
        (REGISTER[0].encode(), "this one is missing: name_fi"),
        (b"\x00\x01\x02", "neither a CSV nor a TOML file"),
        (b"name_fi,municipality,language\n" + b"A,vantaa,xx\n" * 30, "beside these: "),
    ],
)
def test_a_file_that_cannot_be_used_says_why(site: Site, content: bytes, told: str) -> None:
    answer = upload(english(site, "admin-vantaa"), content)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert told in answer.text


def test_a_register_without_a_file_asks_for_one(site: Site) -> None:
    answer = post(english(site, "admin-vantaa"), "/directory/schools/register")
    assert (answer.status_code, page_faults(answer.text)) == (422, [])
    assert "Choose a file." in answer.text


def test_who_can_open_is_told_by_municipality(site: Site) -> None:
    client = english(site, "admin")
    page = client.get("/directory/openers").text
    assert page_faults(page) == []
    assert "<h2>Vantaa</h2>" in page
    assert "<h2>Porvoo</h2>" not in page
    before = page.count("Nobody</span>")
    assert "Vantaa: Health services" not in client.get("/directory").text
    take_grants(site, "hea")
    assert client.get("/directory/openers").text.count("Nobody</span>") == before + 2
    first = client.get("/directory").text
    assert page_faults(first) == []
    assert "In these municipalities nobody can open what comes for:" in first
    for place in ("Vantaa", "Kerava"):
        assert f"<li>{place}: Health services, " in first
    assert "<li>Porvoo" not in first
    assert english(site, "admin-police").get("/directory/openers").text.count("<h2>") == 15


def test_the_use_log_tells_of_changed_entries_in_words(site: Site) -> None:
    post(english(site, "admin"), f"/directory/agencies/{HEA}", phone="09 000 0999")
    post(english(site, "admin"), f"/directory/lines/{LINE}", phone="09 000 0998")
    page = english(site, "auditor").get("/trail").text
    assert page_faults(page) == []
    for told in ("Directory changed", "Agency: telephone", f"Telephone line {LINE}: telephone"):
        assert told in page, told


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_page_of_the_directory_is_whole_in_each_language(site: Site, language: str) -> None:
    for name, path in (
        ("admin", "/directory/agencies/new"),
        ("admin", f"/directory/agencies/{SOC}"),
        ("admin", "/directory/lines/new"),
        ("admin-vantaa", "/directory/schools/register"),
        ("admin-police", "/directory/agreements/new"),
    ):
        client = site.signed_in(name)
        client.set_cookie("ankkuri_language", language)
        assert page_faults(client.get(path).text) == []
        token = fields(client.get(path).text)["csrf_token"]
        answer = client.post(path, data={"csrf_token": token})
        assert answer.status_code == 422
        assert page_faults(answer.text) == []
