"""Memory that holds keys and what people typed is written to no disk, and read by no neighbour."""

from __future__ import annotations

import ctypes
import resource
import sys

_SET_DUMPABLE = 4  # prctl(2)


def forbid() -> None:
    """Let this process and those it forks leave no core dump when they fail.

    On Linux no other process of the same user can attach to them or read their memory either; a
    program that they start has to forbid it again.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
