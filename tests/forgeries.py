"""Content that nobody of ours would have sealed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

NO_JSON = (b"", b"\xff\xfe", b"{", b"nul", b'"\\ud800"', b"[" * 100_000, b"9" * 5000, b"NaN")
ODD: tuple[Any, ...] = (
    *(None, True, -1, 10**400, 1.5, "", "x", "0001-01-01", "9999-12-31", "310226A999X"),
    *("2026-06-02T10:00:00", "9999-12-31T23:59:59+00:00", "\ud800", [], [1], ["x"], [None], {}),
    *({"fi": 1}, {"x": {"x": []}}),
)


def altered(content: Any) -> Iterator[Any]:
    """The same with one value another, away or too many, anywhere in it."""
    yield from ODD
    parts: Any = ()
    if isinstance(content, dict):
        parts = content.items()
        yield from ({key: content[key] for key in content if key != name} for name in content)
        yield {**content, "x": 1}
    elif isinstance(content, list):
        parts = enumerate(content)
        yield [*content, None]
    for where, value in parts:
        for other in altered(value):
            copy = content.copy()
            copy[where] = other
            yield copy


def forgeries(plain: bytes) -> list[bytes]:
    """No JSON, and JSON of other shapes; of a text no text."""
    if not plain.startswith((b"{", b"[")):
        return [*NO_JSON]
    return [*NO_JSON, *(json.dumps(each).encode() for each in altered(json.loads(plain)))]
