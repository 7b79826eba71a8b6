"""Everybody with a browser of their own, and the addresses of every route."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

import config
from intake.domain.trail import Action
from intake.store.tables import TrailRow
from intake.vault.keyring import SessionSecret
from intake.vault.own import CookieSecret
from intake.web.forms.base import token_key
from intake.web.second_step import COOKIE
from tests.site import PEOPLE, Site

_REFUSALS = select(func.count()).select_from(TrailRow).where(TrailRow.action == Action.REFUSED)


def with_a_name(site: Site) -> Site:
    """The same site at a host name, where there can be passkeys."""
    settings = replace(site.parts.settings, base_url="http://localhost:8000")
    return Site(replace(site.parts, settings=settings), site.hands, site.people)


class Walkers:
    """The people of a site, signed in, each with the one token of their session's forms."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._sessions: dict[str, SessionSecret] = {}
        self._refusals = 0

    def session(self, name: str) -> SessionSecret:
        """This person's session."""
        if name not in self._sessions:
            self._sessions[name] = self.site.session(name)
        return self._sessions[name]

    def browser(self, name: str, cookie: str = COOKIE) -> FlaskClient:
        """A browser in which this person is signed in; nobody in that of no name."""
        client = self.site.client()
        if name:
            client.set_cookie(cookie, self.session(name).cookie)
        return client

    @cached_property
    def browsers(self) -> Mapping[str, FlaskClient]:
        """One for each."""
        return {name: self.browser(name) for name in PEOPLE}

    @cached_property
    def _door_secret(self) -> bytes:
        return config.read_secret(self.site.parts.settings.keys, config.SECRETS["staff"])

    def token(self, name: str) -> str:
        """What this person's forms carry."""
        return self.token_of(self.session(name))

    def token_of(self, session: CookieSecret) -> str:
        """What the forms of a session carry."""
        key = token_key(self._door_secret, session.csrf_key)
        return hmac.new(key, b"ankkuri form token", hashlib.sha256).hexdigest()

    def refusals(self) -> int:
        """How many lines of the trail tell of one that did not when this was last asked."""
        with self.site.parts.database.read() as connection:
            before, self._refusals = self._refusals, connection.scalar(_REFUSALS) or 0
        return self._refusals - before


def routes(site: Site) -> list[Rule]:
    """Every one."""
    return sorted(site.app.url_map.iter_rules(), key=lambda rule: str(rule.endpoint))


def methods(rule: Rule) -> list[str]:
    """Those that it answers, GET first."""
    return sorted((rule.methods or set()) & {"GET", "POST"})


def address(site: Site, rule: Rule, values: Mapping[str, Any]) -> str:
    """Of this route with what stands in it."""
    adapter = site.app.url_map.bind("localhost")
    given = {name: value for name, value in values.items() if name in rule.arguments}
    return str(adapter.build(rule.endpoint, given))
