"""One canonical form, so that a rule set is named by its content and not by its layout."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date


def plain(value: object) -> object:
    """Return `value` as plain JSON types: dataclasses as objects, sets sorted, dates in ISO form.

    Works for rule sets, outcomes and every part of them.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=lambda item: json.dumps(item))
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def canonical(value: object) -> bytes:
    """Return the canonical JSON bytes (UTF-8, sorted keys, no spaces) of `value`."""
    return json.dumps(
        plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(value: object) -> str:
    """Return the SHA-256, in hex, of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()
