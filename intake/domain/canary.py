"""Invented worries that the service sends to itself, to see that every route works."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from intake.domain.deadline import local_date, local_instant
from intake.domain.directory import Directory, Text
from intake.domain.report import UNKNOWN

CANARIES = Path(__file__).parents[1] / "data" / "canary.toml"
MET_BY = "canary"
"""By what the deadlines of a canary are met from the start."""
STEP = "canary"
"""The one chase step of such a deadline."""
_NIGHT = time(3)
_PAGES = ("worry", "urgency", "protection", "observations", "consent")


class Fault(StrEnum):
    """What can be wrong with a route; of several the first."""

    NOT_SENT = "not_sent"
    NOT_WHOLE = "not_whole"
    NO_DESK = "no_desk"
    NOBODY_OPENS = "nobody_opens"
    NO_REFERRAL = "no_referral"
    NO_WRAP = "no_wrap"
    NO_DEADLINE = "no_deadline"
    NOT_CHASED = "not_chased"
    NOT_ERASED = "not_erased"


@dataclass(frozen=True)
class Canary:
    """One of the invented worries at one place. ``route`` names it: the worry and the place."""

    route: str
    at_night: bool
    answers: Mapping[str, Any] = field(hash=False)

    def decided_at(self, now: datetime) -> datetime:
        """The instant by which it is routed: now, or when offices are closed."""
        return local_instant(local_date(now), _NIGHT) if self.at_night else now


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(CANARIES.read_text("utf-8"))


def titles() -> Mapping[str, Text]:
    """What each of the worries is, by its id."""
    return {worry["id"]: worry["title"] for worry in _read()["worry"]}


def canaries(directory: Directory, today: date) -> Iterator[Canary]:
    """Every worry at every place that it is for."""
    for worry in _read()["worry"]:
        for place, municipality, school in _places(directory, worry["for"]):
            answers = _answers(worry, municipality, school, today)
            yield Canary(f"{worry['id']}:{place}", worry["at"] == "night", answers)


def place_of(directory: Directory, route: str) -> Text:
    """The name of a route's place; its id where that is no longer in the directory."""
    place = route.partition(":")[2]
    for named in (directory.municipalities, directory.schools, directory.counties):
        if place in named:
            return named[place].name
    return {"fi": place}


def _places(directory: Directory, each: str) -> Iterator[tuple[str, str, str]]:
    """The place's id, a municipality and, for schools, the school."""
    if each == "school":
        for school in directory.schools.values():
            if school.in_use:
                yield school.id, school.municipality, school.id
        return
    counties = set[str]()
    for municipality in directory.municipalities.values():
        if each == "municipality":
            yield municipality.id, municipality.id, ""
        elif municipality.county not in counties:
            counties.add(municipality.county)
            yield municipality.county, municipality.id, ""


def _answers(
    worry: Mapping[str, Any], municipality: str, school: str, today: date
) -> dict[str, Any]:
    """As the forms of the reporter's door give them."""
    usual = _read()["answers"]
    answers: dict[str, Any] = {
        page: {name: worry.get(name, value) for name, value in usual[page].items()}
        for page in _PAGES
    }
    answers["worry"]["primary"] = worry["categories"][0]
    unknown = worry.get("unknown", False)
    child = {
        **usual["child"],
        # Born on the last day of a year: of this age until the last day of ours.
        "birth_date": date(today.year - worry["age"] - 1, 12, 31).isoformat(),
        "municipality": UNKNOWN if unknown else municipality,
        "school": school,
        "whereabouts_municipality": municipality if unknown else "",
    }
    return answers | {"reporter": dict(usual["reporter"]), "children": [child], "guardians": []}
