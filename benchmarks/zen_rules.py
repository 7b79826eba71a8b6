"""The same rules for zen-engine (GoRules), in several forms.

Every form gives the union of what the matching rules give: neither what is withheld nor the lead
nor the desks are weighed, and nobody learns which rule gives what, so it does less than `decide`.
Each is fed only the facts that some rule asks about, which is faster than all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

from routing_rules.rule import SetTest, Test
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Field, FieldKind

Given = set[str]
Json = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """One form: it takes facts and gives each thing that some matching rule gives, once."""

    name: str
    given: Callable[[Json], Given]


def forms(zen: Any, ruleset: RuleSet) -> list[Form]:
    """Every form that the module `zen` evaluates.

    An engine that knows its decisions by key has them compiled; a decision object made of content
    is slower in zen-engine 2, so it is measured as well.
    """
    asked = [f for f in ruleset.vocabulary.fields.values() if _is_asked(ruleset, f.name)]
    texts = [";".join(map(_text, effects)) for effects in ruleset.effects]
    lists = [list(map(_text, effects)) for effects in ruleset.effects]
    when = [_condition(ruleset, rule.when) for rule in ruleset.rules]
    of_texts = f"[{', '.join(_either(c, t, '') for c, t in zip(when, texts, strict=True))}]"
    of_lists = ", ".join(_either(c, t, []) for c, t in zip(when, lists, strict=True))
    of_lists = f"flatMap([{of_lists}], #)"
    expression = _graph(
        "expressionNode", {"expressions": [{"id": "given", "key": "given", "value": of_lists}]}
    )
    graphs = {
        "texts": _graph("decisionTableNode", _table(ruleset, asked, texts)),
        "lists": _graph("decisionTableNode", _table(ruleset, asked, lists)),
        "expression": expression,
        "function": _graph("functionNode", {"source": _function(ruleset, texts)}),
    }
    engine = zen.ZenEngine({"loader": {"type": "static", "content": graphs}})
    prepared = engine.create_decision(json.dumps(graphs["texts"])).evaluate
    some = zen.compile_expression(of_texts).evaluate
    every = zen.compile_expression(of_lists).evaluate
    names = tuple(field.name for field in asked)
    values_of = itemgetter(*names)

    def picked(facts: Json) -> Json:
        return dict(zip(names, values_of(facts), strict=True))

    def found(key: str, facts: Json) -> Any:
        return engine.evaluate(key, picked(facts))["result"]

    return [
        Form("decision table, a text each", lambda facts: _split(_rows(found("texts", facts)))),
        Form(
            "decision table, a list each",
            lambda facts: set(chain.from_iterable(_rows(found("lists", facts)))),
        ),
        Form(
            "decision table, decision object",
            lambda facts: _split(_rows(prepared(picked(facts))["result"])),
        ),
        Form("expression node", lambda facts: set(found("expression", facts)["given"])),
        Form("function node", lambda facts: _split(found("function", facts)["given"])),
        Form("compiled expression, a text each", lambda facts: _split(some(picked(facts)))),
        Form("compiled expression, one list", lambda facts: set(every(picked(facts)))),
    ]


def facts_for_zen(facts: Mapping[str, object]) -> Json:
    """The facts as JSON would have them."""
    return {
        name: sorted(map(str, value)) if isinstance(value, frozenset) else value
        for name, value in facts.items()
    }


def given_by_matching(ruleset: RuleSet, facts: Mapping[str, object]) -> Given:
    """What the rules that the engine matches give, before anything is weighed."""
    mask, _ = ruleset.matcher.match(facts)
    return {
        _text(give)
        for number, effects in enumerate(ruleset.effects)
        if mask >> number & 1
        for give in effects
    }


def _is_asked(ruleset: RuleSet, name: str) -> bool:
    return any(name in rule.when for rule in ruleset.rules)


def _text(give: tuple[object, ...]) -> str:
    return ":".join(map(str, give))


def _rows(found: Any) -> list[Any]:
    return [row["given"] for row in found]


def _split(texts: Iterable[str]) -> Given:
    return {each for text in texts if text for each in text.split(";")}


def _either(condition: str, yes: object, no: object) -> str:
    return f"({condition}) ? {json.dumps(yes)} : {json.dumps(no)}"


def _condition(ruleset: RuleSet, when: Mapping[str, Test]) -> str:
    fields = ruleset.vocabulary.fields
    return " and ".join(_asked(fields[n], test, n) for n, test in when.items()) or "true"


def _some_in(test: SetTest, name: str) -> str:
    if test.all_of or test.none_of:
        raise NotImplementedError("the measured rules ask for some members only")
    return " or ".join(f"{json.dumps(word)} in {name}" for word in sorted(map(str, test.any_of)))


def _asked(field: Field, test: Test, name: str) -> str:
    """A test in zen's language."""
    if isinstance(test, SetTest):
        return f"({_some_in(test, name)})"
    allowed = [value for value in field.values if value in test]
    if len(allowed) == 1:
        return f"{name} == {json.dumps(allowed[0])}"
    if field.kind is FieldKind.INTEGER:
        return f"{name} in [{allowed[0]}..{allowed[-1]}]"
    return f"{name} in {json.dumps(allowed)}"


