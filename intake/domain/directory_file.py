"""Reading the directory from its TOML file, strictly.

Nothing half-read is ever used: every problem is collected as one clear line, and a directory in
which some municipality lacks a recipient does not load.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from intake.domain.directory import (
    Agency,
    Agreement,
    Controller,
    County,
    Desk,
    Directory,
    Hours,
    Kind,
    LineUse,
    Municipality,
    PhoneLine,
    School,
    Text,
)
from intake.domain.directory_flaws import Flaw, flaws

AGENCY_LISTS = ("municipalities", "languages")
TABLES: Mapping[str, tuple[str, ...]] = {
    "controller": ("id", "name"),
    "county": ("id", "name", "controller"),
    "municipality": ("id", "name", "county", "controller"),
    "school": ("id", "name", "municipality", "language"),
    "agency": ("id", "name", "kind", "desk", "controller", "phone", "hours", *AGENCY_LISTS),
    "agreement": ("id", "municipality", "agency", "valid_from", "valid_to"),
    "phone_line": ("id", "county", "use", "agency", "name"),
}
OUT_OF_USE = "out_of_use_from"
KEPT_FOR = ("keep_days", "keep_closed_days")
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "agency": ("school", OUT_OF_USE),
    "school": (OUT_OF_USE,),
    "phone_line": ("phone", "hours"),
    "controller": KEPT_FOR,
}
MOST_DAYS_KEPT = 36500
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
TEACHING_LANGUAGES = ("fi", "sv")
LANGUAGES = ("fi", "sv", "en")

LONGEST_ID = 64
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PHONE = re.compile(r"112|116 \d{3}|(\+358 \d{1,2}|0\d{1,2})( \d{2,4}){2,3}")
SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")

Row = Mapping[str, object]


class DirectoryInvalid(ValueError):
    """The directory cannot be used; ``problems`` says why, one line each.

    ``flaws``: the same for a reader of a page, where each line by itself is right.
    """

    def __init__(self, problems: Sequence[str], flaws: Sequence[Flaw] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)
        self.flaws = tuple(flaws)


def read_directory(path: Path) -> Directory:
    """The directory in this TOML file; DirectoryInvalid if anything in it does not hold."""
    return directory_from(read_tables(path))


def read_tables(path: Path) -> dict[str, object]:
    """The file's tables as written; DirectoryInvalid if it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DirectoryInvalid([f"{path.name} cannot be read: {error}"]) from error


def directory_from(raw: Row, on: date = date.min) -> Directory:
    """The directory in these parsed tables as it is on a day; by default before anything goes out
    of use. DirectoryInvalid if anything in it does not hold on that day.
    """
    reader = _Reader(raw, on)
    directory = reader.directory()
    if reader.problems:
        raise DirectoryInvalid(reader.problems)
    # Whether the whole holds together can be told only once every line has been understood.
    if found := tuple(flaws(directory, on)):
        raise DirectoryInvalid([flaw.line for flaw in found], found)
    return directory


def lasting_directory(raw: Row, on: date = date.min) -> Directory:
    """The directory on a day, which also holds on each later day on which it changes by itself.

    Raises DirectoryInvalid.
    """
    directory = directory_from(raw, on)
    ending: list[Agency | School] = [*directory.agencies.values(), *directory.schools.values()]
    for day in sorted({end for one in ending if (end := one.out_of_use_from) and end > on}):
        try:
            directory_from(raw, day)
        except DirectoryInvalid as invalid:
            later = [flaw.from_day(day) for flaw in invalid.flaws]
            raise DirectoryInvalid([flaw.line for flaw in later], later) from None
    return directory


