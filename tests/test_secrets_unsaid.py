"""No key, cookie, code or passphrase is in what is logged at any level, nor on a failed page."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient

import config
from intake.services.factors import Factors
from intake.services.read import Read
from intake.services.sign_in import SignIn
from intake.services.status import Status
from intake.services.submit import Submit
from tests.site import PASSPHRASE, TOTP_SECRET, Site, token_in
from tests.test_canary import written as written
from tests.web.reporter_walk import Walk

KEYS = (*config.SECRETS.values(), config.REPLAY_PRIVATE, config.TRAIL_PRIVATE)


LEAST = 40  # characters; shorter ones are choices and places


def forms(secret: bytes) -> Iterator[str]:
    """How bytes are written by those who write them."""
    yield from (secret.hex(), secret.hex().upper(), repr(secret)[2:-1])
    yield from (b64encode(secret).decode(), urlsafe_b64encode(secret).decode().rstrip("="))


def cookies(*clients: FlaskClient) -> set[str]:
    """What browsers were given, but for what no one signs in or reads with."""
    given = {each.value for client in clients for each in (client._cookies or {}).values()}
    return {value for value in given if len(value) >= LEAST}


def test_no_secret_is_said_where_everything_fails_with_it(
    site: Site, written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each service fails with every secret in its words; the log is at its lowest level."""
    secrets = {PASSPHRASE, TOTP_SECRET.text, *forms(TOTP_SECRET.raw), site.code()}
    for name in KEYS:
        secrets.update(forms(config.read_secret(site.parts.settings.keys, name)))
    typing, reader, knocking = Walk(site.client()), site.client(), site.client()
    typing.fill()
    check = typing.get("/report/check")
    code = site.send().code
    secrets |= {code.text, code.symbols, *forms(code.key), *forms(code.lookup_id)}
    worker, half = site.signs_in("soc"), site.client()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    secrets.update(forms(site.parts.read.agency_key(visit, row).raw), forms(visit.key.raw))
    site.first_step(half, "pol")
    secrets |= cookies(worker, half, typing.client)
    assert len(cookies(worker, half, typing.client)) >= 3
    site.app.testing = False

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(" ".join(sorted(secrets))) from ValueError(repr(sorted(secrets)))

    status = token_in(reader.get("/status").text)
    door = token_in(knocking.get("/sign-in").text)
    for service, name in ((Read, "__call__"), (SignIn, "__call__"), (Status, "by_code")):
        monkeypatch.setattr(service, name, fail)
    monkeypatch.setattr(Factors, "__call__", fail)
    monkeypatch.setattr(Submit, "__call__", fail)
    typed = {"name": "soc", "passphrase": PASSPHRASE, "csrf_token": door}
    answers = [
        worker.get(f"/referrals/{row.id}?code={code.text}"),
        worker.get("/account"),
        reader.post("/status", data={"code": code.text, "csrf_token": status}),
        knocking.post("/sign-in", data=typed),
        half.get(f"/{code.text}", headers={"User-Agent": code.text, "Referer": code.text}),
    ]
    assert [answer.status_code for answer in answers] == [500, 500, 500, 500, 404]
    told = [answer.text + str(answer.headers) for answer in answers]
    told.append(typing.press(check, "/report/send", 500))
    words = written.getvalue()
    assert "RuntimeError from ValueError" in words
    for secret in secrets:
        assert not any(secret in each for each in (words, *told))
