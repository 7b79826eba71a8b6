"""What is wrong, in one clear line: as it stands in English, in parts for other languages."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Mapping
from typing import Self

LONGEST_LINE = 400
# Among how many words, and how long ones, the nearest is looked for: it takes long.
MOST_COMPARED, LONGEST_COMPARED = 300, 40


def mark(key: str) -> str:
    """Return `key` unchanged; whoever collects texts to translate finds them by this name."""
    return key


def one_line(text: str) -> str:
    """Return a text as one short line that is safe to show: without control characters."""
    short = " ".join(text[: 2 * LONGEST_LINE].split())[:LONGEST_LINE]
    return short if short.isprintable() else "".join(c if c.isprintable() else "?" for c in short)


class Problem(str):
    """The English line of a fault. `key` is its template and `params` what fills the %(name)s.

    A parameter may be a problem, or a part of one, itself; every other one is a word of the file.
    """

    key: str
    params: Mapping[str, object]

    def __new__(cls, key: str, /, **params: object) -> Self:
        made = super().__new__(cls, one_line(key % params))
        made.key, made.params = key, params
        return made

    def at(self, *places: str) -> Problem:
        """Return it with the places where it stands in front, the outermost first."""
        found: Problem = self
        for place in reversed(places):
            found = Problem(mark("%(where)s: %(what)s"), where=place, what=found)
        return found

    def near(self, word: object, known: Iterable[object]) -> Problem:
        """Return it with the known word that is nearest behind it, if one is near."""
        words = map(str, itertools.islice(known, MOST_COMPARED))
        short = [each for each in words if len(each) <= LONGEST_COMPARED]
        found = difflib.get_close_matches(str(word)[:LONGEST_COMPARED], short, n=1, cutoff=0.6)
        if not found:
            return self
        return Problem(mark('%(what)s (did you mean "%(near)s"?)'), what=self, near=found[0])
