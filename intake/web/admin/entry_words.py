"""Entries of the directory in words, field by field: as they are, and as they would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from intake.domain.directory import Hours, Text
from intake.domain.directory_file import WEEKDAYS
from intake.domain.message import mark
from intake.language import Language
from intake.services.amend import Change, Entry, Stored
from intake.web.forms.directory import LANGUAGES
from intake.web.reporter.phones import hours_told
from intake.web.words import DESKS, KINDS

NOTHING = "–"
SPOKEN: Mapping[str, str] = dict(LANGUAGES)
TABLES: Mapping[str, str] = {"agency": mark("Agency"), "school": mark("School")}
FIELDS: Mapping[str, str] = {
    "name_fi": mark("Name in Finnish"),
    "name_sv": mark("Name in Swedish"),
    "name_en": mark("Name in English"),
    "controller": mark("Controller"),
    "kind": mark("Kind"),
    "desk": mark("Desk"),
    "school": mark("School"),
    "municipality": mark("Municipality"),
    "municipalities": mark("Area"),
    "phone": mark("Telephone"),
    "hours": mark("Opening hours"),
    "language": mark("Language of teaching"),
    "languages": mark("Languages of service"),
    "out_of_use_from": mark("Out of use"),
}


@dataclass(frozen=True)
class Told:
    """One entry that changes. ``rows``: each field, as it would be, and as it is."""

    table: str
    name: str
    is_new: bool
    rows: Sequence[tuple[str, str, str]]


def entries_told(stored: Stored, changes: Sequence[Change], language: Language) -> list[Told]:
    """Every entry that would change, with every field that it has or would have."""
    schools = {one.id: one.name for one in stored.directory.schools.values()}
    new = [one.entry for one in changes if one.table == "school" and one.entry]
    words = _Words(stored, language, {**schools, **{entry["id"]: entry["name"] for entry in new}})
    return [words.told(change) for change in changes]


@dataclass(frozen=True)
class _Words:
    stored: Stored
    language: Language
    schools: Mapping[str, Text]

    def told(self, change: Change) -> Told:
        table = self.stored.tables.get(change.table, ())
        now: Entry = next((entry for entry in table if entry["id"] == change.id), {})
        then = change.entry or {}
        was, will = self._fields(now), self._fields(then)
        say = self.language.gettext
        names = [name for name in (*FIELDS, *will, *was) if name in was or name in will]
        return Told(
            say(TABLES.get(change.table, change.table)),
            self.language.text({**now, **then}["name"]),
            not now,
            [
                (say(FIELDS.get(name, name)), will.get(name, NOTHING), was.get(name, NOTHING))
                for name in dict.fromkeys(names)
            ],
        )

    def _fields(self, entry: Entry) -> dict[str, str]:
        names = {f"name_{code}": name for code, name in entry.get("name", {}).items()}
        rest = {key: value for key, value in entry.items() if key not in ("id", "name")}
        return {**names, **{key: self._value(key, value) for key, value in rest.items()}}

    def _value(self, field: str, value: Any) -> str:
        say, directory = self.language.gettext, self.stored.directory
        match field:
            case "controller":
                one = directory.controllers.get(value)
                return self._name(one.name if one else None, value)
            case "kind":
                return say(KINDS[value])
            case "desk":
                return say(DESKS[value])
            case "school":
                return self._name(self.schools.get(value), value)
            case "municipality":
                return self._place(value)
            case "municipalities":
                return ", ".join(map(self._place, value))
            case "hours":
                return hours_told(_hours(self.stored.tables["hours"], value), self.language)
            case "language":
                return say(SPOKEN[value])
            case "languages":
                return ", ".join(say(SPOKEN[one]) for one in value)
        return self.language.date(value) if isinstance(value, date) else str(value)

    def _place(self, place: str) -> str:
        one = self.stored.directory.municipalities.get(place)
        return self._name(one.name if one else None, place)

    def _name(self, name: Text | None, id_: str) -> str:
        """An id that is gone meanwhile stands for itself."""
        return self.language.text(name) if name else id_


def _hours(weeks: Mapping[str, Any], told: Any) -> Hours:
    """Of an entry: always, the name of a week, or a week."""
    if told == "always":
        return Hours(always_open=True)
    week = weeks.get(told, {}) if isinstance(told, str) else told
    return Hours(tuple(_span(week[day]) if day in week else None for day in WEEKDAYS))


def _span(told: str) -> tuple[time, time]:
    opens, closes = told.split("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)
