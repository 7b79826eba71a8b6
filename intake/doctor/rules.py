"""The rules and the calendars: proved, in force, and reaching far enough ahead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from intake.doctor.finding import Level, Said, fine_unless, some
from intake.domain.calendar import Calendar, CalendarTooShort
from routing_rules.cases import run_cases
from routing_rules.load import load_checked
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import RulesInvalid

AHEAD = timedelta(days=365)
SOON = timedelta(days=60)


def rules(path: Path, on: date) -> list[Said]:
    """The rule set loads, is proved, its cases hold, and it is in force."""
    try:
        ruleset = load_checked(path)
    except RulesInvalid as error:
        first, *rest = str(error).splitlines()
        return [(Level.FAIL, first + (f" (and {len(rest)} more)" if rest else ""))]
    return fine_unless(
        _rule_faults(ruleset, on),
        f"{len(ruleset.rules)} rules proved, {len(ruleset.cases)} cases hold",
    )


def bases(path: Path, on: date) -> list[Said]:
    """The legal bases are in force, and a lawyer has confirmed them."""
    known = load_checked(path).bases.values()
    ended = [basis.id for basis in known if basis.valid_to and basis.valid_to < on]
    unconfirmed = [basis.id for basis in known if not basis.confirmed]
    problems: list[Said] = []
    if ended:
        problems.append((Level.FAIL, f"no longer in force: {some(ended)}"))
    if unconfirmed:
        problems.append(
            (Level.WARN, f"{len(unconfirmed)} wait to be confirmed: {some(unconfirmed)}")
        )
    return fine_unless(problems, "in force and confirmed")


def calendars(calendar: Calendar, on: date) -> list[Said]:
    """Public holidays and school years are known a year ahead."""
    return fine_unless(_short(calendar, on), f"known to {on + AHEAD} and beyond")


def _rule_faults(ruleset: RuleSet, on: date) -> Iterator[Said]:
    if failing := [result for result in run_cases(ruleset) if not result.holds]:
        yield Level.FAIL, f"{len(failing)} of its cases do not hold: run `ankkuri rules cases`"
    if on < ruleset.valid_from:
        yield Level.FAIL, f"in force from {ruleset.valid_from} only"
    if ruleset.valid_to is not None and on > ruleset.valid_to:
        yield Level.FAIL, f"in force to {ruleset.valid_to} only: put its successor in its place"
    elif ruleset.valid_to is not None and on + SOON > ruleset.valid_to:
        yield Level.WARN, f"in force to {ruleset.valid_to}: have its successor ready"


def _short(calendar: Calendar, on: date) -> Iterator[Said]:
    try:
        calendar.must_reach(on + AHEAD)
        calendar.school_term(on)
    except CalendarTooShort as error:
        yield Level.FAIL, f"{error}: deadlines are counted without it"
        return
    try:
        calendar.school_term(on + AHEAD)
    except CalendarTooShort as error:
        yield Level.WARN, f"{error}: add the coming school year"
