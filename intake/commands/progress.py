"""A progress bar on standard error, where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable

_WIDTH = 40


def bar(total: int, what: str) -> Callable[[int], None]:
    """What to call with how many are done; silent unless standard error is a terminal."""
    if not sys.stderr.isatty() or total < 1:
        return lambda _: None
    step = max(total // 200, 1)

    def show(done: int) -> None:
        if done % step and done != total:
            return
        filled = _WIDTH * done // total
        line = f"\r{what} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}"
        print(line, end="\n" if done == total else "", file=sys.stderr, flush=True)

    return show
