"""The shipped rule set, loaded once, and random facts for it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from routing_rules.load import load_checked
from routing_rules.vocabulary import FieldKind, Vocabulary

PATH = Path(__file__).parents[2] / "routing_rules" / "rulesets" / "ita-uusimaa.toml"
SHIPPED = load_checked(PATH)


@st.composite
def facts_of(draw: st.DrawFn, vocabulary: Vocabulary) -> dict[str, object]:
    """Any full set of facts of one world."""
    facts: dict[str, object] = {
        field.name: draw(st.sampled_from(field.values))
        for field in vocabulary.fields.values()
        if field.kind is not FieldKind.SET
    }
    for field in vocabulary.fields.values():
        if field.kind is FieldKind.SET:
            facts[field.name] = draw(st.frozensets(st.sampled_from(field.values), max_size=4))
    key = vocabulary.lead_key
    if key is not None and key.member_of is not None:
        members = facts[key.member_of]
        assert isinstance(members, frozenset)
        facts[key.member_of] = members | {facts[key.name]}
    return facts
