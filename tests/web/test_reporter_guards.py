"""What the application does around the reporter's pages: languages, headers, a failing database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from intake.app import create_app
from intake.services.draft import COUNTED_EVERY, Draft, NoRoomForDrafts
from intake.services.sign_in import SignIn
from intake.store.database import Database
from intake.store.tables import DraftRow
from intake.vault.own import VisitorSecret
from tests.site import Site, token_in
from tests.web.reporter_walk import OBSERVATIONS, WAY, Walk, errors_in

DAMAGED = "Tähän ilmoitukseen aiemmin kirjoittamaasi ei voi enää lukea."


@pytest.mark.parametrize("lead", ["/%09/", "/%0A/", "/%0D/", "/%5C", "/%2F", "/x/%09/"])
def test_choosing_a_language_leads_to_pages_of_this_site_alone(site: Site, lead: str) -> None:
    answer = site.client().get(f"{lead}evil.invalid?lang=fi")
    assert answer.status_code == 404
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/?lang=sv", "/"),
        ("/report/child/1?from=check&lang=sv", "/report/child/1?from=check"),
        ("/?lang=sv&a=%0d%0aX&_external=1&_scheme=x", "/?a=%0D%0AX&_external=1&_scheme=x"),
    ],
)
def test_choosing_a_language_keeps_the_page_and_its_arguments(
    site: Site, asked: str, location: str
) -> None:
    answer = site.client().get(asked)
    assert (answer.status_code, answer.location) == (303, location)


@pytest.mark.parametrize("secure", [True, False])
def test_over_tls_browsers_are_told_to_use_nothing_else(site: Site, secure: bool) -> None:
    settings = replace(site.parts.settings, secure_cookies=secure)
    answer = create_app(replace(site.parts, settings=settings)).test_client().get("/")
    told = answer.headers.get("Strict-Transport-Security")
    assert told == ("max-age=31536000; includeSubDomains" if secure else None)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets every transaction fail from the moment that it is called."""

    def fail(*_: Any) -> None:
        raise OperationalError("BEGIN", {}, Exception("disk I/O error"))

    def begin_to_fail() -> None:
        for name in ("glance", "read", "write", "write_alone"):
            monkeypatch.setattr(Database, name, fail)

    return begin_to_fail


def test_a_member_of_staff_who_reports_loses_no_text_when_the_database_fails(
    site: Site, failing: Any
) -> None:
    site.app.testing = False
    walk = Walk(site.signed_in("soc"))
    token = token_in(walk.get("/report/observations"))
    failing()
    page = walk.post_with(token, "/report/observations", OBSERVATIONS, 503)
    assert OBSERVATIONS["seen"] in page


def test_the_reporters_pages_ask_for_no_session_of_staff(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.signed_in("soc")
    asked: list[object] = []
    monkeypatch.setattr(SignIn, "resume", lambda *_: asked.append(None))
    for path in ("/", "/report/who", "/status"):
        assert client.get(path).status_code == 200
    assert asked == []
    client.get("/inbox")
    assert asked


def test_a_failing_database_still_gives_staff_a_page(site: Site, failing: Any) -> None:
    site.app.testing = False
    client = site.signed_in("soc")
    failing()
    assert client.get("/inbox").status_code in (303, 500)
    assert client.get("/nowhere").status_code == 404


@pytest.fixture
def walk(site: Site) -> Walk:
    return Walk(site.client())


def spoil(site: Site, sealed: bytes) -> None:
    with site.parts.database.write() as connection:
        connection.execute(update(DraftRow).values(sealed_answers=sealed))


def test_a_damaged_draft_is_told_once_and_begun_anew(site: Site, walk: Walk) -> None:
    walk.fill()
    spoil(site, b"\x01" + b"x" * 9000)
    assert errors_in(walk.get("/report/check", 404))[0].startswith(DAMAGED)
    shown = walk.get("/report/observations")
    assert errors_in(shown)[0].startswith(DAMAGED)
    page = walk.post_with(token_in(shown), "/report/observations", OBSERVATIONS, 422)
    assert errors_in(page)[0].startswith(DAMAGED)
    walk.post_with(token_in(page), "/report/observations", OBSERVATIONS)
    assert OBSERVATIONS["seen"] in walk.get("/report/observations")
    assert DAMAGED not in walk.get("/report/who")


def test_a_draft_of_a_newer_version_is_left_alone_and_the_text_kept(site: Site, walk: Walk) -> None:
    walk.fill()
    token = token_in(walk.get("/report/observations"))
    newer = b"\x02" + b"x" * 9000
    spoil(site, newer)
    walk.get("/report/observations", 503)
    walk.get("/report/check", 503)
    late = OBSERVATIONS | {"seen": "Vielä tämä."}
    assert "Vielä tämä." in walk.post_with(token, "/report/observations", late, 503)
    walk.post_with(token, "/report/send", {}, 503)
    with site.parts.database.read() as connection:
        assert connection.exec_driver_sql("SELECT sealed_answers FROM draft").scalar() == newer


def test_when_drafts_take_too_much_room_a_new_one_is_refused_and_old_ones_go_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Draft.__init__, "__defaults__", (20_000,))
    old, new = Walk(site.client()), Walk(site.client())
    old.post("/report/who", WAY["who"])
    Walk(site.client()).post("/report/who", WAY["who"])
    token = token_in(new.get("/report/observations"))
    page = new.post_with(token, "/report/observations", OBSERVATIONS, 503)
    assert OBSERVATIONS["seen"] in page
    assert "09 000 0104" in page
    old.post("/report/observations", OBSERVATIONS | {"seen": "x" * 9000})


def test_room_that_came_free_is_found_at_the_next_count(site: Site) -> None:
    drafts, now = Draft(site.parts.database, most_bytes=10_000), site.hands()
    first = VisitorSecret.new()
    drafts.save(first, {}, now)
    drafts.erase(first)
    for later in (timedelta(0), COUNTED_EVERY - timedelta(seconds=1)):
        with pytest.raises(NoRoomForDrafts):
            drafts.save(VisitorSecret.new(), {}, now + later)
    drafts.save(VisitorSecret.new(), {}, now + COUNTED_EVERY)
