"""A second, tiny vocabulary that knows nothing of children: parcels and who handles them."""

from __future__ import annotations

from pathlib import Path

from routing_rules.load import load
from routing_rules.ruleset import RuleSet

VOCABULARY = """
recipients = ["DOCK", "LAB", "SAFE"]
desks = ["counter", "night"]
sections = ["label", "content"]
clocks = ["weigh", "cool"]
notices = ["ask_sender", "fragile"]
tiers = ["law", "house", "default"]
leads = ["SAFE", "LAB", "DOCK"]
moves = ["weighed"]
chase_to = ["clerk"]

[fields.main]
kind = "one"
member_of = "marks"
values = ["fragile", "cold", "heavy"]

[fields.marks]
kind = "set"
values = ["fragile", "cold", "heavy"]

[fields.weight]
kind = "integer"
from = 0
to = 9
unknown_to = 8

[fields.paid]
kind = "one"
values = ["yes", "no"]
"""

HEAD = """
[ruleset]
id = "parcels"
title = { fi = "Paketit", sv = "Paket", en = "Parcels" }
valid_from = 2026-01-01

[recipient]
DOCK = { sections = ["label", "content"], clocks = ["weigh"] }
LAB = { sections = ["label"], clocks = ["weigh"] }
SAFE = { sections = ["label"], clocks = ["weigh"] }

[[basis]]
id = "custom"
kind = "default"
valid_from = 2026-01-01
text = { fi = "Tapa", sv = "Sed", en = "Custom" }

[standby]
DOCK = { to = "DOCK", desk = "night", basis = "custom" }
LAB = { to = "DOCK", desk = "night", basis = "custom" }
SAFE = { to = "DOCK", desk = "night", basis = "custom" }

[[clock]]
id = "weigh"
title = { fi = "Punnitus", sv = "Vägning", en = "Weighed" }
law = ""
kind = "hours"
count = 4
met_by = ["weighed"]
valid_from = 2026-01-01

[[clock]]
id = "cool"
title = { fi = "Jäähdytys", sv = "Kylning", en = "Cooled" }
law = ""
kind = "same_day"
met_by = ["weighed"]
valid_from = 2026-01-01
"""

FACTS: dict[str, object] = {"main": "heavy", "marks": {"heavy"}, "weight": 3, "paid": "yes"}


def rule(name: str, then: str, when: str = "", *, tier: str = "house", more: str = "") -> str:
    """One [[rule]] table as text; `more` adds lines."""
    return f"""
[[rule]]
id = "{name}"
tier = "{tier}"
basis = "custom"
title = {{ fi = "Otsikko", sv = "Rubrik", en = "Title of {name}" }}
because = {{ fi = "Koska", sv = "Emedan", en = "Because" }}
when = {{ {when} }}
then = {{ {then} }}
{more}
"""


DEFAULT = rule("default", 'lead = "DOCK"', tier="default")


def write(folder: Path, text: str, vocabulary: str = VOCABULARY) -> Path:
    """Write the rule file and its vocabulary; return the rule file's path."""
    (folder / "vocabulary.toml").write_text(vocabulary, "utf-8")
    path = folder / "parcels.toml"
    path.write_text(text, "utf-8")
    return path


def parcels(folder: Path, *rules: str, head: str = HEAD) -> RuleSet:
    """Load a rule set made of the head and these rules."""
    return load(write(folder, head + "".join(rules)))
