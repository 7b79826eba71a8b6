"""What waits to be signed: shown, confirmed by a second person, refused; and told to who waits."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from intake.domain.deadline import local_date
from intake.domain.people import Administrator, Membership, Role
from intake.services.sign_entries import RequestSignatures
from tests import keeper
from tests.look.page_faults import page_faults
from tests.site import COUNTY, TRIAGE, Site
from tests.web.test_admin_directory import english, post, said

AUDITOR = Membership(Role.AUDITOR, controller=COUNTY)


@pytest.fixture(autouse=True)
def _away(site: Site) -> Iterator[None]:
    with keeper.away():
        yield


def give(site: Site, to: str, membership: Membership, *, by: str | None) -> None:
    """``by`` None: an operator."""
    operator = Administrator(None, frozenset({COUNTY}))
    admin = site.visit(by).person.as_administrator() if by else operator
    role = [site.appointment(membership)]
    site.parts.appoint(admin, site.people[to], role, site.hands())


def path_to(page: str, what: str) -> str:
    found = re.search(rf'href="(/people/entries/[\w-]+{what})"', page)
    assert found, page
    return found[1]


@pytest.mark.on_both
def test_a_second_person_confirms_by_the_words_and_by_no_others(site: Site) -> None:
    give(site, "hea", AUDITOR, by=None)
    admin = english(site, "admin")
    listed = admin.get("/people/entries").text
    assert page_faults(listed) == []
    assert "Waits for a second person" in listed
    path = path_to(listed, "")
    asked = admin.get(path).text
    assert page_faults(asked) == []
    assert site.words("hea") not in asked
    for words, told in (("", "Write the words."), (site.words("soc"), "not the words of the key")):
        wrong = post(admin, path, words=words)
        assert wrong.status_code == 422
        assert page_faults(wrong.text) == []
        assert told in said(wrong.text, "words")
    assert RequestSignatures(site.parts.database)(site.hands()) == []
    right = post(admin, path, words=site.words("hea"))
    assert (right.status_code, right.location) == (303, "/people/entries?done=confirmed")
    after = admin.get(right.location).text
    assert "Waits for a signature" in after
    assert admin.get(path).status_code == 404
    assert "It does not wait any more" in admin.get(path).text
    assert len(RequestSignatures(site.parts.database)(site.hands())) == 1


@pytest.mark.on_both
def test_who_proposed_it_cannot_confirm_it_but_refuse_it(site: Site) -> None:
    give(site, "hea", AUDITOR, by="admin")
    admin = english(site, "admin")
    listed = admin.get("/people/entries").text
    assert "another administrator of the same controller, or the maintenance." in listed
    assert "You proposed this, or it is your own: somebody else must confirm it." in listed
    refuse = path_to(listed, "/refuse")
    assert admin.get(refuse.removesuffix("/refuse")).status_code == 404
    assert page_faults(admin.get(refuse).text) == []
    assert post(admin, refuse).location == "/people/entries?done=refused"
    assert "Nothing waits." in admin.get("/people/entries").text
    assert site.visit("hea").person.waiting == ()


def test_what_is_not_as_it_was_signed_is_shown_where_it_is(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE membership SET role = 'head' WHERE role = 'auditor'")
    page = english(site, "admin").get("/people/entries").text
    assert page_faults(page) == []
    assert f"auditor: head, {COUNTY}" in page
    assert "auditor: head" not in english(site, "admin-police").get("/people/entries").text


def test_what_runs_out_soon_is_shown_with_its_day(site: Site) -> None:
    site.hands.move(days=350)
    page = english(site, "admin").get("/people/entries").text
    assert page_faults(page) == []
    assert "To be signed again soon:" in page


def test_what_waits_elsewhere_is_not_there(site: Site) -> None:
    give(site, "hea", AUDITOR, by=None)
    path = path_to(english(site, "admin").get("/people/entries").text, "")
    police = english(site, "admin-police")
    assert "Nothing waits." in police.get("/people/entries").text
    assert police.get(path).status_code == 404
    assert police.get(f"{path}/refuse").status_code == 404


def test_who_waits_is_told_so_with_the_words_of_the_key(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE membership SET valid_to = '2026-06-01' "
            "WHERE agency_id = 'hea-vantaa-kerava-office'"
        )
    assert local_date(site.hands()).isoformat() > "2026-06-01"
    give(site, "hea", Membership(Role.WORKER, TRIAGE), by="admin")
    page = english(site, "hea").get("/staff").text
    assert page_faults(page) == []
    assert "A role of yours waits for the signature" in page
    assert site.words("hea") in page


def test_who_has_other_roles_is_told_on_every_page(site: Site) -> None:
    told = "A role of yours waits for its signature."
    assert told not in english(site, "soc").get("/inbox").text
    give(site, "soc", AUDITOR, by="admin")
    page = english(site, "soc").get("/inbox").text
    assert page_faults(page) == []
    assert told in page


def test_a_colleague_whose_role_waits_gets_no_key_yet(site: Site) -> None:
    give(site, "hea", Membership(Role.WORKER, TRIAGE), by="admin")
    keys = english(site, "soc").get("/keys").text
    assert page_faults(keys) == []
    assert "Waits for a signature" in keys
    assert f"/keys/{TRIAGE}/{site.people['hea']}" not in keys
    assert "waits for the key" not in english(site, "soc").get("/inbox").text
    person = english(site, "admin").get(f"/people/{site.people['hea']}").text
    assert page_faults(person) == []
    assert person.count("Waits for a signature") == 1
