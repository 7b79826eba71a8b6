"""Rule sets of any size, drawn by chance in the shape of the shipped one, and random facts."""

from __future__ import annotations

import random
from pathlib import Path

from routing_rules.document import Document, read_document
from routing_rules.load import build
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import FieldKind, Vocabulary

RULESETS = Path(__file__).parents[1] / "routing_rules" / "rulesets"
_AGES = ("0-6", "7-11", "12-14", "15-17")
_ASKED = (
    "child_role",
    "reporter_kind",
    "sector",
    "threat_to_life",
    "crime_against_child",
    "weapon",
)
_SET = """
[ruleset]
id = "invented"
title = { fi = "Keksityt", sv = "Uppfunna" }
valid_from = 2026-01-01

[usual]
SOC = { sections = ["identity", "place", "guardians", "concern", "health"], clocks = ["urgency"] }
POL = { sections = ["identity", "place", "guardians", "concern"], clocks = ["accept"] }
ANK = { sections = ["identity", "place", "concern"], clocks = ["accept", "ankkuri_meeting"] }
HEA = { sections = ["identity", "place", "concern", "health"], clocks = ["accept"] }
YOU = { sections = ["reporter", "identity", "concern"], clocks = ["accept"] }
WEL = { sections = ["identity", "place", "concern"], clocks = ["accept", "school_talk"] }
PRI = { sections = ["reporter", "identity", "place", "concern"], clocks = ["accept"] }
"""


def vocabulary(categories: int) -> Document:
    """The shipped vocabulary with this many categories."""
    text = (RULESETS / "vocabulary.toml").read_text("utf-8")
    shipped = read_document(text, "vocabulary.toml")
    fields = shipped.raw["fields"]
    assert isinstance(fields, dict)
    names = [f"category_{number}" for number in range(categories)]
    changed = {
        name: {**field, "values": names} if name in ("primary", "categories") else field
        for name, field in fields.items()
    }
    return Document(shipped.name, text, {**shipped.raw, "fields": changed})


def invented(count: int, categories: int, seed: int = 1) -> str:
    """The text of a set of `count` rules that holds but for its dead rules and missing cases.

    Half of them is a table: each names a lead for a part of the facts of its own. The rest adds
    recipients, chooses desks and withholds, each under two to five conditions.
    """
    chance = random.Random(seed)  # noqa: S311  (invented rules, no secrets)
    rules: list[str] = []
    table = count // 2
    parts = [
        (number, age, today, role)
        for number in range(categories)
        for age in _AGES
        for today in ('"normal"', '["today", "emergency"]')
        for role in ("suspected", "victim", "witness", "other")
    ]
    chance.shuffle(parts)
    for number, (category, age, today, role) in enumerate(parts[:table]):
        kind = chance.choice(("SOC", "POL", "ANK", "HEA", "PRI"))
        when = f'categories = {{ any = ["category_{category}"] }}, age = "{age}", '
        when += f'urgency = {today}, child_role = "{role}"'
        rules.append(one_rule(f"lead-{number}", "county", "soc_care", when, f'lead = "{kind}"'))
    while len(rules) < count - 10:
        rules.append(_further(f"more-{len(rules)}", categories, chance))
    for kind in ("ANK", "HEA", "YOU", "WEL", "PRI"):
        when = f'consent_{kind.lower()} = "no"'
        rules.append(one_rule(f"no-{kind}", "law", "secrecy", when, f'withhold = "{kind}"'))
    rules += [
        one_rule("R3", "law", "rl15_10", 'threat_to_life = "to_others"', 'recipients = "POL"'),
        one_rule(
            "adult", "law", "shl35", 'age = "18"', 'lead = "nobody", notices = "adult_services"'
        ),
        one_rule(
            "today", "county", "", 'urgency = ["today", "emergency"]', 'desk = { SOC = "duty" }'
        ),
        one_rule("weapon", "law", "", 'weapon = "yes"', "alert = true"),
        one_rule("default", "default", "lsl25", "", 'lead = "SOC"', "fallback = true"),
    ]
    return HEAD + "".join(rules)


def load_invented(count: int, categories: int, seed: int = 1) -> RuleSet:
    """Load such a set."""
    return load_text(invented(count, categories, seed), categories)