class _Reader:
    """Turns tables into nouns. A bad value leaves a problem and a stand-in, so reading goes on."""

    def __init__(self, raw: Row, on: date) -> None:
        self.raw = raw
        self.on = on
        self.problems: list[str] = []
        self.rows = {table: self._rows(table) for table in TABLES}
        self.ids = {table: [str(row.get("id")) for row in self.rows[table]] for table in TABLES}
        self.hours = self._named_hours()

    def directory(self) -> Directory:
        self._has_keys("the file", self.raw, ("fallback_duty_desk", "hours", *TABLES))
        agencies = {one.id: one for one in self._agencies()}
        return Directory(
            controllers={
                id_: Controller(id_, name, *(self._days(label, row, key) for key in KEPT_FOR))
                for id_, name, label, row in self._named("controller")
            },
            counties={
                id_: County(id_, name, self._ref(label, row, "controller"))
                for id_, name, label, row in self._named("county")
            },
            municipalities={
                id_: Municipality(
                    id_, name, self._ref(label, row, "county"), self._ref(label, row, "controller")
                )
                for id_, name, label, row in self._named("municipality")
            },
            schools={one.id: one for one in self._schools(agencies)},
            agencies=agencies,
            agreements=tuple(self._agreements()),
            phone_lines=tuple(self._phone_lines(agencies)),
            fallback_duty_desk=self._ref("the file", self.raw, "fallback_duty_desk", "agency"),
        )

    def _agencies(self) -> Iterator[Agency]:
        for id_, name, label, row in self._named("agency"):
            yield Agency(
                id=id_,
                kind=Kind(self._one_of(label, row, "kind", list(Kind))),
                desk=Desk(self._one_of(label, row, "desk", list(Desk))),
                controller=self._ref(label, row, "controller"),
                name=name,
                phone=self._phone(label, row),
                hours=self._hours(label, row),
                municipalities=self._several(label, row, "municipalities", "municipality"),
                school=self._ref(label, row, "school") if "school" in row else None,
                languages=self._several(label, row, "languages"),
                out_of_use_from=(end := self._end(label, row)),
                in_use=end is None or self.on < end,
            )

    def _schools(self, agencies: Mapping[str, Agency]) -> Iterator[School]:
        for id_, name, label, row in self._named("school"):
            principals = [one.id for one in agencies.values() if one.school == id_]
            if len(principals) != 1:
                self.problems.append(
                    f"{label} needs one principal (an agency with this school), "
                    f"but has {len(principals)}"
                )
            yield School(
                id=id_,
                name=name,
                municipality=self._ref(label, row, "municipality"),
                language=self._one_of(label, row, "language", TEACHING_LANGUAGES),
                agency=principals[0] if principals else "",
                out_of_use_from=(end := self._end(label, row)),
                in_use=end is None or self.on < end,
            )

    def _agreements(self) -> Iterator[Agreement]:
        for label, row in self._whole_rows("agreement"):
            first, last = self._day(label, row, "valid_from"), self._day(label, row, "valid_to")
            if last < first:
                self.problems.append(f"{label}: valid_to {last} is before valid_from {first}")
            yield Agreement(
                id=str(row["id"]),
                municipality=self._ref(label, row, "municipality"),
                agency=self._ref(label, row, "agency"),
                valid_from=first,
                valid_to=last,
            )

    def _phone_lines(self, agencies: Mapping[str, Agency]) -> Iterator[PhoneLine]:
        for id_, name, label, row in self._named("phone_line"):
            county = self._ref(label, row, "county")
            use = LineUse(self._one_of(label, row, "use", list(LineUse)))
            if desk := agencies.get(self._ref(label, row, "agency")):
                phone = self._phone(label, row) if "phone" in row else desk.phone
                hours = self._hours(label, row) if "hours" in row else desk.hours
                yield PhoneLine(id_, county, use, desk.id, name, phone, hours)

    def _named(self, table: str) -> Iterator[tuple[str, Text, str, Row]]:
        for label, row in self._whole_rows(table):
            yield str(row["id"]), self._text(label, row), label, row

    def _whole_rows(self, table: str) -> Iterator[tuple[str, Row]]:
        """The table's rows that have all their keys, each with what problems call it."""
        if clash := [id_ for id_, times in Counter(self.ids[table]).items() if times > 1]:
            self.problems.append(f"{table} ids stand twice: {', '.join(clash)}")
        for row in self.rows[table]:
            label = f'{table} "{row.get("id", "?")}"'
            if not self._has_keys(label, row, TABLES[table], OPTIONAL.get(table, ())):
                continue
            id_ = str(row["id"])
            if id_ != row["id"] or len(id_) > LONGEST_ID or not ID.fullmatch(id_):
                self.problems.append(
                    f"{label}: an id is small letters, digits and hyphens, {LONGEST_ID} at most"
                )
            yield label, row

    def _rows(self, table: str) -> list[Row]:
        rows = self.raw.get(table, [])
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        self.problems.append(f"{table} must be written as [[{table}]] tables")
        return []

    def _has_keys(
        self, label: str, row: Row, required: Collection[str], optional: Collection[str] = ()
    ) -> bool:
        for key in row:
            if key not in required and key not in optional:
                guess = _did_you_mean(key, (*required, *optional))
                self.problems.append(f'{label}: key "{key}" is not known{guess}')
        missing = [key for key in required if key not in row]
        self.problems.extend(f"{label}: {key} is missing" for key in missing)
        return not missing

    def _text(self, label: str, row: Row) -> Text:
        name = row["name"]
        if not isinstance(name, dict):
            self.problems.append(f'{label}: name must be {{ fi = "...", sv = "..." }}')
            return {}
        self._has_keys(f"{label} name", name, ("fi", "sv"), ("en",))
        for language, words in name.items():
            if not isinstance(words, str) or not words.strip():
                self.problems.append(f"{label}: name in {language} must not be empty")
        return MappingProxyType({"en": name.get("fi", ""), **name})

    def _ref(self, label: str, row: Row, key: str, table: str | None = None) -> str:
        return self._one_of(label, row, key, self.ids[table or key])

    def _one_of(self, label: str, row: Row, key: str, known: Collection[str]) -> str:
        """The value of ``key``, one of ``known``; else a problem and any of them."""
        value = row.get(key, "")
        if isinstance(value, str) and value in known:
            return value
        if key in row:
            self.problems.append(
                f'{label}: {key} "{value}" is not known{_did_you_mean(value, known)}'
            )
        return next(iter(known), "")

    def _several(self, label: str, row: Row, key: str, table: str | None = None) -> tuple[str, ...]:
        values = row[key]
        if not isinstance(values, list) or not values:
            self.problems.append(f"{label}: {key} must be a list with at least one entry")
            return ()
        known = self.ids[table] if table else LANGUAGES
        return tuple(self._one_of(label, {key: value}, key, known) for value in values)

    def _phone(self, label: str, row: Row) -> str:
        phone = row["phone"]
        if isinstance(phone, str) and PHONE.fullmatch(phone):
            return phone
        self.problems.append(
            f'{label}: phone "{phone}" is not written like "09 000 0123", "+358 9 000 0123", "112"'
        )
        return ""

    def _end(self, label: str, row: Row) -> date | None:
        return self._day(label, row, OUT_OF_USE) if OUT_OF_USE in row else None

    def _day(self, label: str, row: Row, key: str) -> date:
        value = row[key]
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.problems.append(f"{label}: {key} must be a date such as 2027-12-31, without quotes")
        return date.min if key == "valid_from" else date.max

    def _days(self, label: str, row: Row, key: str) -> int | None:
        value = row.get(key)
        if value is None or (type(value) is int and 1 <= value <= MOST_DAYS_KEPT):
            return value
        self.problems.append(f"{label}: {key} must be a number of days from 1 to {MOST_DAYS_KEPT}")
        return None

    def _hours(self, label: str, row: Row) -> Hours:
        """A week by its name, or one of this row's own."""
        if isinstance(row["hours"], dict):
            return self._week(f"{label} hours", row["hours"])
        return self.hours[self._one_of(label, row, "hours", list(self.hours))]

    def _week(self, label: str, week: Row) -> Hours:
        self._has_keys(label, week, (), WEEKDAYS)
        return Hours(tuple(self._span(label, week, day) for day in WEEKDAYS))

    def _named_hours(self) -> Mapping[str, Hours]:
        named = {"always": Hours(always_open=True)}
        weeks = self.raw.get("hours", {})
        if not isinstance(weeks, dict):
            self.problems.append("hours must be a table of named weeks")
            return named
        for name, week in weeks.items():
            label = f'hours "{name}"'
            if name in named:
                self.problems.append(f"{label}: this name is kept for desks that never close")
            elif not isinstance(week, dict):
                self.problems.append(f'{label} must be {{ mon = "08:00-16:00", ... }}')
            else:
                named[name] = self._week(label, week)
        return named

    def _span(self, label: str, week: Row, day: str) -> tuple[time, time] | None:
        if day not in week:
            return None
        if match := SPAN.fullmatch(str(week[day])):
            opens, closes = (time.fromisoformat(part) for part in match[0].split("-"))
            if opens < closes:
                return opens, closes
        self.problems.append(
            f'{label}: {day} "{week[day]}" is not written like "08:00-16:00", opening first'
        )
        return None


def _did_you_mean(value: object, known: Collection[str]) -> str:
    close = get_close_matches(str(value), known, 1)
    return f'; did you mean "{close[0]}"?' if close else ""
