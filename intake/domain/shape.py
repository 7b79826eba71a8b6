"""The shape of plain values: what is asked of opened content before any of it is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

T = TypeVar("T", bound=date)
Shape = Callable[[Any], bool]
"""Whether a value that was JSON has the shape."""
_YEARS = range(1000, 9000)  # far from the ends, where another zone's hour has no day


def text(value: Any) -> bool:
    """Text, also of no characters."""
    return isinstance(value, str)


def flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    """A whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def day(value: Any) -> bool:
    """A day in ISO form."""
    return _read(date.fromisoformat, value) is not None


def time_of_day(value: Any) -> bool:
    """An hour and a minute in ISO form, on the clocks of the place."""
    try:
        return time.fromisoformat(value).tzinfo is None
    except (TypeError, ValueError):
        return False


def instant(value: Any) -> bool:
    """An instant in ISO form, with its distance from UTC."""
    found = _read(datetime.fromisoformat, value)
    return found is not None and found.tzinfo is not None


def one_of(values: Iterable[str]) -> Shape:
    """One of these words."""
    known = frozenset(values)
    return lambda value: text(value) and value in known


def either(*shapes: Shape) -> Shape:
    """A value of one of these shapes."""
    return lambda value: any(shape(value) for shape in shapes)


def maybe(shape: Shape) -> Shape:
    """Null, or a value of this shape."""
    return lambda value: value is None or shape(value)


def each(shape: Shape) -> Shape:
    """A list of values of this shape."""
    return lambda value: isinstance(value, list) and all(map(shape, value))


def by(name: Shape, shape: Shape) -> Shape:
    """An object with any names of the one shape and values of the other."""
    return lambda value: (
        isinstance(value, dict) and all(map(name, value)) and all(map(shape, value.values()))
    )


def fields(needed: Mapping[str, Shape], further: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these fields; of ``further`` ones those that it has are looked at, and others
    it may have, for another version may write them.
    """
    known = {**needed, **(further or {})}

    def fits(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and needed.keys() <= value.keys()
            and all(shape(value[name]) for name, shape in known.items() if name in value)
        )

    return fits


def _read(read: Callable[[str], T], value: Any) -> T | None:
    try:
        found = read(value)
    except (TypeError, ValueError):
        return None
    return found if found.year in _YEARS else None
