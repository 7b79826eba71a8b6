"""What an examination finds: a line each, with what to do where something is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from intake import logs
from intake.store.privileges import is_refusal


class Level(StrEnum):
    """How bad it is. A failure may lose, delay or bare a report; a warning will become one; what
    was skipped is for another role to look at.
    """

    OK = "ok"
    SKIP = "skip"
    WARN = "warn"
    FAIL = "fail"


Said = tuple[Level, str]
Check = Callable[[], Iterable[Said]]


@dataclass(frozen=True)
class Finding:
    """One line of one check."""

    check: str
    level: Level
    text: str


def examine(checks: Mapping[str, Check]) -> list[Finding]:
    """Every check's findings, in order. A check that breaks down is a failure, not an end."""
    return [Finding(name, *said) for name, check in checks.items() for said in _outcome(check)]


def fine_unless(problems: Iterable[Said], text: str) -> list[Said]:
    """The problems; ``text`` where there is none."""
    return list(problems) or [(Level.OK, text)]


def some(names: Iterable[str], most: int = 4) -> str:
    """The first few names, and how many more there are."""
    known = list(names)
    rest = len(known) - most
    return ", ".join(known[:most]) + (f" and {rest} more" if rest > 0 else "")


def _outcome(check: Check) -> list[Said]:
    try:
        return list(check())
    except Exception as error:
        if is_refusal(error):
            return [(Level.SKIP, "not for this role to see: ask as the database's owner too")]
        return [(Level.FAIL, f"could not be looked at: {logs.kind(error)}")]
