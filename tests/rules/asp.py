"""A second opinion: rule sets asked of clingo, a solver that shares nothing with the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import clingo

from routing_rules.rule import SetTest
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import FieldKind, Policy, Value

MEANING = Path(__file__).with_name("meaning.lp").read_text("utf-8")
POLICIES = {
    Policy.FIRST: "first",
    Policy.UNIQUE: "unique",
    Policy.UNION: "union",
    Policy.MIN: "min",
    Policy.OR: "or",
}


def term(value: object) -> str:
    """A value as clingo writes it."""
    if isinstance(value, bool) or not isinstance(value, int):
        return f'"{value}"' if value != "" else "nothing"
    return str(value)


def fact(name: str, *arguments: object) -> str:
    return f"{name}({', '.join(map(str, arguments))})."


def program(rules: RuleSet) -> str:
    """The facts of one rule set, for meaning.lp."""
    return "\n".join([*_vocabulary(rules), *_rules(rules), MEANING])


def _vocabulary(rules: RuleSet) -> Iterator[str]:
    for field in rules.vocabulary.fields.values():
        name = term(field.name)
        whole = field.kind is FieldKind.SET
        yield fact("set" if whole else "field", name)
        for value in field.values:
            yield fact("member" if whole else "value", name, term(value))
        if field.member_of:
            yield fact("key", name, term(field.member_of))
    for output in rules.vocabulary.outputs.values():
        name = term(output.name)
        yield fact("output", name, POLICIES[output.policy])
        for rank, value in enumerate(output.values):
            yield fact("range", name, term(value), rank)
        for word, other in (("joins", output.joins), ("per", output.per)):
            if other:
                yield fact(word, name, term(other))
        if output.takes_from:
            yield fact("takes", name, term(output.takes_from))
        if output.otherwise is not None:
            yield fact("otherwise", name, term(output.otherwise))
        marks = {
            "keyed": bool(output.key),
            "beside": output.beside,
            "based": output.based,
            "only_unstated": output.usual == "unless stated",
        }
        yield from (fact(word, name) for word, holds in marks.items() if holds)
    yield fact("first", 0)
    for member, gives in rules.usual.items():
        for give in gives:
            yield fact("usual", term(member), term(give.output), term(give.value))


def _rules(rules: RuleSet) -> Iterator[str]:
    for rule in rules.rules:
        name, tier = term(rule.id), rules.vocabulary.tiers.index(rule.tier)
        basis = term(rule.basis.id) if rule.basis else "nothing"
        yield fact("rule", name, tier, "yes" if rule.fallback else "no", basis)
        for field, test in rule.when.items():
            if isinstance(test, SetTest):
                parts = (("some", test.any_of), ("all", test.all_of), ("none", test.none_of))
            else:
                parts = (("when", test),)  # type: ignore[assignment]
            for word, values in parts:
                for value in values:
                    yield fact(word, name, term(field), term(value))
        for give in rule.gives:
            yield fact("states", name, term(give.output), term(give.of), term(give.value))


class Opinion:
    """What clingo finds in one rule set."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        # Predicates that this set has no facts for are no mistake.
        self.control = clingo.Control(["--warn=none"])
        self.control.add("base", [], program(rules))
        self.control.ground([("base", [])])

    def possible(self, name: str) -> set[tuple[str, ...]]:
        """All terms of this predicate that are true in some world."""
        atoms = {
            atom.literal: tuple(_plain(each) for each in atom.symbol.arguments)
            for atom in self.control.symbolic_atoms
            if atom.symbol.name == name
        }
        found: set[tuple[str, ...]] = set()
        for literal, terms in atoms.items():
            if terms not in found:
                with self.control.solve(assumptions=[literal], yield_=True) as handle:
                    for model in handle:
                        found.update(t for each, t in atoms.items() if model.is_true(each))
        return found

    def given(self, facts: Mapping[str, object]) -> tuple[set[tuple[str, ...]], bool]:
        """Everything given in one world, and by which rules: (output, of, value, rule), the rule
        empty for the thing itself. And whether the world has a gap or a conflict."""
        with self.control.solve(assumptions=list(self._world(facts)), yield_=True) as handle:
            (found,) = (model.symbols(atoms=True) for model in handle)
        shown: set[tuple[str, ...]] = set()
        for symbol in found:
            arguments = tuple(_plain(each) for each in symbol.arguments)
            if symbol.name == "by":
                shown.add((*arguments[1:], arguments[0]))
            elif symbol.name == "given":
                shown.add((*arguments, ""))
        return shown, any(symbol.name == "bad" for symbol in found)

    def _world(self, facts: Mapping[str, object]) -> Iterator[tuple[clingo.Symbol, bool]]:
        for field in self.rules.vocabulary.fields.values():
            stated = facts[field.name]
            holds: Iterable[Value]
            holds = stated if isinstance(stated, frozenset) else [stated]  # type: ignore[list-item]
            word = "in" if field.kind is FieldKind.SET else "is"
            for value in field.values:
                atom = clingo.parse_term(f"{word}({term(field.name)}, {term(value)})")
                yield atom, value in holds


def _plain(symbol: clingo.Symbol) -> str:
    if symbol.type is clingo.SymbolType.String:
        return symbol.string
    if symbol.type is clingo.SymbolType.Function and symbol.name == "basis":
        return f"{_plain(symbol.arguments[0])} basis"
    return "" if str(symbol) == "nothing" else str(symbol)
