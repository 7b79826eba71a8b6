"""The tables that stand beside the rules in a rule set: clocks, chase steps, quiet hours, standby
desks, handing over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from intake.domain.chase import LONGEST_ID, MOST_DAYS, MOST_MINUTES
from intake.domain.clock import MOST, Clock, ClockInvalid, Kind, Starts
from intake.domain.public_holidays import HOME, is_known
from routing_rules.load import Beside, Context
from routing_rules.problem import mark
from routing_rules.reading import Table, freeze, validity_of
from routing_rules.rule import Basis, BasisKind
from routing_rules.vocabulary import Vocabulary

CHASE_PLANS = ("days", "same_day")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Standby:
    """The named desk that stands by for a silent lead, and on which basis."""

    to: str
    desk: str
    basis: Basis


@dataclass(frozen=True)
class HandOver:
    """A basis on which a person may hand a report over: which kinds may, to which kinds.

    `same_kind` narrows it to an agency of the giver's own kind. `clocks` start at the taker
    beside its kind's usual ones. `asks_consent`: it must be recorded who consented to what.
    """

    id: str
    basis: Basis
    by: tuple[str, ...]
    to: tuple[str, ...]
    same_kind: bool
    clocks: tuple[str, ...]
    asks_consent: bool

    def fits(self, by: str, to: str) -> bool:
        """Tell whether an agency of kind `by` may hand over to one of kind `to` on this basis."""
        return by in self.by and to in self.to and (by == to or not self.same_kind)


def _kinds(vocabulary: Vocabulary) -> tuple[str, ...]:
    return _words(vocabulary, "recipients")


def _words(vocabulary: Vocabulary, output: str) -> tuple[str, ...]:
    found = vocabulary.outputs.get(output)
    return tuple(map(str, found.values)) if found else ()


def _of_the_base(top: Table, key: str, context: Context) -> bool:
    """Whether the table is to be read: a set that extends another one may not have it."""
    if context.base:
        return True
    if top.has(key):
        top.wrong(mark('"%(key)s" is for the set that extends no other'), key=key)
    return False


def _clocks(top: Table, context: Context) -> Mapping[str, Clock]:
    """Read [[clock]]."""
    found: dict[str, Clock] = {}
    for table in top.tables("clock", mark("clock")):
        name = table.word("id", _words(context.vocabulary, "clocks"))
        valid_from, valid_to = validity_of(table)
        clock: dict[str, object] = {
            "id": name,
            "title": table.text("title"),
            "law": table.string("law"),
            **_length(table),
            "met_by": table.words("met_by", context.vocabulary.names.get("moves", ())),
            "valid_from": valid_from,
            "valid_to": valid_to,
        }
        if table.has("today"):
            shorter = table.table("today")
            clock["today"] = _length(shorter)
            shorter.done()
        clock |= _more_of_a_clock(table, clock)
        table.done()
        try:
            found[name] = Clock.parse(clock)
        except ClockInvalid:
            continue  # said above, key by key
    return found


def _more_of_a_clock(table: Table, clock: Mapping[str, object]) -> dict[str, object]:
    """Read what may be left out: what starts it, whose holidays count, and how it is extended."""
    found: dict[str, object] = {}
    if table.has("starts"):
        found["starts"] = table.word("starts", tuple(Starts))
    if table.has("calendar"):
        code = found["calendar"] = table.string("calendar")
        shorter = clock.get("today")
        kinds = (clock["kind"], shorter["kind"] if isinstance(shorter, Mapping) else "")
        if code and not is_known(code):
            table.wrong(mark('no calendar is called "%(word)s"'), word=code)
        elif code != HOME and Kind.SCHOOL_DAYS in kinds:
            table.wrong(mark("school days are known of Finland alone"))
    if table.has("extend"):
        more = found["extend"] = _between(table, "extend", 0, _most_more(clock["kind"]))
        if more and clock["law"]:
            table.wrong(mark("a clock of a law cannot be extended"))
    return found


def _most_more(kind: object) -> int:
    return MOST[Kind(str(kind))] if kind in tuple(Kind) else 0


def _length(table: Table) -> dict[str, object]:
    kind = table.word("kind", tuple(Kind))
    count = table.number("count") if kind != Kind.SAME_DAY or table.has("count") else 0
    if (count == 0) != (kind == Kind.SAME_DAY):
        table.wrong(mark('"count" must be 1 or more, and is left out with "same_day" alone'))
    elif kind in tuple(Kind) and not 0 <= count <= MOST[Kind(kind)]:
        too_many = mark('"count" of "%(kind)s" must be at most %(most)s')
        table.wrong(too_many, kind=kind, most=MOST[Kind(kind)])
    return {"kind": kind, "count": count}


def _chases(top: Table, context: Context) -> Mapping[str, Mapping[str, Any]]:
    """Read [[chase]]: read-only tables with id, plan, clocks, to, working_days and at ("HH:MM") or
    minutes_after_arrival (the others None), allows_standby, repeats (working days, or None) and
    today.

    Plan "same_day" is for deadlines whose kind is same_day, "days" for all others.
    """
    if not _of_the_base(top, "chase", context):
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for table in top.tables("chase", mark("chase step")):
        step: dict[str, Any] = {
            "id": table.string("id"),
            "plan": table.word("plan", CHASE_PLANS),
            "clocks": table.words("clocks", _words(context.vocabulary, "clocks")),
            "to": table.word("to", context.vocabulary.names.get("chase_to", ())),
            "working_days": None,
            "at": None,
            "minutes_after_arrival": None,
            "allows_standby": table.flag("allows_standby"),
            "repeats": None,
            "today": table.flag("today"),
        }
        if len(step["id"]) > LONGEST_ID:
            too_long = mark('"%(key)s" must have at most %(most)s characters')
            table.wrong(too_long, key="id", most=LONGEST_ID)
        if table.has("minutes_after_arrival") == table.has("working_days"):
            table.wrong(mark('needs "working_days" with "at", or "minutes_after_arrival"'))
        elif table.has("working_days"):
            step["working_days"] = _between(table, "working_days", -MOST_DAYS, MOST_DAYS)
            step["at"] = _time(table, "at")
            if table.has("repeats"):
                step["repeats"] = _between(table, "repeats", 1, MOST_DAYS)
        else:
            minutes = _between(table, "minutes_after_arrival", 1, MOST_MINUTES)
            step["minutes_after_arrival"] = minutes
        table.done()
        found[step["id"]] = MappingProxyType({key: freeze(value) for key, value in step.items()})
    return found


def _time(table: Table, key: str) -> str:
    said = table.string(key)
    if not _TIME.fullmatch(said):
        table.wrong(mark('"%(key)s" must be a time such as "09:00"'), key=key)
    return said


def _quiet(top: Table, context: Context) -> Mapping[str, str]:
    """Read [quiet], which may be absent: from and to ("HH:MM", local time)."""
    if not top.has("quiet") or not _of_the_base(top, "quiet", context):
        return {}
    table = top.table("quiet")
    hours = {key: _time(table, key) for key in ("from", "to")}
    if hours["from"] == hours["to"]:
        table.wrong(mark('"from" and "to" must differ'))
    table.done()
    return hours


def _between(table: Table, key: str, least: int, most: int) -> int:
    number = table.number(key)
    if type(table.get(key)) is int and not least <= number <= most:
        between = mark('"%(key)s" must be from %(least)s to %(most)s')
        table.wrong(between, key=key, least=least, most=most)
    return number


def _standby(top: Table, context: Context) -> Mapping[str, Standby]:
    """Read [standby]: for each kind that may lead, the desk that stands by for it."""
    if not _of_the_base(top, "standby", context):
        return {}
    kinds = _kinds(context.vocabulary)
    leads = [kind for kind in _words(context.vocabulary, "lead") if kind in kinds]
    table = top.table("standby")
    found = {}
    for kind in leads:
        one = table.table(kind)
        to = one.word("to", kinds)
        desk = one.word("desk", _words(context.vocabulary, "desk"))
        basis = context.bases.get(one.word("basis", tuple(context.bases)))
        if basis is not None:
            found[kind] = Standby(to, desk, basis)
        one.done()
    table.done()
    return found


def _hand_overs(top: Table, context: Context) -> Mapping[str, HandOver]:
    """Read [[hand_over]]: between which kinds a person may hand over on which basis.

    The basis is a law or consent: what is only a placeholder is nobody's to choose.
    """
    if not _of_the_base(top, "hand_over", context):
        return {}
    kinds, clocks = _kinds(context.vocabulary), _words(context.vocabulary, "clocks")
    found = {}
    for table in top.tables("hand_over", mark("hand-over")):
        basis = context.bases.get(table.word("basis", tuple(context.bases)))
        hand_over = (
            table.string("id"),
            table.words("by", kinds),
            table.words("to", kinds),
            table.flag("same_kind"),
            table.words("clocks", clocks) if table.has("clocks") else (),
            table.flag("asks_consent"),
        )
        table.done()
        if basis is None:
            continue
        if basis.kind is BasisKind.DEFAULT:
            placeholder = mark('basis "%(basis)s" names neither a law nor consent')
            table.wrong(placeholder, basis=basis.id)
        name, by, to, same_kind, starts, asks = hand_over
        asks = asks or basis.kind is BasisKind.CONSENT
        found[name] = HandOver(name, basis, by, to, same_kind, starts, asks)
    return found


BESIDE: Beside = {
    "clock": _clocks,
    "chase": _chases,
    "quiet": _quiet,
    "standby": _standby,
    "hand_over": _hand_overs,
}
"""What reads the tables beside the rules."""
