"""The demo's file: invented people and worries, as the rest of the project takes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from intake.domain.calendar import Calendar
from intake.domain.deadline import HELSINKI, local_date, local_instant
from intake.domain.note import Contact, Means, Note, Written
from intake.domain.people import AGENCY_ROLES, Membership, Role
from intake.vault.totp import TotpSecret

TOTP_SECRET = TotpSecret(b"Ankkuri: esittely 01")
"""Of every demo person's app: published, and worth nothing outside a demo."""
DEMO = Path(__file__).parent / "data" / "demo.toml"
_DAY = timedelta(days=1)
_PAGES = ("worry", "urgency", "protection", "observations", "consent")

Table = Mapping[str, Any]


def read_demo() -> dict[str, Any]:
    """The tables of the demo's file."""
    return tomllib.loads(DEMO.read_text("utf-8"))


def answers_of(worry: Table, defaults: Table, today: date) -> dict[str, Any]:
    """A worry's answers page by page, as the forms give them."""
    answers: dict[str, Any] = {
        page: {name: worry.get(name, value) for name, value in defaults[page].items()}
        for page in _PAGES
    }
    answers["worry"]["primary"] = worry["categories"][0]
    answers["reporter"] = {**defaults["reporter"], **worry["reporter"]}
    answers["children"] = [_child(child, defaults["child"], today) for child in worry["children"]]
    answers["guardians"] = [{**defaults["guardian"], **g} for g in worry.get("guardians", ())]
    return answers


def _child(child: Table, defaults: Table, today: date) -> dict[str, Any]:
    answers = {**defaults, **child}
    due_in = answers.pop("due_in", None)
    if due_in is not None:
        answers["due_date"] = (today + timedelta(days=due_in)).isoformat()
    told = (name for name in ("hetu", "birth_date", "age") if answers[name])
    known_by = next(told, "unborn")
    return {**answers, "known_by": known_by, "unborn": known_by == "unborn"}


def memberships(person: Table) -> tuple[Membership, ...]:
    """The roles of a person of the demo's file."""
    return tuple(
        Membership(role, agency=place)
        if role in AGENCY_ROLES
        else Membership(role, controller=place)
        for role in Role
        for place in person.get(role, ())
    )


def instant(text: str, now: datetime, calendar: Calendar) -> datetime:
    """Read "5 09:12" (working days before the last one that is over) or "-35" (minutes ago)."""
    days, _, clock = text.partition(" ")
    if not clock:
        return now + timedelta(minutes=int(days))
    day = local_date(now) - _DAY
    left = int(days)
    while left or not calendar.is_working_day(day):
        left -= calendar.is_working_day(day)
        day -= _DAY
    return local_instant(day, time.fromisoformat(clock))


def written_of(kind: str, told: Any, at: datetime) -> Written:
    """A note, or a contact at the instant at which it is recorded."""
    if kind == "note":
        return Note(told)
    local = at.astimezone(HELSINKI)
    means, who = Means(told["means"]), told["with_whom"]
    return Contact(local.date(), local.time(), means, who, told["reached"], told["text"])
