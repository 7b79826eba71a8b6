"""Writing the tables of a directory as the TOML file that they could have been read from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any


def written(tables: Mapping[str, Any]) -> str:
    """The text of the file: plain values first, then named tables, then entries by kind."""
    return "\n".join(_lines(tables)) + "\n"


def _lines(tables: Mapping[str, Any]) -> Iterator[str]:
    for name, value in tables.items():
        if not isinstance(value, list | Mapping):
            yield f"{name} = {_value(value)}"
    for name, value in tables.items():
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from ("", f"[{name}.{key}]")
                yield from (f"{k} = {_value(v)}" for k, v in inner.items())
    for name, value in tables.items():
        if isinstance(value, list):
            for entry in value:
                yield from ("", f"[[{name}]]")
                yield from (f"{k} = {_value(v)}" for k, v in entry.items())


def _value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    # Strings and lists of strings are written in TOML as in JSON, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
