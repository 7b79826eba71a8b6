"""The counties' telephone lines, with their hours in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from itertools import groupby

from babel.dates import get_day_names

from intake.domain.directory import Directory, Hours, PhoneLine
from intake.domain.message import mark
from intake.language import Language

ALWAYS = mark("around the clock")


@dataclass(frozen=True)
class Line:
    """One line: what answers, its number as shown and as dialled, and when."""

    name: str
    phone: str
    dial: str
    hours: str


@dataclass(frozen=True)
class CountyLines:
    """A county's lines; ``places`` are its municipalities."""

    name: str
    places: str
    lines: list[Line]


def by_county(
    lines: Iterable[PhoneLine], directory: Directory, language: Language
) -> list[CountyLines]:
    """The lines under the names of their counties, in the order of the directory."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        dial = "".join(line.phone.split())
        hours = hours_told(line.hours, language)
        told = Line(language.text(line.name), line.phone, dial, hours)
        found.setdefault(line.county, []).append(told)
    return [
        CountyLines(
            name=language.text(directory.controllers[directory.counties[county].controller].name),
            places=", ".join(
                language.text(town.name)
                for town in directory.municipalities.values()
                if town.county == county
            ),
            lines=told_lines,
        )
        for county, told_lines in found.items()
    ]


def hours_told(hours: Hours, language: Language) -> str:
    """Opening hours in words: "ma–to 8.00–16.00, pe 8.00–14.00"."""
    if hours.always_open:
        return language.gettext(ALWAYS)
    names = get_day_names("abbreviated", "stand-alone", locale=language.code)
    spans = []
    for span, days in groupby(range(len(hours.week)), key=hours.week.__getitem__):
        if span is None:
            continue
        first, *rest = days
        day = names[first] if not rest else f"{names[first]}–{names[rest[-1]]}"
        spans.append(f"{day} {_clock(span[0], language)}–{_clock(span[1], language)}")
    return ", ".join(spans)


def _clock(at: time, language: Language) -> str:
    return f"{at.hour}{':' if language.code == 'en' else '.'}{at.minute:02d}"
