"""A site on TLS answers under its own name; a proxy is believed only as far as it is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient

from intake.app import create_app
from tests.site import Site


def client_of(site: Site, **settings: Any) -> FlaskClient:
    parts = replace(site.parts, settings=replace(site.parts.settings, **settings))
    return create_app(parts).test_client()


@pytest.mark.parametrize("host", ["ankkuri.invalid", "Ankkuri.Invalid", "ankkuri.invalid:443"])
def test_a_site_on_tls_answers_to_its_own_name(site: Site, host: str) -> None:
    client = client_of(site, base_url="https://ankkuri.invalid")
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.invalid", "ankkuri.invalid.evil.invalid", "ankkuri.invalid:8443", "", "127.0.0.1"],
)
@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/ankkuri.css", "/?lang=sv"])
def test_it_answers_a_bare_400_to_any_other_name(site: Site, host: str, path: str) -> None:
    client = client_of(site, base_url="https://ankkuri.invalid")
    answer = client.get(path, headers={"Host": host, "X-Forwarded-Host": "ankkuri.invalid"})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers


def test_a_port_of_its_own_belongs_to_the_name(site: Site) -> None:
    client = client_of(site, base_url="https://ankkuri.invalid:8443")
    assert client.get("/", headers={"Host": "ankkuri.invalid:8443"}).status_code == 200
    assert client.get("/", headers={"Host": "ankkuri.invalid"}).status_code == 400


@pytest.mark.on_both
def test_a_watcher_may_ask_by_any_name(site: Site) -> None:
    client = client_of(site, base_url="https://ankkuri.invalid")
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_without_tls_any_name_will_do(site: Site) -> None:
    assert site.client().get("/", headers={"Host": "mylly.local:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "scheme", "who"), [(0, "http", None), (1, "https", "10.0.0.9")]
)
def test_a_proxy_is_believed_only_where_the_settings_name_it(
    site: Site, proxies: int, scheme: str, who: str | None
) -> None:
    forged = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "10.0.0.1, 10.0.0.9",
        "X-Forwarded-Host": "evil.invalid",
        "X-Forwarded-Prefix": "/evil",
    }
    with client_of(site, proxies=proxies) as client:
        client.get("/", headers=forged)
        assert request.scheme == scheme
        assert request.remote_addr == (who or "127.0.0.1")
        assert request.host == "localhost"
        assert request.root_path == ""
