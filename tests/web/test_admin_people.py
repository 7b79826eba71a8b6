"""People in the browser: inviting, joining, giving and ending roles, and giving the key on."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from intake.domain.people import AGENCY_ROLES, PERMISSIONS, Membership, Permission, Role
from intake.domain.trail import Action
from intake.store import people
from intake.store.people_tables import InvitationRow, SessionRow
from intake.store.tables import TrailRow
from intake.web import joining
from tests.look.page_faults import page_faults
from tests.services.test_dismiss import accepted
from tests.site import COUNTY, HEA, POL, SOC, TRIAGE, Site
from tests.web.reporter_walk import hidden_in
from tests.web.test_admin_directory import english, fields, post, said

NEW = "uusi salalause tähän"
MAIJA = {
    "name": "Maija Meikäläinen",
    "email": "maija@ankkuri.invalid",
    "sign_in_name": "maija.m",
    "reads": "en",
    "agencies": [SOC],
    "role": "worker",
}


def link_in(page: str) -> str:
    found = re.search(r'class="link-once">http://127\.0\.0\.1:8000(/join/[\w-]+)<', page)
    assert found, page
    return found[1]


def invited(site: Site, **changes: Any) -> str:
    """The link's path, of a newcomer at the county's child welfare."""
    answer = post(english(site, "admin"), "/people/invite", **(MAIJA | changes))
    assert answer.status_code == 200
    assert page_faults(answer.text) == []
    return link_in(answer.text)


def joins(site: Site, link: str, passphrase: str = NEW, again: str | None = None) -> Any:
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    arrived = client.get(link)
    assert (arrived.status_code, arrived.location) == (303, "/join")
    page = client.get("/join")
    assert page_faults(page.text) == []
    typed = {"passphrase": passphrase, "again": passphrase if again is None else again}
    return client.post("/join", data=fields(page.text) | typed)


def person_page(site: Site, name: str) -> str:
    return f"/people/{site.parts.appoint.named(name, site.hands().date()).id}"


def person_page_of(site: Site, name: str) -> str:
    return f"/people/{site.people[name]}"


def role_link(page: str) -> str:
    found = re.search(r'href="(/people/[\w-]+/roles/[\w-]+)"', page)
    assert found
    return found[1]


def lines(site: Site, action: Action) -> list[Any]:
    with site.parts.database.read() as connection:
        return list(
            connection.execute(
                select(TrailRow.person_id, TrailRow.purpose).where(TrailRow.action == action)
            )
        )


@pytest.mark.on_both
def test_an_invited_person_joins_signs_in_and_gets_the_key_of_a_colleague(site: Site) -> None:
    site.send()
    joined = joins(site, invited(site))
    assert joined.status_code == 200
    assert page_faults(joined.text) == []
    words = site.words("maija.m")
    assert words in joined.text
    newcomer = site.signed_in("maija.m", NEW)
    newcomer.set_cookie("ankkuri_language", "en")
    inbox = newcomer.get("/inbox").text
    assert "You wait for the key" in inbox
    referral = re.search(r'href="(/referrals/[\w-]+)"', inbox)
    assert referral
    missing = newcomer.get(referral[1])
    assert missing.status_code == 403
    assert 'href="/keys"' in missing.text
    assert words in newcomer.get("/keys").text

    colleague = english(site, "soc")
    assert "1 colleague waits for the key." in colleague.get("/inbox").text
    keys = colleague.get("/keys").text
    assert page_faults(keys) == []
    give = re.search(rf'href="(/keys/{SOC}/[\w-]+)"', keys)
    assert give
    assert page_faults(colleague.get(give[1]).text) == []
    given = post(colleague, give[1], words=words)
    assert (given.status_code, given.location) == (303, f"/keys?given={SOC}")
    assert newcomer.get(referral[1]).status_code == 200
    assert "waits for the key" not in colleague.get("/inbox").text
    assert (site.people["soc"], "grant to a colleague: maija.m") in {
        tuple(line) for line in lines(site, Action.GRANT)
    }


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"words": "aasi aamu"}, "words", "not the words of Maija"),
        ({"words": ""}, "words", "Write the words."),
    ],
)
def test_the_key_is_not_given_without_the_words(
    site: Site, typed: dict[str, str], field: str, told: str
) -> None:
    joins(site, invited(site))
    colleague = english(site, "soc")
    give = re.search(rf'href="(/keys/{SOC}/[\w-]+)"', colleague.get("/keys").text)
    assert give
    answer = post(colleague, give[1], **typed)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert told in said(answer.text, field)
    with site.parts.database.read() as connection:
        maija = people.row_by_sign_in_name(connection, "maija.m")
        assert maija is not None
        assert people.grants_held(connection, SOC, maija.id) == []


def test_only_who_has_the_key_gives_it_and_only_to_who_waits(site: Site) -> None:
    joins(site, invited(site))
    maija = person_page(site, "maija.m").rpartition("/")[2]
    wrong = (
        ("soc", f"/keys/{SOC}/{site.people['soc-head']}"),
        ("soc", f"/keys/{SOC}/{site.people['pol']}"),
        ("soc", f"/keys/{POL}/{site.people['pol']}"),
        ("pol", f"/keys/{SOC}/{maija}"),
    )
    for name, path in wrong:
        assert site.signed_in(name).get(path).status_code == 404
    assert site.signed_in("admin").get(f"/keys/{SOC}/{maija}").status_code == 403
    assert len(lines(site, Action.REFUSED)) == len(wrong) + 1


@pytest.mark.on_both
def test_a_key_that_nobody_has_is_made_anew_by_a_member_who_waits(site: Site) -> None:
    joins(site, invited(site, agencies=[TRIAGE]))
    admin, soc = english(site, "admin"), person_page(site, "soc")
    post(admin, f"{soc}/leave", knowing="y")
    member = site.signed_in("maija.m", NEW)
    member.set_cookie("ankkuri_language", "en")
    page = member.get("/keys").text
    assert page_faults(page) == []
    assert "Nobody has this agency's key." in page
    path = f"/keys/{TRIAGE}/new"
    assert page_faults(member.get(path).text) == []
    assert post(member, path).status_code == 303
    assert member.get(path).status_code == 404
    with site.parts.database.read() as connection:
        assert len(people.who_can_open(connection, site.hands().date())[TRIAGE]) == 1


def test_where_doors_are_apart_the_newcomer_is_told_of_another_address(site: Site) -> None:
    link = invited(site)
    alone = replace(site.parts, settings=replace(site.parts.settings, doors=("admin",)))
    joined = joins(Site(alone, site.hands, site.people), link)
    assert page_faults(joined.text) == []
    assert "pages have another address, sign in there." in joined.text


def test_the_link_is_on_one_page_once_and_in_no_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = invited(site)
    secret = link.rpartition("/")[2]
    admin = english(site, "admin")
    page = admin.get("/people").text
    assert "Maija Meikäläinen" in page
    assert secret not in page
    joins(site, link)
    assert secret not in caplog.text
    assert not any(secret in (line.purpose or "") for line in lines(site, Action.INVITE))


def test_the_pages_after_the_link_do_not_name_it(site: Site) -> None:
    link = invited(site)
    client = site.client()
    answer = client.get(link)
    cookie = client.get_cookie(joining.COOKIE)
    assert cookie is not None
    assert cookie.http_only
    page = client.get(answer.location).text
    assert link.rpartition("/")[2] not in page
    assert "Maija Meikäläinen" in page
    assert "maija.m" in page


def test_the_newcomer_reads_the_page_in_the_language_of_the_invitation(site: Site) -> None:
    link = invited(site, reads="sv")
    client = site.client()
    client.get(link)
    assert "Du är inbjuden" in client.get("/join").text


@pytest.mark.on_both
def test_a_used_withdrawn_or_old_link_is_one_clear_page(site: Site) -> None:
    used = invited(site)
    assert joins(site, used).status_code == 200
    withdrawn = invited(site, sign_in_name="toinen")
    admin = english(site, "admin")
    way = re.search(r'href="(/people/invitations/[\w-]+/withdraw)"', admin.get("/people").text)
    assert way
    assert page_faults(admin.get(way[1]).text) == []
    assert post(admin, way[1]).location == "/people?done=withdrawn"
    old = invited(site, sign_in_name="kolmas")
    site.hands.move(days=7)
    for link in (used, withdrawn, old, "/join/nothing", "/join/" + "A" * 43, "/join"):
        client = site.client()
        client.set_cookie("ankkuri_language", "en")
        answer = client.get(link)
        assert answer.status_code == 410, link
        assert page_faults(answer.text) == []
        assert answer.text.count("This link does not work any more") >= 1


def test_a_second_tab_on_a_link_that_was_used_is_told(site: Site) -> None:
    link = invited(site)
    client = site.client()
    client.set_cookie("ankkuri_language", "en")
    client.get(link)
    tabs = [fields(client.get("/join").text) for _ in range(2)]
    typed = {"passphrase": NEW, "again": NEW}
    assert client.post("/join", data=tabs[0] | typed).status_code == 200
    assert client.post("/join", data=tabs[1] | typed).status_code == 410


@pytest.mark.parametrize(
    ("passphrase", "again", "field", "told"),
    [
        ("", "", "passphrase", "Write your passphrase."),
        ("x" * 14, "x" * 14, "passphrase", "at least 15"),
        ("salasanasalasana", "salasanasalasana", "passphrase", "too easy to guess"),
        ("x" * 1001, "x" * 1001, "passphrase", "too long"),
        (NEW, NEW + "!", "again", "The two passphrases differ."),
    ],
)
def test_a_passphrase_that_will_not_do_is_told_and_the_link_stays(
    site: Site, passphrase: str, again: str, field: str, told: str
) -> None:
    link = invited(site)
    answer = joins(site, link, passphrase, again)
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert told in said(answer.text, field)
    assert not passphrase or passphrase not in answer.text
    assert joins(site, link).status_code == 200


def test_a_form_of_another_browser_does_not_join(site: Site) -> None:
    link = invited(site)
    first, second = site.client(), site.client()
    first.get(link)
    second.get(link)
    typed = {"passphrase": NEW, "again": NEW, "csrf_token": "0" * 64}
    assert second.post("/join", data=typed).status_code == 422


@pytest.mark.parametrize(
    ("slips", "field", "told"),
    [
        ({"name": ""}, "name", "Write the name."),
        ({"email": "ei osoite"}, "email", "is not an e-mail address"),
        ({"email": "a@b"}, "email", "is not an e-mail address"),
        ({"sign_in_name": "Äiti!"}, "sign_in_name", "small letters"),
        ({"sign_in_name": "soc"}, "sign_in_name", "Somebody has this user name"),
        ({"agencies": [], "role": []}, "agencies", "Choose at least one role."),
        ({"role": []}, "role", "Choose the role at the agencies."),
        ({"agencies": []}, "agencies", "Choose at which agencies."),
        ({"agencies": [POL]}, "agencies", "choose of the options"),
        ({"offices": ["auditor:police"]}, "offices", "choose of the options"),
        ({"valid_from": ["1", "6", "2026"]}, "valid_from", "today or a later day"),
        ({"valid_to": ["1", "6", "2026"]}, "valid_to", "must not be before"),
    ],
)
def test_a_slip_in_an_invitation_is_named_and_what_was_typed_stays(
    site: Site, slips: dict[str, Any], field: str, told: str
) -> None:
    answer = post(english(site, "admin"), "/people/invite", **(MAIJA | slips))
    assert answer.status_code == 422
    assert page_faults(answer.text) == []
    assert told in said(answer.text, field)
    kept = fields(answer.text)
    for name in ("name", "email", "sign_in_name"):
        assert kept[name] == [(MAIJA | slips)[name]]
    with site.parts.database.read() as connection:
        assert connection.execute(select(InvitationRow.id)).all() == []


def test_somebody_invited_already_is_told(site: Site) -> None:
    invited(site)
    answer = post(english(site, "admin"), "/people/invite", **MAIJA)
    assert "is invited under this user name already" in said(answer.text, "sign_in_name")


@pytest.mark.on_both
def test_roles_are_given_and_ended_on_a_persons_page(site: Site) -> None:
    admin, path = english(site, "admin"), person_page(site, "hea")
    page = admin.get(path)
    assert page_faults(page.text) == []
    offices = [f"auditor:{COUNTY}"]
    given = post(admin, f"{path}/roles", agencies=[SOC], role="deputy", offices=offices)
    assert (given.status_code, given.location) == (303, f"{path}?done=given")
    after = admin.get(given.location).text
    assert page_faults(after) == []
    assert "The roles have been given." in after
    assert "Waits for a key" in after
    roles = site.parts.appoint.named("hea", site.hands().date()).roles
    assert {role.membership for role in roles} == {
        Membership(Role.WORKER, HEA),
        Membership(Role.DEPUTY, SOC),
        Membership(Role.AUDITOR, controller=COUNTY),
    }
    again = post(admin, f"{path}/roles", agencies=[SOC], role="deputy")
    assert again.status_code == 422
    assert "has one of these roles on these days already" in again.text
    deputy = next(role.id for role in roles if role.membership.role is Role.DEPUTY)
    last = site.hands().date() + timedelta(days=3)
    boxes = [str(last.day), str(last.month), str(last.year)]
    ended = post(admin, f"{path}/roles/{deputy}", when="day", last_day=boxes)
    assert ended.location == f"{path}?done=ended"
    now = post(admin, f"{path}/roles/{deputy}", when="now")
    assert now.status_code == 303
    assert len(site.parts.appoint.named("hea", site.hands().date()).roles) == 2


def test_the_end_of_a_role_needs_its_time(site: Site) -> None:
    admin, path = english(site, "admin"), person_page(site, "soc-head")
    role = role_link(admin.get(path).text)
    assert page_faults(admin.get(role).text) == []
    assert said(post(admin, role).text, "when") == "Choose when the role ends."
    answer = post(admin, role, when="day", last_day=["1", "6", "2026"])
    assert said(answer.text, "last_day") == "Give today or a later day."


def test_a_role_that_ends_with_a_day_does_not_end_at_once_for_want_of_the_day(site: Site) -> None:
    admin, path = english(site, "admin"), person_page(site, "soc-head")
    role = role_link(admin.get(path).text)
    answer = post(admin, role, when="day", last_day=["", "", ""], knowing="y")
    assert answer.status_code == 422
    assert said(answer.text, "last_day") == "Write the last day of the role."
    answer = post(admin, role, when="now", last_day=["1", "6", "2099"], knowing="y")
    assert answer.status_code == 422
    assert "You chose that the role ends at once" in said(answer.text, "last_day")
    assert role_link(admin.get(path).text) == role


def test_who_would_leave_nobody_behind_needs_a_tick(site: Site) -> None:
    admin, path = english(site, "admin"), f"{person_page(site, 'soc')}/leave"
    page = admin.get(path)
    assert page_faults(page.text) == []
    assert "Nobody else can open the reports of:" in page.text
    answer = post(admin, path)
    assert answer.status_code == 422
    assert "Tick the box" in said(answer.text, "knowing")
    browser = site.signed_in("soc")
    assert post(admin, path, knowing="y").location == "/people?done=left"
    assert browser.get("/inbox").location.startswith("/sign-in")
    assert admin.get(person_page_of(site, "soc")).status_code == 404


@pytest.mark.on_both
def test_who_leaves_others_behind_needs_no_tick(site: Site) -> None:
    admin, path = english(site, "admin"), f"{person_page(site, 'soc-deputy')}/leave"
    assert "Nobody else can open" not in admin.get(path).text
    assert post(admin, path).status_code == 303


@pytest.mark.on_both
def test_the_last_administrator_is_told_and_signed_out(site: Site) -> None:
    admin, path = english(site, "admin"), f"{person_page_of(site, 'admin')}/leave"
    page = admin.get(path).text
    assert page_faults(page) == []
    assert "Nobody else administers:" in page
    assert "You cannot give it back to yourself." in page
    assert post(admin, path).status_code == 422
    assert post(admin, path, knowing="y").location == "/sign-in"
    assert admin.get("/people").location.startswith("/sign-in")


@pytest.mark.on_both
def test_an_administrator_gives_nothing_to_oneself_and_the_try_leaves_a_line(site: Site) -> None:
    admin, path = english(site, "admin"), person_page_of(site, "admin")
    page = admin.get(path).text
    assert f'href="{path}/roles"' not in page
    assert f'href="{path}/anew"' not in page
    answer = post(admin, f"{path}/roles", agencies=[SOC], role="worker")
    assert answer.status_code == 403
    assert "Nobody gives roles to oneself" in answer.text
    known = post(admin, "/people/known", sign_in_name="admin", agencies=[SOC], role="worker")
    assert known.status_code == 403
    assert admin.get(f"{path}/anew").status_code == 404
    assert len(lines(site, Action.REFUSED)) == 3
    assert site.visit("admin").person.memberships == (
        Membership(Role.ADMINISTRATOR, controller=COUNTY),
    )


@pytest.mark.parametrize("name", ["admin-police", "admin-vantaa"])
def test_a_person_of_another_controller_is_not_there(site: Site, name: str) -> None:
    admin, path = english(site, name), person_page_of(site, "soc")
    role = site.parts.appoint.named("soc", site.hands().date()).roles[0].id
    before = len(lines(site, Action.REFUSED))
    ways = ("", "/details", "/roles", "/leave", "/anew", f"/roles/{role}")
    for way in ways:
        assert admin.get(path + way).status_code == 404, way
        if way:
            assert admin.post(path + way, data={"knowing": "y"}).status_code == 404, way
    assert len(lines(site, Action.REFUSED)) == before + 2 * len(ways) - 1
    assert "Saana" not in admin.get("/people").text
    assert len(site.visit("soc").person.memberships) == 2


def test_somebody_of_another_organisation_joins_an_ankkuri_team_by_the_user_name(
    site: Site,
) -> None:
    police = english(site, "admin-police")
    assert page_faults(police.get("/people/known").text) == []
    team = {"agencies": ["ank-vantaa-kerava"], "role": "worker"}
    nobody = post(police, "/people/known", sign_in_name="ei kukaan", **team)
    assert said(nobody.text, "sign_in_name") == "Nobody has this user name."
    given = post(police, "/people/known", sign_in_name="SOC", **team)
    assert given.status_code == 303
    page = police.get(given.location).text
    assert page_faults(page) == []
    assert "This person has roles at other organisations too." in page
    assert "/details" not in page
    assert "/anew" not in page
    assert page.count("End the role<") == 1


@pytest.mark.on_both
def test_details_are_changed_and_of_two_who_do_the_second_is_told(site: Site) -> None:
    first, second = english(site, "admin"), english(site, "admin")
    path = f"{person_page(site, 'hea')}/details"
    opened = fields(second.get(path).text)
    changed = post(first, path, name="Heli Uusi", email="heli@x.fi", reads="sv")
    assert changed.status_code == 303
    answer = second.post(path, data=opened | {"email": "toinen@x.fi"})
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "Heli Uusi" in answer.text
    assert fields(answer.text)["email"] == ["toinen@x.fi"]
    assert second.post(path, data=fields(answer.text)).status_code == 303
    assert site.parts.appoint.named("hea", site.hands().date()).email == "toinen@x.fi"


@pytest.mark.on_both
def test_a_lost_passphrase_is_renewed_by_a_link(site: Site) -> None:
    admin, path = english(site, "admin"), f"{person_page(site, 'soc')}/anew"
    page = admin.get(path).text
    assert page_faults(page) == []
    assert "Nobody else can open the reports of:" in page
    answer = post(admin, path)
    assert page_faults(answer.text) == []
    link = link_in(answer.text)
    assert site.signed_in("soc").get("/inbox").status_code == 200
    assert "A new passphrase and key" in admin.get("/people").text
    joined = joins(site, link)
    assert joined.status_code == 200
    assert len(lines(site, Action.NEW_KEY)) == 1


@pytest.mark.on_both
def test_a_page_that_is_sent_twice_makes_one_link(site: Site) -> None:
    admin, path = english(site, "admin"), f"{person_page(site, 'soc')}/anew"
    typed = hidden_in(admin.get(path).text)
    link = link_in(admin.post(path, data=typed).text)
    again = admin.post(path, data=typed)
    assert (again.status_code, page_faults(again.text)) == (422, [])
    assert "A link has been made already." in again.text
    assert link_in(admin.post(path, data=hidden_in(again.text)).text) != link
    assert site.client().get(link).status_code == 410, "of the two the later one is good"


def test_the_inbox_tells_of_reports_whose_worker_has_left(site: Site) -> None:
    accepted(site)
    head = english(site, "soc-head")
    assert "handled by nobody" not in head.get("/inbox").text
    post(english(site, "admin"), f"{person_page(site, 'soc')}/leave", knowing="y")
    page = head.get("/inbox").text
    assert page_faults(page) == []
    assert "1 report is being handled by nobody" in page


def test_a_typed_passphrase_is_never_carried_over_a_sign_in(site: Site) -> None:
    colleague = english(site, "soc")
    typed = fields(colleague.get("/account/passphrase").text) | {"label": ["AAAA-BBBB-CCCC"]}
    typed |= {name: ["tämä!"] for name in ("my_passphrase", "new_passphrase", "new_again")}
    with site.parts.database.write() as connection:
        connection.execute(update(SessionRow).values(seen_at=site.hands.move(days=-1)))
    site.hands.move(days=1)
    door = colleague.post("/account/passphrase", data=typed, follow_redirects=True)
    assert "AAAA-BBBB-CCCC" in door.text
    assert "tämä!" not in door.text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_page_of_people_is_whole_in_each_language(site: Site, language: str) -> None:
    client, path = site.signed_in("admin"), person_page(site, "soc")
    client.set_cookie("ankkuri_language", language)
    for way in ("/people", "/people/invite", "/people/known", path, f"{path}/roles"):
        assert page_faults(client.get(way).text) == []
    for way in (f"{path}/details", f"{path}/leave", f"{path}/anew", "/people/invite"):
        answer = client.post(way, data={"csrf_token": "0"})
        assert answer.status_code == 422
        assert page_faults(answer.text) == []


def test_every_agency_role_may_give_keys_and_no_other_role_may() -> None:
    giving = {role for role, held in PERMISSIONS.items() if Permission.GIVE_KEYS in held}
    assert giving == AGENCY_ROLES
