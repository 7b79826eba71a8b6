"""A protected address (turvakielto, 661/2009 §36): what is masked until somebody gives a reason."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from intake.domain.directory import Kind
from intake.domain.report import section_of

TELL_THE_PLACE = frozenset({Kind.PRI, Kind.YOU})
"""Kinds of agency whose name says where a child goes to school or lives."""
TELL_PROTECTION = frozenset({"identity", "place"})
"""Kinds of section that say whether an address is protected."""
KEPT = "turvakielto"


class Need(StrEnum):
    """For what a place is needed that is protected."""

    REACH_CHILD = "reach_child"
    COMPETENCE = "competence"
    SAFETY = "safety"
    RECORD = "record"
    OTHER = "other"


def is_protected(sections: Mapping[str, Any]) -> bool:
    """Whether the address of any child may be; *unknown* counts as yes. Siblings tell where the
    others are, so one masks all.
    """
    return any(
        part and (part.get("protected") or part.get(KEPT, "no") != "no")
        for slot, part in sections.items()
        if section_of(slot) in TELL_PROTECTION
    )


def is_open(sections: Mapping[str, Any]) -> bool:
    """Whether it is known that no child's address is protected."""
    known = (slot for slot, part in sections.items() if part and section_of(slot) == "identity")
    return any(known) and not is_protected(sections)


def masked(sections: Mapping[str, Any]) -> dict[str, Any]:
    """The sections with nothing of where the children live, go to school or are, if any of them is
    protected; else as they are. A guardian's contact details often are the child's address.
    """
    if not is_protected(sections):
        return dict(sections)
    return {slot: _without_place(slot, part) for slot, part in sections.items()}


def _without_place(slot: str, part: Any) -> Any:
    if section_of(slot) == "place" and part:
        return {KEPT: part.get(KEPT, "unknown")}
    if slot == "guardians":
        return [{k: v for k, v in each.items() if k != "contact" or not v} for each in part]
    return part
