"""Sets that load well and are written to make a proof take for ever."""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.invented_rules import HEAD, load_text, one_rule
from routing_rules.ruleset import RuleSet

CATEGORIES = 16
KINDS = ("SOC", "POL", "ANK", "HEA", "YOU", "WEL", "PRI")
ASKED = {
    "child_role": ("suspected", "victim", "witness", "other"),
    "reporter_kind": ("professional", "private_person", "guardian", "child"),
    "sector": ("school", "health", "youth", "hobby", "police"),
    "threat_to_life": ("none", "to_self", "to_others"),
    "urgency": ("normal", "today", "emergency"),
}


def withholding(chance: random.Random, name: str) -> str:
    """Many give what many others withhold."""
    if chance.random() < 0.5:
        then = f'withhold = {_kinds(chance)}, withhold_sections = {{ SOC = ["health"] }}'
    else:
        then = f"recipients = {_kinds(chance)}"
    return one_rule(name, "county", "secrecy", _when(chance, 2), then)


def overlapping(chance: random.Random, name: str) -> str:
    """Many boxes that nearly cover everything, each a little."""
    return one_rule(name, "county", "lsl25", _when(chance, 1), 'lead = "SOC"')


def joining(chance: random.Random, name: str) -> str:
    """Many leads that are nobody, and many recipients that stand in for them."""
    then, tier, more = chance.choice(
        (
            ('lead = "nobody"', "county", ""),
            (f'recipients = {_kinds(chance)}, desk = {{ SOC = "triage" }}', "county", ""),
            (f'lead = "{chance.choice(KINDS)}"', "default", "fallback = true"),
        )
    )
    return one_rule(name, tier, "lsl25", _when(chance, 2), then, more)


def leading(chance: random.Random, name: str) -> str:
    """Many leads of every tier."""
    tier = chance.choice(("law", "county", "municipality", "default"))
    then = f'lead = "{chance.choice(KINDS)}"'
    return one_rule(name, tier, "lsl25", _when(chance, 3), then)


def spiteful(rule: Callable[[random.Random, str], str], count: int, seed: int = 1) -> RuleSet:
    """A set of such rules, and one for all the rest."""
    chance = random.Random(seed)  # noqa: S311  (invented rules, no secrets)
    rules = [rule(chance, f"r{number}") for number in range(count)]
    rest = one_rule("rest", "default", "lsl25", "", 'lead = "SOC"', "fallback = true")
    return load_text(HEAD + "".join(rules) + rest, CATEGORIES)


def _kinds(chance: random.Random) -> str:
    return f"[{', '.join(map(_quoted, chance.sample(KINDS, 4)))}]"


def _when(chance: random.Random, fields: int) -> str:
    asked = []
    for field in chance.sample(sorted(ASKED), fields):
        values = ASKED[field]
        some = chance.sample(values, chance.randint(1, len(values) - 1))
        asked.append(f"{field} = [{', '.join(map(_quoted, some))}]")
    first = chance.randint(0, 17)
    asked.append(f'age = "{first}-{chance.randint(first, 18)}"')
    for kind in chance.sample(KINDS[2:], 2):
        asked.append(f'consent_{kind.lower()} = "{chance.choice(("yes", "no"))}"')
    members = chance.sample(range(CATEGORIES), chance.randint(6, 12))
    named = ", ".join(f'"category_{member}"' for member in members)
    return ", ".join([*asked, f"categories = {{ any = [{named}] }}"])


def _quoted(word: str) -> str:
    return f'"{word}"'
