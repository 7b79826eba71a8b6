"""What the rules say of one child: who gets the report, who does not, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from routing_rules.outcome import Outcome
from routing_rules.reading import Text
from routing_rules.rule import Basis, Rule, basis_of
from routing_rules.ruleset import RuleSet

NOBODY = "nobody"


@dataclass(frozen=True)
class Recipient:
    """One recipient. ``rules`` names the rules that add it or choose its desk or its sections."""

    kind: str
    desk: str
    sections: tuple[str, ...]
    bases: tuple[Basis, ...]
    clocks: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Withheld:
    """A recipient that some rule would have added and ``rule`` kept out."""

    kind: str
    rule: str
    title: Text
    because: Text
    basis: Basis | None


@dataclass(frozen=True)
class Reason:
    """A rule that shaped the decision."""

    rule: str
    title: Text
    because: Text
    basis: Basis | None


@dataclass(frozen=True)
class Decision:
    """The decision for one child. ``recipients`` has the lead first.

    ``lead`` None means that nobody may get the report; ``notices`` then says what to advise.
    ``uncertain`` names the facts whose open possibilities gave different outcomes; the decision is
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
        """The recipient of this kind, if it is one."""
        return next((found for found in self.recipients if found.kind == kind), None)


def decision_of(outcome: Outcome, tables: Sequence[RuleSet]) -> Decision:
    """The outcome in the words of the field. ``tables``: the rule sets that gave it, at least one;
    a rule of several is told as the first has it.
    """
    reader = _Reader(outcome, tables)
    lead = outcome.value("lead")
    kinds = outcome.members("recipients")
    return Decision(
        lead=None if lead in (None, NOBODY) else str(lead),
        recipients=tuple(
            reader.recipient(kind) for kind in sorted(kinds, key=lambda kind: kind != lead)
        ),
        withheld=tuple(reader.withheld(kinds)),
        alert=outcome.value("alert") is True,
        notices=outcome.members("notices"),
        reasons=tuple(reader.reasons(kinds)),
        uncertain=outcome.uncertain,
    )


class _Reader:
    def __init__(self, outcome: Outcome, tables: Sequence[RuleSet]) -> None:
        self.outcome = outcome
        self.rules: dict[str, Rule] = {}
        self.bases: dict[str, Basis] = {}
        for table in reversed(tables):
            self.rules.update(table.by_id)
            self.bases.update(table.bases)

    def recipient(self, kind: str) -> Recipient:
        outcome = self.outcome
        shaping = {
            *outcome.rules_of("recipients", "", kind),
            *outcome.rules("desk", kind),
            *outcome.rules("withhold_sections", kind),
        }
        return Recipient(
            kind=kind,
            desk=str(outcome.value("desk", kind)),
            sections=tuple(sorted(outcome.members("sections", kind))),
            bases=tuple(self.bases[name] for name in outcome.members(basis_of("recipients"), kind)),
            clocks=outcome.members("clocks", kind),
            rules=tuple(rule for rule in self.rules if rule in shaping),
        )

    def withheld(self, kinds: Collection[object]) -> Iterable[Withheld]:
        for give, rules in self.outcome.given.items():
            if give.output == "withhold" and give.value not in kinds:
                for name in rules:
                    rule = self.rules[name]
                    yield Withheld(str(give.value), name, rule.title, rule.because, rule.basis)

    def reasons(self, kinds: Collection[object]) -> Iterable[Reason]:
        shaping = {
            rule
            for give, rules in self.outcome.given.items()
            if give.output != "withhold" or give.value not in kinds
            for rule in rules
        }
        for rule in self.rules.values():
            if rule.id in shaping:
                yield Reason(rule.id, rule.title, rule.because, rule.basis)


def brief(decision: Decision) -> Mapping[str, object]:
    """What a replay compares, by name: titles and texts follow from the rule set."""
    return {
        "lead": decision.lead,
        "recipients": [
            [r.kind, r.desk, r.sections, r.clocks, r.rules, [basis.id for basis in r.bases]]
            for r in decision.recipients
        ],
        "withheld": [[w.kind, w.rule] for w in decision.withheld],
        "alert": decision.alert,
        "notices": decision.notices,
        "reasons": [reason.rule for reason in decision.reasons],
        "uncertain": decision.uncertain,
    }
