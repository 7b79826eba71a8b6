"""A set of rules as it is written: one TOML text, named by the digest of what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from routing_rules.canonical import digest
from routing_rules.problem import Problem, mark
from routing_rules.toml_text import read_file, read_toml, too_deep
from routing_rules.vocabulary import RulesInvalid


@dataclass(frozen=True)
class Document:
    """A TOML text and what it holds. `name` begins each line about it."""

    name: str
    text: str
    raw: Mapping[str, object]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 (hex) of its canonical form: of what it says, not of its layout."""
        return digest(self.raw)

    @property
    def id(self) -> str:
        """The set's id; empty where it has none."""
        return self.head("id")

    @property
    def extends(self) -> str:
        """The id of the set that this one extends; empty for a base."""
        return self.head("extends")

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas for which it stands; none: all that no other set names."""
        return self._words("areas")

    @property
    def keepers(self) -> tuple[str, ...]:
        """Who keeps the set, as whoever uses the engine names them; none: nobody in particular."""
        return self._words("keepers")

    @property
    def validity(self) -> tuple[date, date | None]:
        """Its first and its last day, as far as they are dates."""
        head = self.raw.get("ruleset")
        found = head if isinstance(head, Mapping) else {}
        first, last = (found.get(key) for key in ("valid_from", "valid_to"))
        return (
            first if type(first) is date else date.min,
            last if type(last) is date else None,
        )

    def _words(self, key: str) -> tuple[str, ...]:
        head = self.raw.get("ruleset")
        words = head.get(key) if isinstance(head, Mapping) else None
        return tuple(map(str, words)) if isinstance(words, list) else ()

    def head(self, key: str) -> str:
        """Return a string of its `[ruleset]`, empty where there is none."""
        head = self.raw.get("ruleset")
        value = head.get(key) if isinstance(head, Mapping) else None
        return value if isinstance(value, str) else ""


def read_document(text: str, name: str) -> Document:
    """Read a set or a vocabulary from its text. Raises RulesInvalid when it is not TOML."""
    try:
        document = Document(name, text, read_toml(text, name))
        _ = document.digest
    except RecursionError as error:
        raise RulesInvalid([too_deep().at(name)]) from error
    except (TypeError, ValueError) as error:
        if isinstance(error, RulesInvalid):
            raise
        odd = Problem(mark("holds a value that no rule set may hold"))
        raise RulesInvalid([odd.at(name)]) from error
    return document


def read_document_file(path: Path) -> Document:
    """Read a set or a vocabulary from a file. Raises RulesInvalid."""
    return read_document(read_file(path), path.name)
