"""The shipped rules, loaded once: the base, those of one area, and random facts for them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hypothesis import strategies as st

from intake.domain.rule_tables import BESIDE
from routing_rules.book import load_book
from routing_rules.vocabulary import FieldKind, Vocabulary

FOLDER = Path(__file__).parents[2] / "routing_rules" / "rulesets"
BOOK = load_book(FOLDER, date(2026, 6, 1), BESIDE)
BASE = BOOK.base
SHIPPED = BOOK.table("porvoo")


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
