"""A TOML file of clocks alone, such as those of another country."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from intake.domain.clock import Clock, ClockInvalid

KEYS = frozenset(
    {
        *("id", "title", "law", "kind", "count", "met_by", "valid_from", "valid_to", "today"),
        *("starts", "calendar", "extend"),
    }
)


def read_clocks(path: Path) -> Mapping[str, Clock]:
    """The ``[[clock]]`` tables of a file by id. Raises ClockInvalid, in one line."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        words = str(error).splitlines()[0]
        raise ClockInvalid(f"{path.name} cannot be read: {words}") from None
    tables = content.pop("clock", None)
    if content or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise ClockInvalid(f"{path.name} must hold [[clock]] tables and nothing else")
    clocks: dict[str, Clock] = {}
    for table in tables:
        if unknown := sorted(table.keys() - KEYS):
            raise ClockInvalid(f"{path.name}: clock {table.get('id')}: {unknown[0]} is unknown")
        clock = Clock.parse(table)
        if clock.id in clocks:
            raise ClockInvalid(f"{path.name}: clock {clock.id} is there twice")
        clocks[clock.id] = clock
    return clocks
