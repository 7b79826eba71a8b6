"""A member of an agency who keys in a worry over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tests.site import SOC, Site
from tests.web.reporter_walk import Walk

YESTERDAY = {"day": ["1", "6", "2026"], "time": "14.00"}
BY_PHONE: dict[str, Any] = {"channel": "phone", "agency": SOC, "late_reason": "", **YESTERDAY}


def begun(site: Site, name: str = "soc", language: str = "en") -> Walk:
    """Somebody at the first page of a new draft; ``under`` is the draft's address."""
    client = site.signed_in(name)
    client.set_cookie("ankkuri_language", language)
    return at_first_page(Walk(client))


def at_first_page(walk: Walk) -> Walk:
    """The same browser at the first page of a new draft."""
    answer = walk.client.get("/key-in")
    assert answer.status_code == 303, answer.text
    return Walk(walk.client, answer.location.removesuffix("/report/arrival"))


def keyed(
    site: Site,
    name: str = "soc",
    arrival: dict[str, Any] | None = None,
    language: str = "en",
    **pages: dict[str, Any] | None,
) -> Walk:
    """Everything typed, ready to be checked and sent."""
    walk = begun(site, name, language)
    walk.post(f"{walk.under}/report/arrival", BY_PHONE | (arrival or {}))
    walk.fill(**pages)
    return walk


def count(site: Site, row: Any) -> int:
    """How many rows there are."""
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def tab(site: Site, walk: Walk) -> Walk:
    """Another window of the same browser."""
    cookie = walk.client.get_cookie("ankkuri_staff")
    assert cookie is not None
    client = site.client()
    client.set_cookie("ankkuri_staff", cookie.value)
    client.set_cookie("ankkuri_language", "en")
    return Walk(client, walk.under)
