"""What is wrong with a book of rules: by the rules alone, and with the agencies that there are."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from intake.domain.chase import Plan
from intake.domain.clock import Clock
from intake.domain.clock import Kind as ClockKind
from intake.domain.directory import Desk, Directory, Kind
from intake.domain.vocabulary import misfits
from intake.services.desks import Desks, Place
from routing_rules.book import Book
from routing_rules.budget import Budget
from routing_rules.finding import FindingKind
from routing_rules.last_tier import LastTier
from routing_rules.problem import Problem, mark
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify

MISSING, NO_STANDBY, UNMANNED = "missing", "no standby", "unmanned"
"""In which way a recipient cannot be found."""
COMPLETED = frozenset({FindingKind.DEAD, FindingKind.NO_CASE})
"""What the base may leave to the sets that extend it."""
_DAYS = {
    ClockKind.SAME_DAY: (0, 0),
    ClockKind.HOURS: (0.04, 0.05),
    ClockKind.DAYS: (1, 1),
    ClockKind.WORKING_DAYS: (1, 5),
    ClockKind.SCHOOL_DAYS: (1, 80),
    ClockKind.MONTHS: (28, 31),
}
"""How long one of a kind is in days, at least and at most."""


@dataclass(frozen=True)
class Flaw:
    """Something for which a book may not be put in force.

    ``kind``: one of the engine's, or ``vocabulary``, ``area``, ``clock``, ``lengthened``,
    ``unresolvable``. ``municipality``: those concerned, None for all. ``elsewhere``: it concerns
    the places that no set names. ``named``: what the message names beside rules, for pages in other
    languages. ``problems``: in their own words what is wrong with a worked case.
    """

    kind: str
    rules: tuple[str, ...]
    municipality: str | None
    witness: Mapping[str, object] | None = field(hash=False)
    message: str
    named: tuple[str, ...] = ()
    elsewhere: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What was proved. ``agencies``: whether there was a directory to look for recipients in."""

    flaws: tuple[Flaw, ...]
    rules: int
    tables: int
    agencies: bool
    last_tier: tuple[LastTier, ...]

    @property
    def holds(self) -> bool:
        """Whether the book may be put in force."""
        return not self.flaws

    @property
    def summary(self) -> dict[str, Any]:
        """What a publication keeps of it. ``flaws`` are those of the rules; ``unmanned`` counts the
        recipients that are not to be found, or that nobody can open."""
        unmanned = sum(flaw.kind == "unresolvable" for flaw in self.flaws)
        return {
            "rules": self.rules,
            "tables": self.tables,
            "flaws": len(self.flaws) - unmanned,
            "unmanned": unmanned,
            "agencies": self.agencies,
        }


@dataclass(frozen=True)
class Agencies:
    """Where recipients are looked for: those in force on a day, and which can be opened (None: not
    asked).
    """

    directory: Directory
    manned: Container[str] | None
    on: date


def prove(book: Book, agencies: Agencies | None = None, budget: Budget | None = None) -> Proof:
    """Prove every table of a book within one budget; with ``agencies`` also that each recipient is
    somewhere.

    The base decides wherever no set names the municipality, so it is proved too.
    """
    words = misfits(book.base.vocabulary)
    flaws = [Flaw("vocabulary", (), None, None, problem) for problem in words]
    last_tier: tuple[LastTier, ...] = ()
    if flaws:
        return Proof(tuple(flaws), 0, 0, agencies is not None, last_tier)
    budget = budget or Budget()
    for table, areas in book.every:
        proof = verify(table, book.base, budget)
        last_tier = last_tier or proof.last_tier
        named = ", ".join(areas) if areas and len(book.distinct) > 1 else None
        found = [
            Flaw(f.kind, f.rules, named, f.witness, f.message, f.named, problems=f.problems)
            for f in proof.findings
        ]
        found += (Flaw("clock", (), named, None, line) for line in _clocks(table, book.base))
        if table.digest == book.base.digest:
            found += (Flaw("clock", (), named, None, line) for line in _unchased(table))
        if book.tables and not areas:
            found = [replace(flaw, elsewhere=True) for flaw in found if flaw.kind not in COMPLETED]
        flaws += found
    if agencies:
        flaws += unresolvable(book, agencies)
    rules = {rule.id for table, _ in book.every for rule in table.rules}
    return Proof(tuple(flaws), len(rules), len(book.every), agencies is not None, last_tier)


