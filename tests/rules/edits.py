"""The shipped sets as documents that a test may change before they are loaded."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from intake.domain.rule_tables import BESIDE
from routing_rules.document import Document
from routing_rules.load import build
from routing_rules.ruleset import RuleSet
from tests.rules.shipped import BOOK

LAYERS = ("finland", "ita-uusimaa")
Raw = dict[str, Any]


def copied(layer: str) -> Raw:
    """What a set says, to be changed freely."""
    return copy.deepcopy(dict(BOOK.documents[layer].raw))


def effective(**changed: Raw) -> RuleSet:
    """Load the area's set, with some layers changed ("_" in a name stands for "-")."""
    layers = [
        Document(f"{name}.toml", "", changed.get(name.replace("-", "_"), BOOK.documents[name].raw))
        for name in LAYERS
    ]
    return build(BOOK.vocabulary, layers, BESIDE)


def rule_in(raw: Raw, name: str) -> Raw:
    """One rule of a set."""
    (found,) = (each for each in raw["rule"] if each["id"] == name)
    assert isinstance(found, dict)
    return found


def with_rule(name: str, edit: Callable[[Raw], object]) -> RuleSet:
    """The area's set with one rule changed, in whichever layer it stands."""
    for layer in LAYERS:
        raw = copied(layer)
        if any(each["id"] == name for each in raw["rule"]):
            edit(rule_in(raw, name))
            return effective(**{layer.replace("-", "_"): raw})
    raise LookupError(name)


def without(*names: str) -> RuleSet:
    """The area's set without some rules, and without the cases that name them."""
    changed = {}
    for layer in LAYERS:
        raw = copied(layer)
        raw["rule"] = [each for each in raw["rule"] if each["id"] not in names]
        raw["case"] = [c for c in raw.get("case", []) if not set(names) & set(c["hits"])]
        changed[layer.replace("-", "_")] = raw
    return effective(**changed)


def overlay(
    *rules: Raw, without: Raw | None = None, tier: str = "law", **tables: list[Raw]
) -> RuleSet:
    """One more set over the area's one; `tables` stand beside its rules."""
    head: Raw = {"id": "over", "extends": LAYERS[-1], "tier": tier, "title": words("Over")}
    head["valid_from"] = BOOK.documents["finland"].validity[0]
    if without is not None:
        head["without"] = without
    layers = [*(BOOK.documents[name] for name in LAYERS)]
    raw: Raw = {"ruleset": head, "rule": list(rules), **tables}
    return build(BOOK.vocabulary, [*layers, Document("over.toml", "", raw)], BESIDE)


def words(text: str) -> Raw:
    """A text in the languages that must be there."""
    return {"fi": text, "sv": text}


def written(name: str, then: Raw, when: Raw | None = None, **more: object) -> Raw:
    """One rule as it would be read from a file."""
    texts = {"title": words(name), "because": words(name)}
    return {"id": name, "tier": "county", **texts, "when": when or {}, "then": then, **more}
