"""A real server process in which many sign in at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from threading import Event
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from intake.vault.keyring import cost_of
from intake.vault.passphrase import PRODUCTION
from intake.vault.totp import step_at
from tests.processes import Server
from tests.services.test_tries import lock_of
from tests.site import PASSPHRASE, PEOPLE, TOTP_SECRET, Site, token_in
from tests.vault.test_hashing_queue import full

SIXTEEN = sorted(PEOPLE)[:16]
PATIENCE = 60


@contextmanager
def serving(site: Site) -> Iterator[Server]:
    site.sign_for_real_clocks()
    server = Server(site.parts.settings.data)
    try:
        server.start()
        yield server
    finally:
        server.kill()


class Browser:
    """With cookies."""

    def __init__(self, server: Server) -> None:
        self.opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self.at = f"http://127.0.0.1:{server.port}"
        self.page = self.ask("/sign-in")

    def ask(self, path: str, **typed: str) -> str:
        """The page that it leads to; a refusal is raised."""
        sent = urlencode(typed).encode() if typed else None
        with self.opener.open(self.at + path, sent, timeout=PATIENCE) as answer:
            self.path = answer.url.removeprefix(self.at)
            self.page = answer.read().decode()
        return self.page

    def type(self, **typed: str) -> str:
        """Fill in the form that is shown."""
        return self.ask(self.path, csrf_token=token_in(self.page), **typed)


def test_sixteen_who_sign_in_at_once_all_come_in_and_a_reporter_is_served_while_they_wait(
    site: Site,
) -> None:
    """Nobody is asked to try again, and each passphrase is hashed at the cost of production."""
    with serving(site) as server, ThreadPoolExecutor(len(SIXTEEN)) as threads:
        browsers = [Browser(server) for _ in SIXTEEN]
        with full(site.parts.settings.data):
            coming = [
                threads.submit(browser.type, name=name, passphrase=PASSPHRASE)
                for name, browser in zip(SIXTEEN, browsers, strict=True)
            ]
            assert "Ankkuri" in Browser(server).ask("/")
            assert not any(one.done() for one in coming)
        for name, browser, one in zip(SIXTEEN, browsers, coming, strict=True):
            assert "factor_code" in one.result(PATIENCE)
            browser.type(factor_code=TOTP_SECRET.code(step_at(datetime.now(UTC))))
            assert PEOPLE[name][0] in browser.page
    assert {cost_of(lock_of(site, name)) for name in SIXTEEN} == {PRODUCTION}


def test_owners_come_in_from_unknown_browsers_by_printed_codes_while_bots_try_their_name(
    site: Site,
) -> None:
    codes = site.parts.factors.print_codes(site.visit("soc"), site.hands())
    over, waiting = Event(), Event()

    def bot(server: Server) -> int:
        refused, browser = 0, Browser(server)
        while not over.is_set():
            try:
                browser.type(name="soc", passphrase="väärä tunnuslause tämä")
            except HTTPError as told:
                refused += told.code == 429
                waiting.set() if told.code == 429 else None
        return refused

    with serving(site) as server, ThreadPoolExecutor(3) as threads:
        bots = [threads.submit(bot, server) for _ in range(3)]
        try:
            assert waiting.wait(PATIENCE)
            for code in codes[:3]:
                browser = Browser(server)
                browser.type(name="soc", passphrase=PASSPHRASE, printed_code=code)
                assert PEOPLE["soc"][0] in browser.page
        finally:
            over.set()
        assert all(one.result(PATIENCE) for one in bots)
