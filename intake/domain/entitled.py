"""Which facts of the rules an agency may know: those that follow from the sections it gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from intake.domain.facts import Facts
from intake.domain.report import CONSENT_KINDS, Worry, section_of

CONSENTS = tuple(f"consent_{kind.lower()}" for kind in CONSENT_KINDS)
SECTION_OF: Mapping[str, str] = {
    **dict.fromkeys(("primary", "categories", "urgency", "may_need_protection"), "concern"),
    **dict.fromkeys(("made_together", "crime_against_child", "child_role"), "concern"),
    **dict.fromkeys(("threat_to_life", "weapon", *CONSENTS), "concern"),
    **dict.fromkeys(("reporter_kind", "sector"), "reporter"),
    **dict.fromkeys(("age", "unborn", "protected"), "identity"),
    "guardian_suspected": "guardians",
    # An office, an agreement and a school's term are those of where the child lives.
    **dict.fromkeys(("residence", "school", "agreement", "hours", "school_term"), "place"),
}
"""The section of the report that holds each fact, or what it follows from."""
OF_ONE_CHILD = ("age", "unborn", "residence", "school", "agreement", "hours", "school_term")
"""The facts in which children of one report differ."""

Known = dict[str, Any]
"""``facts``: those of the whole report; ``children``: by number the ``facts`` of each child and the
``areas`` whose rules decided, without which nobody may learn where the child lives."""


def known_facts(
    worry: Worry,
    facts: Sequence[Facts],
    areas: Sequence[Sequence[str]],
    slots: Collection[str],
) -> Known:
    """What an agency with these slots may know of each child whose identity it gets.

    A consent also tells of a guardian where it rests on the guardian's word: who does not get the
    guardians is not told it then. That one child's address is protected shows in all of them, so
    it is told to those who get all.
    """
    numbers = [n for n in range(1, len(facts) + 1) if f"identity_{n}" in slots]
    sections = set(map(section_of, slots))
    kept_back = set() if len(numbers) == len(facts) else {"protected"}
    if "guardians" not in sections:
        kept_back |= {
            name
            for name, kind in zip(CONSENTS, CONSENT_KINDS, strict=True)
            if worry.consent.covers(kind) != worry.consent.covers(kind, guardian_counts=False)
        }
    return {
        "facts": {
            name: facts[0][name]
            for name, section in SECTION_OF.items()
            if section in sections and name not in OF_ONE_CHILD and name not in kept_back
        },
        "children": {
            str(n): {
                "facts": {
                    name: facts[n - 1][name]
                    for name in OF_ONE_CHILD
                    if f"{SECTION_OF[name]}_{n}" in slots
                },
                **({"areas": areas[n - 1]} if f"place_{n}" in slots else {}),
            }
            for n in numbers
        },
    }


def handed_on(known: Mapping[str, Any], slots: Collection[str]) -> Known | None:
    """What goes along where only these slots are handed on; None where nothing can be explained."""
    sections = set(map(section_of, slots))
    children = {n: child for n, child in known["children"].items() if f"identity_{n}" in slots}
    if not children or "concern" not in sections:
        return None
    kept_back = set() if len(children) == len(known["children"]) else {"protected"}
    if "guardians" not in sections and "guardian_suspected" in known["facts"]:
        kept_back |= set(CONSENTS)  # on whose word they rest is not known any more
    return {
        **known,
        "facts": {
            name: value
            for name, value in known["facts"].items()
            if SECTION_OF.get(name) in sections and name not in kept_back
        },
        "children": {
            n: {
                "facts": {
                    name: value
                    for name, value in child["facts"].items()
                    if f"{SECTION_OF.get(name)}_{n}" in slots
                },
                **{k: v for k, v in child.items() if k == "areas" and f"place_{n}" in slots},
            }
            for n, child in children.items()
        },
    }
