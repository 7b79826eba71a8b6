"""A referral: one report at one agency, its states and the table of its moves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a referral stands. *Opened* is an event, not a state."""

    SENT = "sent"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


class Move(StrEnum):
    """What an agency does with a referral; also the names that a clock's ``met_by`` lists."""

    RECORD_URGENCY = "record_urgency"
    ACCEPT = "accept"
    RETURN = "return"
    ASSESSMENT_STARTED = "assessment_started"
    ASSESSMENT_NOT_NEEDED = "assessment_not_needed"
    ALREADY_CLIENT = "already_client"
    ASSESSMENT_COMPLETE = "assessment_complete"
    RESPOND = "respond"
    HAND_IN = "hand_in"
    CLOSE = "close"


class Response(StrEnum):
    """The class of a recorded response: all that the reporter ever learns of it."""

    CONTACTED = "contacted"
    MEETING_OFFERED = "meeting_offered"
    SUPPORT_STARTED = "support_started"
    ALREADY_SUPPORTED = "already_supported"
    GUIDED_ONWARD = "guided_onward"
    NO_MEASURES = "no_measures"


class Urgency(StrEnum):
    """The agency's own word on urgency (lastensuojelulaki §26)."""

    URGENT = "urgent"
    NOT_URGENT = "not_urgent"


@dataclass(frozen=True)
class MoveRule:
    """When a move is open to an agency and what it must be told."""

    states: frozenset[State]
    leads_to: State | None = None
    kinds: frozenset[str] | None = None
    not_kinds: frozenset[str] = frozenset()
    asks_reason: bool = False
    asks_day: bool = False


OPEN = frozenset({State.SENT, State.ACCEPTED})
"""The states in which an agency has the report and clocks run."""
_ACCEPTED = frozenset({State.ACCEPTED})
_SOCIAL = frozenset({"SOC"})

MOVES: dict[Move, MoveRule] = {
    Move.RECORD_URGENCY: MoveRule(OPEN, kinds=_SOCIAL),
    Move.ACCEPT: MoveRule(frozenset({State.SENT}), leads_to=State.ACCEPTED),
    Move.RETURN: MoveRule(OPEN, leads_to=State.RETURNED, not_kinds=_SOCIAL, asks_reason=True),
    Move.ASSESSMENT_STARTED: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True),
    Move.ASSESSMENT_NOT_NEEDED: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True, asks_reason=True),
    Move.ALREADY_CLIENT: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True, asks_reason=True),
    Move.ASSESSMENT_COMPLETE: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True),
    Move.RESPOND: MoveRule(_ACCEPTED),
    Move.HAND_IN: MoveRule(_ACCEPTED),
    Move.CLOSE: MoveRule(_ACCEPTED, leads_to=State.CLOSED),
}


def moves_open(
    state: State,
    kind: str,
    *,
    reported_offence: bool,
    open_clocks: Collection[str],
    done: Collection[Move],
) -> tuple[Move, ...]:
    """The moves that ``kind`` of agency may make now, in the order of the table.

    ``reported_offence``: police cannot return a reported offence. ``open_clocks``: clock ids not
    met yet. ``done``: moves already recorded; those that happen once are not offered again.
    """
    return tuple(
        move
        for move, rule in MOVES.items()
        if state in rule.states
        and (rule.kinds is None or kind in rule.kinds)
        and kind not in rule.not_kinds
        and not (move is Move.RETURN and kind == "POL" and reported_offence)
        and not (move in _ONCE and move in done)
        and not (move in ASSESSING and not _assessing(move, open_clocks))
    )


_ONCE = frozenset({Move.RECORD_URGENCY, Move.HAND_IN})
ASSESSING: dict[Move, str] = {
    Move.ASSESSMENT_STARTED: "lsl26_start",
    Move.ASSESSMENT_NOT_NEEDED: "lsl26_complete",
    Move.ALREADY_CLIENT: "lsl26_complete",
    Move.ASSESSMENT_COMPLETE: "lsl26_complete",
}
"""The clock of each move of an assessment: without that clock the move has no meaning."""


def _assessing(move: Move, open_clocks: Collection[str]) -> bool:
    """An assessment move is offered while a clock that it meets is running."""
    return ASSESSING[move] in open_clocks
