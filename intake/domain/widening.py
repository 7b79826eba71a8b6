"""Which agencies a change of the directory lets get reports that they do not get now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from intake.domain.directory_file import OUT_OF_USE

Tables = Mapping[str, Any]


def widened(before: Tables, after: Tables, on: date) -> list[str]:
    """The agencies that come, and those that get more on this day: a municipality, a school, what
    falls to the fallback duty desk, or anything again that were out of use. In their order.
    """
    old = {agency["id"]: agency for agency in before.get("agency", ())}
    return [
        agency["id"]
        for agency in after.get("agency", ())
        if agency["id"] not in old
        or _gets(after, agency, on) - _gets(before, old[agency["id"]], on)
    ]


def _gets(tables: Tables, agency: Mapping[str, Any], on: date) -> frozenset[tuple[str, ...]]:
    """Whose reports an agency gets, as what and under which controller; none out of use."""
    end = agency.get(OUT_OF_USE)
    if end is not None and end <= on:
        return frozenset()
    places = [*agency["municipalities"]]
    if "school" in agency:
        places.append(f"school {agency['school']}")
    if tables["fallback_duty_desk"] == agency["id"]:
        places.append("no place that is known")
    return frozenset((agency["kind"], agency["controller"], place) for place in places)
