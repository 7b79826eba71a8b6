"""A register of schools from a file (CSV or TOML): what it would change, told before it does."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from intake.domain.directory import Directory
from intake.domain.directory_file import PHONE, TEACHING_LANGUAGES
from intake.domain.message import Message, mark
from intake.services.amend import Change, Entry, Stored, digest_of
from intake.services.schools import add_school, change_school, close_school, principal_of

LONGEST = 120
COLUMNS = ("name_fi", "name_sv", "name_en", "municipality", "language", "phone", "id")
REQUIRED = ("name_fi", "municipality", "language")
UNREADABLE = mark("The file is neither a CSV nor a TOML file that can be read.")
NO_COLUMN = mark("The first line must name the columns; this one is missing: %(column)s.")
NO_ROWS = mark("The file has no schools.")
ON_ROW = mark("School %(row)s: %(problem)s")
NO_NAME = mark("the name in Finnish is missing.")
BAD_NAME = mark("a name has at most 120 characters, all on one line.")
NO_MUNICIPALITY = mark("“%(place)s” is not a municipality whose schools you administer.")
NO_LANGUAGE = mark("the language of teaching is fi or sv, not “%(language)s”.")
NO_PHONE = mark("a new school needs the principal's telephone number.")
BAD_PHONE = mark("“%(number)s” is not a telephone number like 09 000 0123.")
NO_SUCH_ID = mark("there is no school “%(id)s” in this municipality.")
TWICE = mark("“%(name)s” stands in the file twice.")


class RegisterUnreadable(Exception):
    """The file cannot be used; ``problems`` says why."""

    def __init__(self, problems: Sequence[Message]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = list(problems)


@dataclass(frozen=True)
class Listed:
    """One school of the file; ``entry`` is the one in the directory that it stands for, and
    ``was`` what it has now of what would change.
    """

    name: Mapping[str, str]
    municipality: str
    language: str
    phone: str
    entry: Entry | None
    was: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Comparison:
    """What the file would change. ``absent``: schools in use that its municipalities have too."""

    added: list[Listed] = field(default_factory=list)
    changed: list[Listed] = field(default_factory=list)
    same: int = 0
    absent: list[Entry] = field(default_factory=list)

    @property
    def schools(self) -> int:
        """How many the file would add or change."""
        return len(self.added) + len(self.changed)


def text_of(content: bytes) -> str:
    """The text of a file in UTF-8, else as spreadsheets in Finland save it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def compare(text: str, stored: Stored, own: frozenset[str]) -> Comparison:
    """The file beside the directory; ``own``: controllers whose schools it may name.

    Raises RegisterUnreadable.
    """
    if "\0" in text:  # a picture, a workbook: no text at all
        raise RegisterUnreadable([Message(UNREADABLE)])
    rows = list(_toml(text) if "[[school]]" in text else _csv(text))
    if not rows:
        raise RegisterUnreadable([Message(NO_ROWS)])
    reader = _Reader(stored, own)
    listed = [one for number, row in enumerate(rows, 1) if (one := reader.read(number, row))]
    if reader.problems:
        raise RegisterUnreadable(reader.problems)
    found = Comparison()
    for one in listed:
        if one.entry is None:
            found.added.append(one)
        elif one.was:
            found.changed.append(one)
        else:
            found.same += 1
    named = {one.entry["id"] for one in listed if one.entry}
    places = {one.municipality for one in listed}
    found.absent = [
        entry
        for entry in stored.tables["school"]
        if entry["municipality"] in places
        and entry["id"] not in named
        and stored.directory.schools[entry["id"]].in_use
    ]
    return found


def changes_of(
    comparison: Comparison,
    stored: Stored,
    new_id: Callable[[str, str], str],
    close_absent_from: date | None,
) -> Iterator[Change]:
    """The changes; ``close_absent_from``: also close what the file lacks, from that day on."""
    for one in comparison.added:
        values = {
            "name": one.name,
            "municipality": one.municipality,
            "language": one.language,
        }
        yield from add_school(stored, values, one.phone, new_id)
    for one in comparison.changed:
        if one.entry is not None:
            values = {"name": one.name, "language": one.language}
            seen = digest_of(one.entry)
            yield from change_school(stored, one.entry, seen, values, one.phone)
    if close_absent_from is not None:
        for entry in comparison.absent:
            yield from close_school(stored, entry, digest_of(entry), close_absent_from)


