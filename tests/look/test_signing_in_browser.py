"""Signing in with a real browser: its passkey, its policy, and how the pages look there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from intake.store.factor_tables import FactorRow
from tests.look.page_faults import page_faults
from tests.look.test_in_browser import COLOURS, TEXT_SPACING, contrast
from tests.processes import free_port
from tests.site import PASSPHRASE, Site

pytestmark = pytest.mark.browser
OWN = ("", "/app", "/passkey", "/codes", "/passphrase", "/confirm")
NARROW = {"width": 320, "height": 800}


@contextmanager
def served(site: Site) -> Iterator[tuple[str, Site]]:
    """The site at an address that can have passkeys, answering a browser."""
    port = free_port()
    address = f"http://localhost:{port}"
    settings = replace(site.parts.settings, base_url=address)
    here = Site(replace(site.parts, settings=settings), site.hands, site.people)
    server = make_server("localhost", port, here.app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address, here
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


def with_authenticator(page: Any) -> Any:
    """Let the page have an authenticator that knows its owner; what says so."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    told = wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return lambda verified: wire.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": told["authenticatorId"], "isUserVerified": verified},
    )


def first_step(page: Any, address: str) -> None:
    page.goto(f"{address}/sign-in?lang=en")
    page.fill("[name=name]", "soc")
    page.fill("[name=passphrase]", PASSPHRASE)
    page.click("form button.primary")


def test_a_browsers_passkey_is_made_at_the_first_sign_in_and_opens_the_next(
    site: Site, browser: Any
) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM factor")
    with served(site) as (address, here):
        page = browser.new_page(viewport=NARROW)
        blocked: list[str] = []
        page.on("console", lambda told: blocked.append(told.text) if told.type == "error" else None)
        verify = with_authenticator(page)
        first_step(page, address)
        page.fill("[name=label]", "koneeni")
        page.click("[data-passkey]")
        page.wait_for_selector("text=Print your codes")
        assert page.locator(".check-code").count() == 10
        page.click("text=I have them: continue")
        page.wait_for_url("**/inbox")
        page.context.clear_cookies(name="ankkuri_staff")
        first_step(page, address)
        verify(False)
        page.click("[data-passkey]")
        page.wait_for_selector("[data-passkey-failed]", state="visible")
        verify(True)
        page.click("[data-passkey]")
        page.wait_for_url("**/inbox")
        assert blocked == []
        with here.parts.database.read() as connection:
            (row,) = connection.execute(select(FactorRow.kind, FactorRow.label)).all()
        assert tuple(row) == ("passkey", "koneeni")


def test_enter_makes_a_passkey_and_a_missing_name_is_told(site: Site, browser: Any) -> None:
    with served(site) as (address, here):
        page = browser.new_page(viewport=NARROW)
        with_authenticator(page)
        cookies = {"ankkuri_staff": here.session("soc").cookie, "ankkuri_language": "en"}
        page.context.add_cookies(
            [{"name": n, "value": v, "url": address} for n, v in cookies.items()]
        )
        page.goto(f"{address}/account/passkey")
        page.click("[data-passkey]")
        page.click(".summary >> text=Write a name for it")
        page.keyboard.type("koneeni")
        page.keyboard.press("Enter")
        page.wait_for_url("**/account?told=added")
        assert "koneeni" in page.inner_text("main")


def test_back_to_a_page_that_told_of_errors_shows_that_page(site: Site, browser: Any) -> None:
    with served(site) as (address, here):
        page = browser.new_page(viewport=NARROW)
        cookie = {"name": "ankkuri_staff", "value": here.session("soc").cookie, "url": address}
        page.context.add_cookies([cookie])
        page.goto(f"{address}/account/passphrase")
        for _ in range(2):  # sent, and sent again from the page that told
            page.evaluate("document.querySelector('h1').id = 'before'")
            page.click("main .buttons button")
            page.wait_for_selector("#before", state="detached")
            page.wait_for_selector(".summary")
        page.click("main .buttons a")
        page.wait_for_url("**/account")
        page.go_back()
        page.wait_for_url("**/account/passphrase")
        assert page.locator("#my_passphrase").count() == 1


def test_without_javascript_a_code_lets_one_in(site: Site, browser: Any) -> None:
    with served(site) as (address, here):
        page = browser.new_context(java_script_enabled=False).new_page()
        first_step(page, address)
        assert page.locator("[data-passkey]:visible").count() == 0
        page.fill("[name=factor_code]", here.code())
        page.click("form button.primary")
        page.wait_for_url("**/inbox")


def test_the_pages_of_signing_in_fit_a_narrow_window_and_can_be_read(
    site: Site, browser: Any
) -> None:
    with served(site) as (address, here):
        page = browser.new_page(viewport=NARROW)
        for path in ("/sign-in", *(f"/account{path}" for path in OWN)):
            cookie = here.session("soc").cookie
            for language in ("fi", "sv"):
                page.context.clear_cookies()
                named = {"ankkuri_language": language}
                if path != "/sign-in":
                    named["ankkuri_staff"] = cookie
                page.context.add_cookies(
                    [{"name": n, "value": v, "url": address} for n, v in named.items()]
                )
                page.goto(address + path)
                assert page_faults(page.content()) == [], path
                for spaced in (False, True):
                    if spaced:
                        page.evaluate(TEXT_SPACING)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= NARROW["width"], (path, language, spaced)
                faint = [row for row in page.evaluate(COLOURS) if contrast(row[1], row[2]) < 7]
                assert faint == [], path
