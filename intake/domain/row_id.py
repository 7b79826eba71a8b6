"""The identifier of a row, made by whoever writes it."""

from __future__ import annotations

import random
from datetime import datetime
from uuid import UUID

_VERSION = 7 << 76
_VARIANT = 0b10 << 62
_RANDOM = (1 << 80) - 1 ^ (0xF << 76 | 0b11 << 62)


def new_id(at: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562 §5.7): the milliseconds of ``at``, then 74 random bits.

    Rows written together lie together in every index, so that a commit touches few pages. An id
    is no secret and opens nothing: each process draws it from its own generator.
    """
    drawn = random.getrandbits(80) & _RANDOM  # nosec B311 # unique, no secret
    return UUID(int=_milliseconds(at) << 80 | _VERSION | _VARIANT | drawn)


def least_id(at: datetime) -> UUID:
    """No id made at that instant or later is less, and none made a millisecond before is greater:
    what was made between two instants is found by the keys of its rows.
    """
    return UUID(int=_milliseconds(at) << 80)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