class _Reader:
    """Reads rows; a bad one leaves its problem."""

    def __init__(self, stored: Stored, own: frozenset[str]) -> None:
        self.stored = stored
        self.places = _places(stored.directory, own)
        self.problems: list[Message] = []
        self.seen: set[tuple[str, str]] = set()

    def read(self, number: int, row: Mapping[str, str]) -> Listed | None:
        problems: list[Message] = []
        name = {code: row[f"name_{code}"] for code in ("fi", "sv", "en") if row[f"name_{code}"]}
        if "fi" not in name:
            problems.append(Message(NO_NAME))
        if any(len(n) > LONGEST or not n.isprintable() for n in name.values()):
            problems.append(Message(BAD_NAME))
        place = self.places.get(row["municipality"].casefold(), "")
        if not place:
            problems.append(Message(NO_MUNICIPALITY, {"place": row["municipality"]}))
        if row["language"] not in TEACHING_LANGUAGES:
            problems.append(Message(NO_LANGUAGE, {"language": row["language"]}))
        if row["phone"] and not PHONE.fullmatch(row["phone"]):
            problems.append(Message(BAD_PHONE, {"number": row["phone"]}))
        entry = self._entry(row["id"], place, name)
        if row["id"] and entry is None:
            problems.append(Message(NO_SUCH_ID, {"id": row["id"]}))
        elif entry is None and not row["phone"]:
            problems.append(Message(NO_PHONE))
        key = (place, entry["id"] if entry else name.get("fi", "").casefold())
        if key in self.seen:
            problems.append(Message(TWICE, {"name": name.get("fi", "")}))
        self.seen.add(key)
        self.problems += [Message(ON_ROW, {"row": number, "problem": one}) for one in problems]
        if problems:
            return None
        whole = {**entry["name"], **name} if entry else {"sv": name["fi"], **name}
        listed = Listed(whole, place, row["language"], row["phone"], entry)
        return replace(listed, was=self._was(listed, entry)) if entry else listed

    def _entry(self, id_: str, place: str, name: Mapping[str, str]) -> Entry | None:
        """By its id, else by its Finnish name among the schools in use there."""
        for entry in self.stored.tables["school"]:
            if entry["municipality"] != place:
                continue
            in_use = self.stored.directory.schools[entry["id"]].in_use
            same_name = entry["name"]["fi"].casefold() == name.get("fi", "").casefold()
            if entry["id"] == id_ or (not id_ and in_use and same_name):
                return entry  # type: ignore[no-any-return]  # of parsed tables
        return None

    def _was(self, listed: Listed, entry: Entry) -> dict[str, Any]:
        phone = principal_of(self.stored, entry)["phone"]
        now = {"name": entry["name"], "language": entry["language"], "phone": phone}
        then = {
            "name": listed.name,
            "language": listed.language,
            "phone": listed.phone or phone,
        }
        return {name: now[name] for name in now if now[name] != then[name]}


def _places(directory: Directory, own: frozenset[str]) -> dict[str, str]:
    """The municipalities that one administers, by id and by names."""
    return {
        word.casefold(): one.id
        for one in directory.municipalities.values()
        if one.controller in own
        for word in (one.id, *one.name.values())
    }


def _csv(text: str) -> Iterator[dict[str, str]]:
    head = text.partition("\n")[0]
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ","))
    except csv.Error:
        raise RegisterUnreadable([Message(UNREADABLE)]) from None
    columns = [name.strip().lower() for name in lines[0]] if lines else []
    for column in REQUIRED:
        if column not in columns:
            raise RegisterUnreadable([Message(NO_COLUMN, {"column": column})])
    for cells in lines[1:]:
        if any(cell.strip() for cell in cells):
            given = dict(zip(columns, cells, strict=False))
            yield {column: given.get(column, "").strip() for column in COLUMNS}


def _toml(text: str) -> Iterator[dict[str, str]]:
    try:
        schools: list[dict[str, Any]] = tomllib.loads(text)["school"]
        for school in schools:
            name = school.get("name", {})
            names = {f"name_{code}": str(name.get(code, "")) for code in ("fi", "sv", "en")}
            rest = {column: str(school.get(column, "")) for column in COLUMNS[3:]}
            yield {key: value.strip() for key, value in {**names, **rest}.items()}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise RegisterUnreadable([Message(UNREADABLE)]) from None
