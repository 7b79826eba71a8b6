"""Reading TOML; what is not to be read is one clear line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from routing_rules.problem import Problem, mark
from routing_rules.vocabulary import RulesInvalid

# A set of a thousand rules is a quarter of it; more is a slip, or an attack.
MOST_BYTES = 4_000_000
# For each part of a key the reader of TOML goes over all those before it.
MOST_PARTS = 50
# Each begins where the one before ends, and takes what it began to read: nothing is read twice.
_COMMENT = r"#[^\n]*+"
_LINES = r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+(?:"{3,5})?+'
_PLAIN_LINES = r"'''(?:[^']|'(?!''))*+(?:'{3,5})?+"
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"?+|'[^'\n]*+'?+)"""
_NEXT_PART = rf"[ \t]*+\.[ \t]*+{_PART}"
_KEY = rf"{_PART}(?:{_NEXT_PART}){{0,{MOST_PARTS - 1}}}+(?P<more>{_NEXT_PART})?+"
_TOKEN = re.compile(rf"{_COMMENT}|{_LINES}|{_PLAIN_LINES}|{_KEY}")
# How the reader of TOML ends its line.
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_file(path: Path) -> str:
    """Read one file. Raises RulesInvalid when it is missing, too large or not UTF-8."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RulesInvalid([_too_large().at(path.name)])
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        no_text = Problem(mark("it is not UTF-8 text"))
        why = error.strerror if isinstance(error, OSError) else no_text
        unread = Problem(mark("cannot be read: %(why)s"), why=why)
        raise RulesInvalid([unread.at(path.name)]) from error


def read_toml(text: str, name: str) -> dict[str, object]:
    """Read TOML. Raises RulesInvalid, its line beginning with `name`."""
    if len(text) > MOST_BYTES:
        raise RulesInvalid([_too_large().at(name)])
    if any(token["more"] for token in _TOKEN.finditer(text)):
        raise RulesInvalid([too_deep().at(name)])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesInvalid([_not_toml(str(error)).at(name)]) from error
    except RecursionError as error:
        raise RulesInvalid([too_deep().at(name)]) from error
    except ValueError as error:
        raise RulesInvalid([Problem(mark("a number is too long")).at(name)]) from error


def too_deep() -> Problem:
    """Return what is said of tables in tables without end."""
    return Problem(mark("nested too deep"))


def _too_large() -> Problem:
    return Problem(mark("larger than %(most)s MB"), most=MOST_BYTES // 1_000_000)


def _not_toml(said: str) -> Problem:
    place = _PLACE.search(said)
    if place is None:
        return Problem(mark("not TOML: %(detail)s"), detail=said)
    detail = said[: place.start()]
    if place[1] is None:
        return Problem(mark("at the end: not TOML: %(detail)s"), detail=detail)
    key = mark("line %(line)s, column %(column)s: not TOML: %(detail)s")
    return Problem(key, line=place[1], column=place[2], detail=detail)
