"""What a decision says: who gets what, on which basis, who does not, and why."""

from __future__ import annotations

from dataclasses import dataclass

from routing_rules.reading import Text
from routing_rules.rule import Basis


@dataclass(frozen=True)
class Recipient:
    """One recipient. `rules` names the rules that add it or choose its desk or its sections."""

    kind: str
    desk: str
    sections: tuple[str, ...]
    bases: tuple[Basis, ...]
    clocks: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Withheld:
    """A recipient that some rule would have added and `rule` kept out."""

    kind: str
    rule: str
    title: Text
    because: Text
    basis: Basis | None


@dataclass(frozen=True)
class Reason:
    """A rule that shaped the outcome."""

    rule: str
    title: Text
    because: Text
    basis: Basis | None


@dataclass(frozen=True)
class Outcome:
    """The decision for one child. `recipients` has the lead first.

    `lead` None means that nobody may get the report; `notices` then says what to advise.
    `uncertain` names the facts whose open possibilities gave different outcomes; the outcome is
    then the strictest of each part.
    """

    lead: str | None
    recipients: tuple[Recipient, ...]
    withheld: tuple[Withheld, ...]
    alert: bool
    notices: tuple[str, ...]
    reasons: tuple[Reason, ...]
    uncertain: tuple[str, ...] = ()

    def recipient(self, kind: str) -> Recipient | None:
        """Return the recipient of this kind, if it is one."""
        return next((found for found in self.recipients if found.kind == kind), None)
