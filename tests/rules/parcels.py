"""A second vocabulary that knows nothing of children: parcels, and who handles them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from routing_rules.load import Beside, Context, load
from routing_rules.problem import mark
from routing_rules.reading import Table
from routing_rules.ruleset import RuleSet

VOCABULARY = """
tiers = ["law", "house", "default"]

[outputs.recipients]
policy = "collect union"
values = ["DOCK", "LAB", "SAFE"]
based = true

[outputs.lead]
policy = "first by tier"
values = ["SAFE", "LAB", "DOCK", "nobody"]
joins = "recipients"
key = "main"

[outputs.desk]
policy = "collect min"
per = "recipients"
values = ["night", "side", "counter"]
otherwise = "counter"

[outputs.sections]
policy = "collect union"
per = "recipients"
beside = true
usual = "unless stated"
values = ["label", "content"]

[outputs.clocks]
policy = "collect union"
per = "recipients"
beside = true
usual = "always"
values = ["weigh", "cool"]

[outputs.alert]
policy = "or"

[outputs.notices]
policy = "collect union"
values = ["ask_sender", "fragile"]

[outputs.withhold]
policy = "collect union"
takes_from = "recipients"

[outputs.withhold_sections]
policy = "collect union"
per = "recipients"
takes_from = "sections"

[names]
floors = ["cellar", "attic"]

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

[usual]
DOCK = { sections = ["label", "content"], clocks = ["weigh"] }
LAB = { sections = ["label"], clocks = ["weigh"] }
SAFE = { sections = ["label"], clocks = ["weigh"] }

[[basis]]
id = "custom"
kind = "default"
valid_from = 2026-01-01
text = { fi = "Tapa", sv = "Sed", en = "Custom" }
"""

SHELF = """
[[shelf]]
id = "cold-room"
floor = "cellar"
places = 40
for = ["LAB"]
basis = "custom"
"""

SHELF_NOUN = "shelf"
FACTS: dict[str, object] = {"main": "heavy", "marks": {"heavy"}, "weight": 3, "paid": "yes"}


def _shelves(top: Table, context: Context) -> Mapping[str, object]:
    """Read [[shelf]], a table beside the rules that the engine knows nothing of."""
    found: dict[str, object] = {}
    if not context.base and top.has("shelf"):
        top.wrong(mark('"%(key)s" is for the set that extends no other'), key="shelf")
    kinds = [str(value) for value in context.vocabulary.outputs["recipients"].values]
    for table in top.tables("shelf", SHELF_NOUN):
        floor = table.word("floor", context.vocabulary.names["floors"])
        places, kept_for = table.number("places"), table.words("for", kinds)
        basis = table.word("basis", tuple(context.bases))
        table.done()
        found[table.string("id")] = (floor, places, kept_for, basis)
    return found


SHELVES: Beside = {"shelf": _shelves}


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


def over(name: str, extends: str = "parcels", more: str = "") -> str:
    """The head of a set over another one; `more` adds lines to it."""
    return f"""
[ruleset]
id = "{name}"
extends = "{extends}"
tier = "house"
title = {{ fi = "Talo", sv = "Hus" }}
valid_from = 2026-01-01
{more}
"""


def write(folder: Path, text: str, vocabulary: str = VOCABULARY, name: str = "parcels") -> Path:
    """Write a set and the vocabulary; return the set's path."""
    (folder / "vocabulary.toml").write_text(vocabulary, "utf-8")
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


def parcels(folder: Path, *rules: str, head: str = HEAD) -> RuleSet:
    """Load a rule set made of the head and these rules."""
    return load(write(folder, head + "".join(rules)), beside=SHELVES)
