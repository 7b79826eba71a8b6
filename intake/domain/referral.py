"""A referral: one report at one agency, its states and the table of its moves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from intake.domain.people import AGENCY_ROLES, Role


class State(StrEnum):
    """Where a referral stands. *Opened* is an event, not a state."""

    SENT = "sent"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    CANARY = "canary"
    """Of an invented report that tries a route: no move is open, and nothing shows or counts it."""


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
    HAND_OVER = "hand_over"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    TAKE_OVER = "take_over"


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
    """When a move is open to an agency, to whom there, and what it must be told.

    ``leads_to``: None where the state stays, and for *withdraw*, which gives back the former one.
    ``standby``: made by the desk that stands by, not by the referral's own agency.
    """

    states: frozenset[State]
    leads_to: State | None = None
    kinds: frozenset[str] | None = None
    not_kinds: frozenset[str] = frozenset()
    roles: frozenset[Role] = AGENCY_ROLES
    asks_reason: bool = False
    asks_day: bool = False
    choices: tuple[str, ...] = ()
    standby: bool = False


OPEN = frozenset({State.SENT, State.ACCEPTED})
"""The states in which an agency has the report and clocks run."""
DONE = frozenset(State) - OPEN - {State.CANARY}
"""The states in which its part has ended."""
_SENT = frozenset({State.SENT})
_ACCEPTED = frozenset({State.ACCEPTED})
_MOVED = frozenset({State.RETURNED, State.HANDED_OVER})
_SOCIAL = frozenset({"SOC"})
_HEAD = frozenset({Role.HEAD})

MOVES: dict[Move, MoveRule] = {
    Move.RECORD_URGENCY: MoveRule(OPEN, kinds=_SOCIAL, choices=tuple(Urgency)),
    Move.ACCEPT: MoveRule(_SENT, leads_to=State.ACCEPTED),
    Move.RETURN: MoveRule(OPEN, leads_to=State.RETURNED, not_kinds=_SOCIAL, asks_reason=True),
    Move.HAND_OVER: MoveRule(OPEN, leads_to=State.HANDED_OVER, asks_reason=True),
    Move.ASSESSMENT_STARTED: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True),
    Move.ASSESSMENT_NOT_NEEDED: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True, asks_reason=True),
    Move.ALREADY_CLIENT: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True, asks_reason=True),
    Move.ASSESSMENT_COMPLETE: MoveRule(_ACCEPTED, kinds=_SOCIAL, asks_day=True),
    Move.RESPOND: MoveRule(_ACCEPTED, choices=tuple(Response)),
    Move.HAND_IN: MoveRule(_ACCEPTED),
    Move.CLOSE: MoveRule(_ACCEPTED, leads_to=State.CLOSED),
    Move.REOPEN: MoveRule(
        frozenset({State.CLOSED}), leads_to=State.ACCEPTED, roles=_HEAD, asks_reason=True
    ),
    Move.WITHDRAW: MoveRule(_MOVED, asks_reason=True),
    Move.TAKE_OVER: MoveRule(_SENT, leads_to=State.HANDED_OVER, asks_reason=True, standby=True),
}
"""The one table of moves. A reason is asked for *close* too while a deadline is not met."""


def moves_open(
    state: State,
    kind: str,
    *,
    roles: Collection[Role] = AGENCY_ROLES,
    reported_offence: bool,
    open_clocks: Collection[str],
    done: Collection[Move],
    successor: State | None = None,
) -> tuple[Move, ...]:
    """The moves that ``kind`` of agency may make now on a referral of its own, as in the table.

    ``roles``: those that the person holds there. ``reported_offence``: police cannot return a
    reported offence. ``open_clocks``: clock ids not met yet. ``done``: moves already recorded;
    those that happen once are not offered again. ``successor``: the state of the referral that
    this one was sent on as; only while it is *sent* can that be withdrawn.
    """
    return tuple(
        move
        for move, rule in MOVES.items()
        if state in rule.states
        and not rule.standby
        and not rule.roles.isdisjoint(roles)
        and (rule.kinds is None or kind in rule.kinds)
        and kind not in rule.not_kinds
        and not (move is Move.RETURN and kind == "POL" and reported_offence)
        and not (move in _ONCE and move in done)
        and not (move in ASSESSING and ASSESSING[move] not in open_clocks)
        and not (move is Move.WITHDRAW and not _may_withdraw(done, successor))
    )


def is_news(move: Move) -> bool:
    """Whether the reporter's status shows the move: a change of state, or a response."""
    return MOVES[move].leads_to is not None or move is Move.RESPOND


def former_state(done: Collection[Move]) -> State:
    """The state of a referral before it was sent on, by the moves recorded on it."""
    return State.ACCEPTED if Move.ACCEPT in done else State.SENT


_ONCE = frozenset({Move.RECORD_URGENCY, Move.HAND_IN})
ASSESSING: dict[Move, str] = {
    Move.ASSESSMENT_STARTED: "lsl26_start",
    Move.ASSESSMENT_NOT_NEEDED: "lsl26_complete",
    Move.ALREADY_CLIENT: "lsl26_complete",
    Move.ASSESSMENT_COMPLETE: "lsl26_complete",
}
"""The clock of each move of an assessment: without that clock the move has no meaning."""


def _may_withdraw(done: Collection[Move], successor: State | None) -> bool:
    """What another took over was never this agency's own sending."""
    return successor is State.SENT and Move.TAKE_OVER not in done
