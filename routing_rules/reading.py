"""Reading TOML tables strictly: every wrong, missing or unknown key becomes one clear line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType

from routing_rules.problem import Problem, mark
from routing_rules.vocabulary import LONGEST_ID, RulesInvalid

Text = Mapping[str, str]
REQUIRED_LANGUAGES = ("fi", "sv")
LANGUAGES = ("fi", "sv", "en")
MOST_PROBLEMS = 200
# Problems with a nearest word beside them: to look for it takes long.
MOST_SUGGESTED = 20


class Table:
    """One TOML table being read. `where` begins each line that it adds to `problems`: the places
    in which it stands, the outermost first.
    """

    def __init__(self, raw: object, where: tuple[str, ...], problems: list[Problem]) -> None:
        self.where = where
        self.problems = problems
        self._asked: dict[str, None] = {}
        self._raw: Mapping[str, object] = {}
        if isinstance(raw, Mapping):
            self._raw = raw
        else:
            self.wrong(mark("must be a table"))

    def wrong(self, what: str, /, **params: object) -> None:
        """Add a problem by the key of its sentence."""
        self.add(Problem(what, **params))

    def add(self, problem: Problem) -> None:
        """Add a problem of this table. Raises RulesInvalid when there are too many to read."""
        self.problems.append(problem.at(*self.where))
        if len(self.problems) >= MOST_PROBLEMS:
            raise RulesInvalid([*self.problems, Problem(mark("and more: mend these first"))])

    def has(self, key: str) -> bool:
        """Tell whether the table holds `key`, and count the key as known."""
        self._asked[key] = None
        return key in self._raw

    def get(self, key: str) -> object:
        """Return the raw value; a missing key is a problem."""
        if not self.has(key):
            self.wrong(mark('"%(key)s" is missing'), key=key)
            return None
        return self._raw[key]

    def keys(self) -> tuple[str, ...]:
        """Return every key of the table, and count them all as known."""
        self._asked.update(dict.fromkeys(self._raw))
        return tuple(self._raw)

    def string(self, key: str) -> str:
        """Return a string that may be empty."""
        value = self.get(key)
        if isinstance(value, str):
            return value
        if key in self._raw:
            self.wrong(mark('"%(key)s" must be a string'), key=key)
        return ""

    def flag(self, key: str) -> bool:
        """Return true or false; a missing key is false."""
        if not self.has(key):
            return False
        value = self._raw[key]
        if not isinstance(value, bool):
            self.wrong(mark('"%(key)s" must be true or false'), key=key)
        return value is True

    def number(self, key: str) -> int:
        """Return a whole number."""
        value = self.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if key in self._raw:
            self.wrong(mark('"%(key)s" must be a whole number'), key=key)
        return 0

    def word(self, key: str, known: Collection[str]) -> str:
        """Return one word of a closed list."""
        value = self.string(key)
        if value or isinstance(self._raw.get(key), str):
            self.check(key, value, known)
        return value

    def words(self, key: str, known: Collection[str] | None = None) -> tuple[str, ...]:
        """Return a non-empty list of different words, of a closed list if one is given."""
        value = self.get(key)
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            if key in self._raw:
                self.wrong(mark('"%(key)s" must be a list of words'), key=key)
            return ()
        if not value:
            self.wrong(mark('"%(key)s" is an empty list'), key=key)
        if len(set(value)) < len(value):
            self.wrong(mark('"%(key)s" names a word twice'), key=key)
        if known is not None:
            for word in value:
                self.check(key, word, known)
        return tuple(value)

    def check(self, key: str, word: str, known: Collection[str]) -> None:
        """Add a problem unless `word` is known."""
        if word not in known:
            unknown = Problem(mark('unknown word "%(word)s" in "%(key)s"'), word=word, key=key)
            self.add_near(unknown, word, known)

    def text(self, key: str) -> Text:
        """Return a text in every language; Finnish and Swedish are required, English falls back."""
        table = self.table(key)
        texts = {code: table.string(code) for code in REQUIRED_LANGUAGES}
        texts["en"] = table.string("en") if table.has("en") else texts["fi"]
        table.done()
        for code in LANGUAGES:
            if table.has(code) and not texts[code].strip():
                table.wrong(mark('"%(key)s" is empty'), key=code)
        return MappingProxyType(texts)

    def day(self, key: str) -> date | None:
        """Return a date, or None (with a problem) when it is not one."""
        value = self.get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if key in self._raw:
            self.wrong(mark('"%(key)s" must be a date such as 2026-01-31'), key=key)
        return None

    def raw(self) -> dict[str, object]:
        """Return every key as it is written, and count them all as known."""
        return {key: self.get(key) for key in self.keys()}

    def table(self, key: str) -> Table:
        """Return the table under `key`; an empty one (with a problem) when it is missing."""
        value = self.get(key)
        if key not in self._raw:
            return Table({}, self.where, [])  # said once: no word about what it should hold
        return Table(value, (*self.where, key), self.problems)

    def tables(self, key: str, noun: str) -> list[Table]:
        """Return the array of tables under `key`, each named by its unique `id`; may be absent.

        `noun`: the key of the word for one of them.
        """
        raw = self._raw[key] if self.has(key) else []
        if not isinstance(raw, list):
            self.wrong(mark('"%(key)s" must be an array of tables, [[%(key)s]]'), key=key)
            return []
        found: list[Table] = []
        seen: set[str] = set()
        for number, item in enumerate(raw, start=1):
            name = item.get("id") if isinstance(item, dict) else None
            named = isinstance(name, str) and name
            label = mark('%(noun)s "%(id)s"') if named else mark("%(noun)s number %(number)s")
            place = {"noun": Problem(noun), "id": name, "number": number}
            where = Problem(label, **place, table=key, of=len(raw))
            table = Table(item, (*self.where, where), self.problems)
            if not (isinstance(name, str) and name):
                table.wrong(mark('"%(key)s" is missing'), key="id")
            elif not is_id(name):
                table.wrong(mark('"%(key)s" must be one short line'), key="id")
            elif name in seen:
                table.wrong(mark("the id is used twice"))
            else:
                seen.add(name)
            table.has("id")
            found.append(table)
        return found

    def done(self) -> None:
        """Add a problem for each key that nobody asked for."""
        for key in self._raw:
            if key not in self._asked:
                unknown = Problem(mark('unknown key "%(key)s"'), key=key)
                self.add_near(unknown, key, self._asked)

    def add_near(self, problem: Problem, word: str, known: Iterable[str]) -> None:
        """Add a problem, and while they are few with the known word that was meant."""
        few = len(self.problems) < MOST_SUGGESTED
        self.add(problem.near(word, known) if few else problem)


def is_id(name: str) -> bool:
    """Tell whether a name may stand in a line about it."""
    return name.isprintable() and bool(name.strip()) and len(name) <= LONGEST_ID


def validity_of(table: Table) -> tuple[date, date | None]:
    """Return `valid_from` (required) and `valid_to` (optional, not before it)."""
    first = table.day("valid_from")
    last = table.day("valid_to") if table.has("valid_to") else None
    if first and last and last < first:
        table.wrong(mark('"valid_to" is before "valid_from"'))
    return first or date.min, last


def freeze(value: object) -> object:
    """Return `value` with each table a read-only mapping and each list a tuple."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value
