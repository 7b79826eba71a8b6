"""What was found when the trail was verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

MOST_FAULTS = 1000


class Kind(StrEnum):
    """What is wrong."""

    NUMBER_MISSING = "number_missing"
    NUMBER_STRAY = "number_stray"
    LINE_REMOVED = "line_removed"
    LINE_ALTERED = "line_altered"
    LEAF_ALTERED = "leaf_altered"
    INTERVAL = "interval"
    UNCHECKED = "unchecked"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHAIN = "chain"
    EXPORT = "export"
    TAIL = "tail"
    SEQUENCE = "sequence"
    UNNUMBERED = "unnumbered"
    RESTORED = "restored"
    EPOCH = "epoch"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, with the numbers that it is about, or the line."""

    kind: Kind
    text: str
    first: int | None = None
    last: int | None = None
    line: str | None = None


@dataclass(frozen=True)
class Restored:
    """A restore: how many numbers that were exported are not here since."""

    day: date
    line: str
    size: int
    lost: int


@dataclass
class Verdict:
    """What was found. ``proved``: how many lines an exported checkpoint stands for."""

    numbered: int = 0
    proved: int = 0
    signed: int = 0
    unnumbered: int = 0
    expired: int = 0
    checkpoints: int = 0
    exported: int = 0
    restored: list[Restored] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    more: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def unproved(self) -> int:
        """How many lines are later than the last checkpoint that was exported."""
        return self.numbered - min(self.proved, self.numbered) + self.unnumbered

    def blame(self, kind: Kind, text: str, *where: int, line: object = None) -> None:
        """Add a fault; ``where``: its first and last number."""
        if len(self.faults) >= MOST_FAULTS:
            self.more += 1
            return
        first = where[0] if where else None
        last = where[-1] if where else None
        self.faults.append(Fault(kind, text, first, last, str(line) if line else None))