def load_text(text: str, categories: int) -> RuleSet:
    """Load a set from its text, over the vocabulary with this many categories."""
    return build(vocabulary(categories), [read_document(text, "invented")])


def load_edited(count: int, categories: int, seed: int = 1) -> RuleSet:
    """Load such a set after an afternoon's work: five rules say something else, one is gone."""
    document = read_document(invented(count, categories, seed), "invented")
    written = document.raw["rule"]
    assert isinstance(written, list)
    rules = {rule["id"]: dict(rule) for rule in written}
    leads = [name for name in rules if name.startswith("lead-")]
    more = [name for name in rules if name.startswith("more-")]
    for name in leads[:2]:
        rules[name]["then"] = {"lead": "WEL"}
    rules[leads[2]]["then"] = {**rules[leads[2]]["then"], "notices": "nothing_to_guardians"}
    rules[more[0]]["when"] = {**rules[more[0]]["when"], "hours": "closed"}
    rules[more[1]]["then"] = {"recipients": "YOU"}
    del rules[more[2]]
    raw = {**document.raw, "rule": list(rules.values())}
    return build(vocabulary(categories), [Document("edited", document.text, raw)])


def _further(name: str, categories: int, chance: random.Random) -> str:
    chosen = chance.sample(range(categories), chance.randint(1, 3))
    words = ", ".join(f'"category_{number}"' for number in chosen)
    asked = [f"categories = {{ any = [{words}] }}"]
    for field in chance.sample(_ASKED, chance.randint(1, 3)):
        asked.append(f"{field} = {_VALUES[field][chance.randrange(len(_VALUES[field]))]}")
    if chance.random() < 0.5:
        asked.append(f'age = "{chance.choice(_AGES)}"')
    kind = chance.choice(("SOC", "POL", "ANK", "HEA", "YOU", "WEL", "PRI"))
    then = chance.choice(
        (
            f'recipients = "{kind}"',
            f'recipients = "{kind}", clocks = {{ {kind} = "lsl26_start" }}',
            f'desk = {{ {kind} = "triage" }}',
            'notices = "nothing_to_guardians"',
        )
    )
    return one_rule(name, "county", chance.choice(("soc_care", "lsl25")), ", ".join(asked), then)


_VALUES = {
    "child_role": ('"suspected"', '"victim"', '["witness", "other"]'),
    "reporter_kind": ('"professional"', '"private_person"', '["guardian", "child"]'),
    "sector": ('"school"', '"health"', '["youth", "hobby"]', '"police"'),
    "threat_to_life": ('"none"', '"to_self"', '"to_others"'),
    "crime_against_child": ('"none"', '["sexual", "violence"]', '"suspected"'),
    "weapon": ('"yes"', '"no"'),
}


def one_rule(name: str, tier: str, basis: str, when: str, then: str, more: str = "") -> str:
    """The text of one rule."""
    named = f'basis = "{basis}"\n' if basis else ""
    return f"""
[[rule]]
id = "{name}"
tier = "{tier}"
{named}{more}
title = {{ fi = "Sääntö {name}", sv = "Regel {name}" }}
because = {{ fi = "Koska {name}.", sv = "Emedan {name}." }}
when = {{ {when} }}
then = {{ {then} }}
"""


def _basis(name: str) -> str:
    return f"""
[[basis]]
id = "{name}"
kind = "default"
valid_from = 2026-01-01
text = {{ fi = "Peruste {name}", sv = "Grund {name}" }}
"""


HEAD = _SET + "".join(map(_basis, ("soc_care", "secrecy", "rl15_10", "shl35", "lsl25")))
"""The text of a set before its rules."""


def random_facts(vocabulary: Vocabulary, count: int, seed: int = 1) -> list[dict[str, object]]:
    """Random facts of one world each."""
    chance = random.Random(seed)  # noqa: S311  (invented facts, no secrets)
    found = []
    for _ in range(count):
        facts: dict[str, object] = {
            field.name: chance.choice(field.values)
            for field in vocabulary.fields.values()
            if field.kind is not FieldKind.SET
        }
        for field in vocabulary.fields.values():
            if field.kind is FieldKind.SET:
                members = set(chance.sample(field.values, chance.randint(0, 2)))
                facts[field.name] = frozenset(members | {facts["primary"]})
        found.append(facts)
    return found
