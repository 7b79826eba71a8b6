"""What kinds of values columns hold, and how each is written as JSON, on any database."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, Integer, LargeBinary, String, Uuid
from sqlalchemy.types import TypeEngine

from intake.store.columns import Instant

_Turn = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class _Kind:
    """The column's type, and the turns of a value that is there to JSON and back."""

    type: TypeEngine[Any]
    plain: _Turn = _as_it_is
    value: _Turn = _as_it_is


_KINDS = {
    "instant": _Kind(
        Instant(), lambda at: at.isoformat(timespec="microseconds"), datetime.fromisoformat
    ),
    "uuid": _Kind(Uuid(), str, UUID),
    "bool": _Kind(Boolean()),
    "int": _Kind(Integer()),
    "date": _Kind(Date(), date.isoformat, date.fromisoformat),
    "json": _Kind(JSON(none_as_null=True)),
    "bytes": _Kind(
        LargeBinary(),
        lambda content: b64encode(content).decode("ascii"),
        lambda text: b64decode(text, validate=True),
    ),
    "text": _Kind(String()),
}


def kind_of(column_type: TypeEngine[Any]) -> str:
    """The name of the kind. Raises TypeError for a type that has none."""
    for name, kind in _KINDS.items():
        if isinstance(column_type, type(kind.type)):
            return name
    raise TypeError(f"no kind for columns of {column_type!r}")


def type_of(kind: str) -> TypeEngine[Any]:
    """A column type of this kind. Raises KeyError."""
    return _KINDS[kind].type


def plain(kind: str, value: Any) -> Any:
    """The value as JSON has it."""
    return None if value is None else _KINDS[kind].plain(value)


def value_of(kind: str, plain_value: Any) -> Any:
    """The value that `plain` made this of. Raises ValueError."""
    return None if plain_value is None else _KINDS[kind].value(plain_value)
