"""The tables beside the rules: clocks, chase steps, standby desks, handing over, worked cases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from routing_rules.reading import Table, freeze
from routing_rules.rule import Basis, BasisKind, Case, HandOver, Standby
from routing_rules.vocabulary import FactsInvalid, Vocabulary

CLOCK_KINDS = ("same_day", "working_days", "school_days", "months", "hours")
CHASE_PLANS = ("days", "same_day")
EXPECTATIONS = (
    "lead",
    "recipients",
    "withheld",
    "clocks",
    "desk",
    "sections",
    "alert",
    "notices",
    "uncertain",
)
NOBODY = "nobody"


def clocks(top: Table, vocabulary: Vocabulary) -> tuple[Mapping[str, object], ...]:
    """Read [[clock]]: read-only tables with id, title, law (may be empty: local practice), kind,
    count (0 with same_day), met_by, valid_from, valid_to and today ({kind, count} or None)."""
    found = []
    for table in top.tables("clock", "clock"):
        name = table.word("id", vocabulary.clocks)
        valid_from, valid_to = table.validity()
        clock: dict[str, object] = {
            "id": name,
            "title": table.text("title"),
            "law": table.string("law"),
            **_length(table),
            "met_by": table.words("met_by", vocabulary.moves),
            "valid_from": valid_from,
            "valid_to": valid_to,
            "today": None,
        }
        if table.has("today"):
            shorter = table.table("today")
            clock["today"] = _length(shorter)
            shorter.done()
        table.done()
        found.append(clock)
    return tuple(MappingProxyType({k: freeze(v) for k, v in clock.items()}) for clock in found)


def _length(table: Table) -> dict[str, object]:
    kind = table.word("kind", CLOCK_KINDS)
    count = table.number("count") if kind != "same_day" or table.has("count") else 0
    if (count == 0) != (kind == "same_day") or count < 0:
        table.wrong('"count" must be above 0, and is left out with "same_day" alone')
    return {"kind": kind, "count": count}


def chases(top: Table, vocabulary: Vocabulary) -> tuple[Mapping[str, object], ...]:
    """Read [[chase]]: read-only tables with id, plan, clocks, to, working_days and at ("HH:MM") or
    minutes_after_arrival (the others None), and allows_standby.

    Plan "same_day" is for deadlines whose kind is same_day, "days" for all others.
    """
    found = []
    for table in top.tables("chase", "chase step"):
        step: dict[str, object] = {
            "id": table.string("id"),
            "plan": table.word("plan", CHASE_PLANS),
            "clocks": table.words("clocks", vocabulary.clocks),
            "to": table.word("to", vocabulary.chase_to),
            "working_days": None,
            "at": None,
            "minutes_after_arrival": None,
            "allows_standby": table.flag("allows_standby"),
        }
        if table.has("minutes_after_arrival") == table.has("working_days"):
            table.wrong('needs "working_days" with "at", or "minutes_after_arrival"')
        elif table.has("working_days"):
            step["working_days"] = table.number("working_days")
            step["at"] = table.string("at")
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(step["at"])):
                table.wrong('"at" must be a time such as "09:00"')
        else:
            step["minutes_after_arrival"] = table.number("minutes_after_arrival")
        table.done()
        found.append(MappingProxyType(step))
    return tuple(found)


def standby(
    table: Table, vocabulary: Vocabulary, bases: Mapping[str, Basis]
) -> Mapping[str, Standby]:
    """Read [standby]: for each kind that may lead, the desk that stands by for it."""
    found = {}
    for kind in vocabulary.leads:
        one = table.table(kind)
        to = one.word("to", vocabulary.recipients)
        desk = one.word("desk", vocabulary.desks)
        basis = bases.get(one.word("basis", tuple(bases)))
        if basis is not None:
            found[kind] = Standby(to, desk, basis)
        one.done()
    table.done()
    return MappingProxyType(found)


def hand_overs(
    top: Table, vocabulary: Vocabulary, bases: Mapping[str, Basis]
) -> tuple[HandOver, ...]:
    """Read [[hand_over]]: between which kinds a person may hand over on which basis.

    The basis is a law or consent: what is only a placeholder is nobody's to choose.
    """
    found = []
    for table in top.tables("hand_over", "hand-over"):
        basis = bases.get(table.word("basis", tuple(bases)))
        hand_over = (
            table.string("id"),
            table.words("by", vocabulary.recipients),
            table.words("to", vocabulary.recipients),
            table.flag("same_kind"),
            table.words("clocks", vocabulary.clocks) if table.has("clocks") else (),
            table.flag("asks_consent"),
        )
        table.done()
        if basis is None:
            continue
        if basis.kind is BasisKind.DEFAULT:
            table.wrong(f'basis "{basis.id}" names neither a law nor consent')
        name, by, to, same_kind, starts, asks = hand_over
        asks = asks or basis.kind is BasisKind.CONSENT
        found.append(HandOver(name, basis, by, to, same_kind, starts, asks))
    return tuple(found)


def cases(top: Table, vocabulary: Vocabulary, rule_ids: frozenset[str]) -> tuple[Case, ...]:
    """Read [[case]] over [case_defaults]. Where a case states only the lead key (the primary
    member), the set it belongs to is that one member."""
    normal = _raw(top, "case_defaults") if top.has("case_defaults") else {}
    found = []
    for table in top.tables("case", "case"):
        stated = _raw(table, "facts")
        facts = {**normal, **stated}
        key = vocabulary.lead_key
        if key and key.member_of and key.name in stated and key.member_of not in stated:
            facts[key.member_of] = [stated[key.name]]
        try:
            list(vocabulary.worlds(facts))
        except FactsInvalid as error:
            for problem in error.problems:
                table.wrong(problem)
        case = Case(
            id=table.string("id"),
            title=table.string("title"),
            facts=MappingProxyType(facts),
            expect=_expect(table.table("expect"), vocabulary),
            hits=table.words("hits", rule_ids),
        )
        table.done()
        found.append(case)
    return tuple(found)


def _raw(table: Table, key: str) -> dict[str, object]:
    inner = table.table(key)
    return {name: inner.get(name) for name in inner.keys()}  # noqa: SIM118  (a method of Table)


def _expect(table: Table, vocabulary: Vocabulary) -> Mapping[str, object]:
    for key in ("lead", "recipients"):
        table.get(key)
    raw = {key: table.get(key) for key in EXPECTATIONS if table.has(key)}
    table.done()
    lists = {
        "recipients": vocabulary.recipients,
        "withheld": vocabulary.recipients,
        "notices": vocabulary.notices,
        "uncertain": tuple(vocabulary.fields),
    }
    if "lead" in raw:
        table.word("lead", (*vocabulary.leads, NOBODY))
    for key, known in lists.items():
        # An empty list is a claim here: nobody, nothing.
        if raw.get(key, []) != []:
            table.words(key, known)
    if "alert" in raw:
        table.flag("alert")
    by_kind = {
        "clocks": vocabulary.clocks,
        "desk": vocabulary.desks,
        "sections": vocabulary.sections,
    }
    for key, known in by_kind.items():
        if key in raw:
            inner = table.table(key)
            for kind in inner.keys():  # noqa: SIM118  (a method of Table)
                inner.check(key, kind, vocabulary.recipients)
                inner.words(kind, known)
    frozen = freeze(raw)
    return frozen if isinstance(frozen, Mapping) else {}