def _cell(field: Field, test: Test | None) -> str:
    """A test as the cell of a table whose column is the field; an empty cell always holds."""
    if test is None:
        return ""
    if isinstance(test, SetTest):
        return _some_in(test, "$")  # in brackets zen 2 does not read it as a condition
    allowed = [value for value in field.values if value in test]
    if field.kind is FieldKind.INTEGER and len(allowed) > 1:
        return f"[{allowed[0]}..{allowed[-1]}]"
    return ", ".join(map(json.dumps, allowed))


def _table(ruleset: RuleSet, asked: list[Field], given: list[Any]) -> Json:
    rows = [
        {
            "_id": rule.id,
            **{field.name: _cell(field, rule.when.get(field.name)) for field in asked},
            "given": json.dumps(what),
        }
        for rule, what in zip(ruleset.rules, given, strict=True)
    ]
    return {
        "hitPolicy": "collect",
        "inputs": [{"id": f.name, "name": f.name, "field": f.name} for f in asked],
        "outputs": [{"id": "given", "name": "given", "field": "given"}],
        "rules": rows,
    }


def _function(ruleset: RuleSet, texts: list[str]) -> str:
    lines = ["export const handler = async (facts) => {", "const given = [];"]
    for rule, text in zip(ruleset.rules, texts, strict=True):
        tests = " && ".join(_in_javascript(name, test) for name, test in rule.when.items())
        lines.append(f"if ({tests or 'true'}) given.push({json.dumps(text)});")
    return "\n".join([*lines, "return { given };", "};"])


def _in_javascript(name: str, test: Test) -> str:
    if isinstance(test, SetTest):
        words = sorted(map(str, test.any_of))
        return " || ".join(f"facts.{name}.includes({json.dumps(w)})" for w in words).join("()")
    allowed = sorted(test, key=str)
    if len(allowed) == 1:
        return f"facts.{name} === {json.dumps(allowed[0])}"
    if all(isinstance(value, int) for value in allowed):
        numbers = sorted(int(value) for value in allowed)
        return f"facts.{name} >= {numbers[0]} && facts.{name} <= {numbers[-1]}"
    return f"{json.dumps(allowed)}.includes(facts.{name})"


def _graph(kind: str, content: Json) -> Json:
    at = {"position": {"x": 0, "y": 0}}
    return {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", **at},
            {"id": "rules", "name": "rules", "type": kind, "content": content, **at},
            {"id": "out", "name": "out", "type": "outputNode", **at},
        ],
        "edges": [
            {"id": "first", "type": "edge", "sourceId": "in", "targetId": "rules"},
            {"id": "last", "type": "edge", "sourceId": "rules", "targetId": "out"},
        ],
    }
