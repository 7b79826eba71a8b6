"""What a proof may find wrong with a rule set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from routing_rules.problem import Problem


class FindingKind(StrEnum):
    """What is wrong. GAP: no rule gives what must be given, or what a member needs.

    CONFLICT: two values, neither stronger. DEAD: never the only rule to give anything. WEAKENED:
    what the base's first tier gives is not given any more. CASE_FAILS: a worked case comes out
    otherwise. NO_CASE: no case shows the rule.
    NOT_PROVED: the budget was spent. A rule of the base's first tier is WEAKENED, too, where the
    basis on which it gives is another one, or is described otherwise.
    """

    GAP = "gap"
    CONFLICT = "conflict"
    DEAD = "dead"
    WEAKENED = "weakened"
    CASE_FAILS = "case_fails"
    NO_CASE = "no_case"
    NOT_PROVED = "not_proved"


@dataclass(frozen=True)
class Finding:
    """A fault of a rule set. `rules` names rules or, for CASE_FAILS, the case.

    `witness`: a full set of facts that shows it, None where there is none to show. `named`: what
    the message names beside rules, for who says it in other words: an output, values of it, and
    the member of which they are; or a basis alone. `problems`: what is wrong with a case, of the
    first failing ones alone.
    """

    kind: FindingKind
    rules: tuple[str, ...]
    witness: Mapping[str, object] | None
    message: str
    named: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def line(self) -> str:
        """Return the finding as one line."""
        if self.witness is None:
            return self.message
        shown = ", ".join(
            f"{name}={'+'.join(sorted(map(str, value))) if isinstance(value, frozenset) else value}"
            for name, value in self.witness.items()
        )
        return f"{self.message}, for example with {shown}"