def _clocks(table: RuleSet, base: RuleSet) -> Iterator[Problem]:
    """What pages, letters and moves could not go by: they know the base's clocks."""
    described, own = base.beside["clock"], table.beside["clock"]
    words = map(str, base.vocabulary.outputs["clocks"].values)
    for name in dict.fromkeys((*words, *own)):
        if name not in described:
            yield Problem(mark('clock "%(clock)s" must be described by the base set'), clock=name)
    for name, clock in described.items():
        now = own.get(name)
        if now is None or set(now.met_by) != set(clock.met_by):
            other = mark('clock "%(clock)s" must be met by the same moves as the base says')
            yield Problem(other, clock=name)
        elif now.starts is not clock.starts or now.extend not in (0, clock.extend):
            other = mark('clock "%(clock)s" must start, and be extended, as the base says')
            yield Problem(other, clock=name)
        elif clock.law and _longer(now, clock):
            longer = mark('clock "%(clock)s" of %(law)s is lengthened')
            yield Problem(longer, clock=name, law=clock.law)


def _unchased(base: RuleSet) -> Iterator[Problem]:
    """Clocks of a law of which nobody would be reminded."""
    steps = base.beside["chase"].values()
    for name, clock in base.beside["clock"].items():
        chasing = [step for step in steps if not step["clocks"] or name in step["clocks"]]
        always = {step["plan"] for step in chasing if not step["today"]}
        urgent = {step["plan"] for step in chasing}
        today = clock.today or clock.rule
        chased = Plan.of(clock.rule.kind) in always and Plan.of(today.kind) in urgent
        if clock.law and not chased:
            silent = mark('clock "%(clock)s" of %(law)s has no chase step')
            yield Problem(silent, clock=name, law=clock.law)


def _longer(now: Clock, base: Clock) -> bool:
    """Whether a clock may run longer than the base's."""
    lengths = [(now.rule, base.rule)]
    if base.today or now.today:
        lengths.append((now.today or now.rule, base.today or base.rule))
    for mine, theirs in lengths:
        longer = (
            mine.count > theirs.count
            if (mine.kind, mine.calendar) == (theirs.kind, theirs.calendar)
            else _DAYS[mine.kind][1] * mine.count > _DAYS[theirs.kind][0] * theirs.count
        )
        if longer:
            return True
    return False


def unresolvable(book: Book, agencies: Agencies) -> Iterator[Flaw]:
    """Yield areas that are no municipality, and recipients that are no agency or a closed one."""
    directory, on = agencies.directory, agencies.on
    for area in sorted(set(book.tables) - set(directory.municipalities)):
        message = f'no municipality of the directory is "{area}"'
        yield Flaw("area", (), area, None, message)
    for municipality in directory.municipalities:
        table = book.table(municipality)
        desks = Desks(directory, table.beside["standby"])
        place = Place(municipality)
        for kind in _given(table):
            if kind == Kind.ANK and not directory.agreement_in_force(municipality, on):
                continue
            found = list(desks.of_kind(kind, Desk.OFFICE, place))
            standby = desks.standby[kind]
            spare = list(desks.of_kind(standby.to, standby.desk, place))
            if not found:
                what, message = MISSING, f"{municipality} has no agency of kind {kind}"
            elif not spare:
                what, message = NO_STANDBY, f"{municipality} has no standby desk for {kind}"
            elif agencies.manned is not None and not any(a.id in agencies.manned for a in found):
                what = UNMANNED
                message = f"nobody can open what comes for {kind} in {municipality}"
            else:
                continue
            givers = tuple(
                rule.id
                for rule, effects in zip(table.rules, table.effects, strict=True)
                if any(give.output == "recipients" and give.value == kind for give in effects)
            )
            yield Flaw("unresolvable", givers, municipality, None, message, (what, kind))


def _given(table: RuleSet) -> list[str]:
    """The kinds of recipient that some rule gives."""
    given = {
        give.value for effects in table.effects for give in effects if give.output == "recipients"
    }
    return [str(kind) for kind in table.vocabulary.outputs["recipients"].values if kind in given]
