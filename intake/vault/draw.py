"""Where keys and nonces come from."""

from __future__ import annotations

import os
from collections.abc import Callable

Draw = Callable[[int], bytes]
"""So many random bytes of the system, none of them handed out before."""

_AHEAD = 4096  # bytes; a report with three recipients takes 3,000


class Draws:
    """A ``Draw`` for what is sealed of one report, in one thread, which asks the system but once.

    At each such call the threads of a busy process change places.
    """

    def __init__(self) -> None:
        self._drawn = b""
        self._at = 0

    def __call__(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if self._at + size > len(self._drawn):
            self._drawn, self._at = os.urandom(max(size, _AHEAD)), 0
        self._at += size
        return self._drawn[self._at - size : self._at]
