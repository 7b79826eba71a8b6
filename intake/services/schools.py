"""What a change of a school means for the directory: the school and its principal's desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from intake.domain.directory import Kind
from intake.domain.directory_file import OUT_OF_USE
from intake.services.amend import Change, Entry, Stored, digest_of

PRINCIPAL: Mapping[str, str] = {"fi": "rehtori", "sv": "rektor", "en": "principal"}
USUAL_WEEK = "school"
USUAL_HOURS: Mapping[str, str] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-15:00")


def add_school(
    stored: Stored, values: Mapping[str, Any], phone: str, new_id: Callable[[str, str], str]
) -> list[Change]:
    """A new school (``name``, ``municipality``, ``language``) with its principal's desk."""
    name, municipality = values["name"], values["municipality"]
    school = {"id": new_id("school", name["fi"]), **values}
    principal = {
        "id": new_id(Kind.PRI.lower(), name["fi"]),
        "kind": Kind.PRI.value,
        "desk": "office",
        "controller": stored.directory.municipalities[municipality].controller,
        "name": principal_names(name),
        "phone": phone,
        "hours": USUAL_WEEK if USUAL_WEEK in stored.tables.get("hours", {}) else dict(USUAL_HOURS),
        "municipalities": [municipality],
        "school": school["id"],
        "languages": [values["language"]],
    }
    return [Change("school", school["id"], school), Change("agency", principal["id"], principal)]


def change_school(
    stored: Stored, entry: Entry, seen: str | None, values: Mapping[str, Any], phone: str = ""
) -> list[Change]:
    """A school with new values; its principal's desk follows where it had the school's."""
    principal = principal_of(stored, entry)
    follows: dict[str, Any] = {}
    pattern = principal_names(entry["name"])
    named_so = all(pattern[code] == name for code, name in principal["name"].items())
    if "name" in values and named_so:
        follows["name"] = principal_names(values["name"])
    if "language" in values and principal["languages"] == [entry["language"]]:
        follows["languages"] = [values["language"]]
    if phone:
        follows["phone"] = phone
    return [
        _change("school", entry, values, seen),
        _change("agency", principal, follows, digest_of(principal)),
    ]


def close_school(stored: Stored, entry: Entry, seen: str | None, day: date | None) -> list[Change]:
    """A school and its principal's desk out of use from a day; None takes that back."""
    principal = principal_of(stored, entry)
    return [
        _change("school", entry, {OUT_OF_USE: day}, seen),
        _change("agency", principal, {OUT_OF_USE: day}, digest_of(principal)),
    ]


def principal_of(stored: Stored, entry: Entry) -> Entry:
    """The entry of the school's principal."""
    return stored.entry("agency", stored.directory.schools[entry["id"]].agency)


def principal_names(name: Mapping[str, str]) -> dict[str, str]:
    """What a principal's desk is called."""
    whole = {"en": name["fi"], **name}
    return {code: f"{whole[code]}, {word}" for code, word in PRINCIPAL.items()}


def _change(table: str, entry: Entry, values: Mapping[str, Any], seen: str | None) -> Change:
    """None takes a value out."""
    merged = {key: value for key, value in {**entry, **values}.items() if value is not None}
    return Change(table, entry["id"], merged, seen)
