"""What proofs and comparisons may spend: so many steps, and so many seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

STEPS = 50_000_000
"""Steps of one budget: several times what the largest sets take that are worth writing."""
SECONDS = 20.0
LOOK_EVERY = 2_000
"""Steps between two looks at the clock: less than a millisecond."""
STORED = 4
"""Steps for each place in a list that is kept, so that a budget bounds memory too."""


class BudgetSpent(RuntimeError):
    """The work needs more than its budget allows; the message says how much that is."""


class Budget:
    """Steps and seconds, counted from when it is made; several proofs may share one.

    A step is one region looked at; once it is spent it stays spent.
    """

    def __init__(
        self,
        steps: int = STEPS,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps, self._seconds, self._clock = steps, seconds, clock
        self._until = clock() + seconds
        self._left = steps
        self._look_at = steps

    def spend(self, steps: int) -> None:
        """Count some steps. Raises BudgetSpent."""
        self._left -= steps
        if self._left < self._look_at:
            self._look()

    def part(self, steps: int) -> Budget:
        """Return a budget of its own steps that ends no later than this one."""
        found = Budget(steps, self._seconds, self._clock)
        found._until = self._until
        return found

    def _look(self) -> None:
        if self._left < 0:
            raise BudgetSpent(f"more than {self._steps:,} steps")
        if self._clock() >= self._until:
            self._look_at = self._steps + 1  # look again each time
            raise BudgetSpent(f"more than {self._seconds:g} seconds")
        self._look_at = max(self._left - LOOK_EVERY, 0)
