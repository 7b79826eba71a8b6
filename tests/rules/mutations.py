"""Random single edits of the shipped sets, made in what the TOML documents say."""

from __future__ import annotations

import random
from typing import Any

from tests.rules.edits import LAYERS, Raw, copied
from tests.rules.shipped import BOOK, SHIPPED

OUTPUTS = SHIPPED.vocabulary.outputs
FIELDS = SHIPPED.vocabulary.fields


def mutated(chance: random.Random) -> tuple[str, dict[str, Raw]]:
    """One edit: what was done, and the changed document by its layer's name."""
    while True:
        layer = chance.choice(LAYERS)
        raw = copied(layer)
        rule = chance.choice(raw["rule"])
        kind = chance.choice(list(EDITS))
        done = EDITS[kind](raw, rule, chance)
        if done and raw != BOOK.documents[layer].raw:
            return f"{rule['id']}: {kind}: {done}", {layer.replace("-", "_"): raw}


def _drop(raw: Raw, rule: Raw, _: random.Random) -> str:
    raw["rule"].remove(rule)
    for case in raw.get("case", ()):  # a case that names a missing rule would not even load
        case["hits"] = [name for name in case["hits"] if name != rule["id"]] or ["D1"]
    return "dropped"


def _tier(_: Raw, rule: Raw, chance: random.Random) -> str:
    rule["tier"] = chance.choice(SHIPPED.vocabulary.tiers)
    return str(rule["tier"])


def _when(_: Raw, rule: Raw, chance: random.Random) -> str:
    if not rule["when"]:
        return ""
    name = chance.choice(list(rule["when"]))
    what = chance.choice(("gone", "other", "other"))
    if what == "gone":
        del rule["when"][name]
    elif name == "age":
        low = chance.randint(0, 18)
        rule["when"]["age"] = f"{low}-{chance.randint(low, 18)}"
    elif name == "categories":
        words = chance.sample(FIELDS["categories"].values, chance.randint(1, 2))
        rule["when"]["categories"] = {chance.choice(("any", "any", "all", "none")): words}
    else:
        values = FIELDS[name].values
        rule["when"][name] = chance.sample(values, chance.randint(1, len(values)))
    return f"{name} {rule['when'].get(name, 'gone')}"


def _value(_: Raw, rule: Raw, chance: random.Random) -> str:
    name = chance.choice(list(rule["then"]))
    output = OUTPUTS[name]
    then: dict[str, Any] = rule["then"]
    if chance.random() < 0.3:
        del then[name]
        return f"{name} gone"
    if output.per:
        then, name = then[name], chance.choice(list(then[name]))
    if output.name == "alert":
        then[name] = not then[name]
    else:
        then[name] = chance.choice(output.values)
    return f"{output.name} {name} = {then[name]}"


def _more(_: Raw, rule: Raw, chance: random.Random) -> str:
    name = chance.choice(
        ["recipients", "lead", "notices", "withhold", "desk", "clocks", "sections"]
    )
    output = OUTPUTS[name]
    value = chance.choice(output.values)
    if output.per:
        rule["then"].setdefault(name, {})[chance.choice(OUTPUTS["recipients"].values)] = value
    else:
        rule["then"][name] = value
    return f"{name} = {rule['then'][name]}"


def _fallback(_: Raw, rule: Raw, chance: random.Random) -> str:
    rule["fallback"] = not rule.get("fallback", False)
    return str(rule["fallback"])


def _basis(_: Raw, rule: Raw, chance: random.Random) -> str:
    if "basis" in rule and chance.random() < 0.2:
        del rule["basis"]
        return "gone"
    rule["basis"] = chance.choice(list(SHIPPED.bases))
    return str(rule["basis"])


EDITS = {
    "drop": _drop,
    "tier": _tier,
    "when": _when,
    "value": _value,
    "more": _more,
    "fallback": _fallback,
    "basis": _basis,
}
