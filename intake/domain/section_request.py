"""Asking the lead agency for a further section of a report: the states, and what may be asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from intake.domain.report import section_of


class RequestState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


FOLLOWS: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.ASKED: frozenset({RequestState.GRANTED, RequestState.REFUSED}),
    RequestState.GRANTED: frozenset({RequestState.WITHDRAWN}),
    RequestState.REFUSED: frozenset(),
    RequestState.WITHDRAWN: frozenset(),
}
"""The one table of its moves: the lead agency's, or of who withdraws the report from that."""

_OF_ALL = ("concern", "reporter", "guardians", "health")
_OF_A_CHILD = ("identity", "place")


def may_be_asked(held: Collection[str]) -> tuple[str, ...]:
    """The slots that an agency may name which holds these: of the children that it knows of, else
    of the first. How many there are it is not told.
    """
    numbers = sorted({slot.partition("_")[2] for slot in held} - {""}) or ["1"]
    slots = [*_OF_ALL, *(f"{section}_{n}" for n in numbers for section in _OF_A_CHILD)]
    return tuple(slot for slot in slots if slot not in held)


def may_be_given(asked: Collection[str], held: Collection[str]) -> tuple[str, ...]:
    """The slots that the lead may give: of the kinds that were asked for, of each child that it
    holds, for the asker cannot know their numbers.
    """
    kinds = set(map(section_of, asked))
    return tuple(slot for slot in held if slot != "reasons" and section_of(slot) in kinds)
