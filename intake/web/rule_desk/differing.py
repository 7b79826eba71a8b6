"""Where two texts of a set differ, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile

MOST_LINES = 12
MOST_COMPARED = 1_500


def differing(old: str, new: str, most_lines: int = MOST_LINES) -> Iterator[tuple[int, str, str]]:
    """Each place: the line of the new text, what the old one says there, what the new one says.

    Where more lines differ than can be compared in a moment they are one place.
    """
    before, after = old.splitlines(), new.splitlines()
    first = _alike(before, after)
    last = _alike(before[first:][::-1], after[first:][::-1])
    before, after = before[first : len(before) - last], after[first : len(after) - last]
    if max(len(before), len(after)) > MOST_COMPARED:
        yield first + 1, _some(before, most_lines), _some(after, most_lines)
        return
    for how, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        if how != "equal":
            line = first + j1 + 1
            yield line, _some(before[i1:i2], most_lines), _some(after[j1:j2], most_lines)


def _alike(some: Sequence[str], others: Sequence[str]) -> int:
    """How many lines are alike at the beginning."""
    pairs = zip(some, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _some(lines: Sequence[str], most: int) -> str:
    return "\n".join([*lines[:most], *(["…"] if len(lines) > most else [])])
