"""``ankkuri bench rules``: the rule engine against hand-written ifs and against zen-engine.

One process on one core. What is compared runs in turns, a whole pass over the reports each, so that
the machine's moods fall on all; a figure is the best of its passes, a ratio that of two such
figures. The rules are invented in the shape of the shipped ones.
"""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from benchmarks.invented_rules import (
    invented,
    load_edited,
    load_invented,
    load_text,
    random_facts,
)
from benchmarks.plain_ifs import written_out
from benchmarks.zen_rules import Form, facts_for_zen, forms, given_by_matching
from routing_rules.decide import decide
from routing_rules.difference import difference
from routing_rules.explain import explain
from routing_rules.finding import FindingKind
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify

RULES = 60
MANY = 1_000
CATEGORIES = 15
REPORTS = 10_000
SAMPLE = 300  # on which both sides must agree, and by which zen's fastest form is found
FINALISTS = 3  # of its forms, measured on all reports
PASSES = 7
REPEATED = 3  # of what takes long
NO_ZEN = "zen-engine is not installed (it is in the dev extra), so nothing is measured against it"
COMPARED = f"""\
zen-engine gives the union of what the matching rules give: on {SAMPLE} reports each of its forms
gave what the rules matched here give. Of each report it is handed the facts that some rule asks
about, which is faster than all. It weighs neither lead nor desks nor what is withheld, and does
not say which rule gives what; decide does, and refuses unknown facts."""

Facts = list[dict[str, object]]


@dataclass(frozen=True)
class Line:
    """One line of the table. `goal` is the least (`most`: the most) allowed; None: told only."""

    what: str
    measured: float
    unit: str
    goal: float | None = None
    most: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal, if there is one, is met."""
        if self.goal is None:
            return True
        return self.measured < self.goal if self.most else self.measured >= self.goal

    def told(self) -> str:
        """The line as text."""
        goal = verdict = ""
        if self.goal is not None:
            goal = f"{'<' if self.most else '>='} {_number(self.goal)} {self.unit}"
            verdict = "met" if self.met else "MISSED"
        measured = f"{_number(self.measured)} {self.unit}"
        return f"{self.what:<64} {goal:>12} {measured:>13}  {verdict}".rstrip()


def run(*, database: str, as_json: bool) -> int:  # noqa: ARG001  (the rules need no database)
    """Measure, print, and say whether every goal is met (0) or not (1)."""
    _keep_to_one_core()
    report = _measure()
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        print("\n".join(report["lines"]))
    return 0 if report["holds"] else 1


def _measure() -> dict[str, Any]:
    ruleset = load_invented(RULES, CATEGORIES)
    facts = random_facts(ruleset.vocabulary, REPORTS)
    lines = [*_against_others(ruleset, facts), *_proofs(), *_differences(), *_loading()]
    holds = all(line.met for line in lines)
    told = [line.told() for line in lines]
    told.append(COMPARED if _zen() else NO_ZEN)
    return {
        "holds": holds,
        "figures": [
            {
                "what": line.what.strip(),
                "measured": line.measured,
                "unit": line.unit,
                "goal": line.goal,
                "met": None if line.goal is None else line.met,
            }
            for line in lines
        ],
        "lines": told,
    }


def _against_others(ruleset: RuleSet, facts: Facts) -> Iterable[Line]:
    """What is measured by the report, all in turns."""
    ifs, checking = written_out(ruleset), written_out(ruleset, checking=True)
    match = ruleset.matcher.match
    for each in facts[:SAMPLE]:
        mask, _ = match(each)
        numbers = [number for number in range(RULES) if mask >> number & 1]
        assert ifs(each) == checking(each) == numbers, "the ifs are not the rules"
    decided, explained = partial(decide, ruleset), partial(explain, ruleset)
    runs: dict[str, Callable[[], float]] = {
        "ifs": lambda: _pass(ifs, facts),
        "checking": lambda: _pass(checking, facts),
        "match": lambda: _pass(match, facts),
        "first": lambda: _pass(partial(decide, _forgetful(ruleset)), facts),
        "again": lambda: _pass(decided, facts),
        "explain first": lambda: _pass(partial(explain, _forgetful(ruleset)), facts),
        "explain": lambda: _pass(explained, facts),
    }
    zen = _zen()
    ready = [facts_for_zen(each) for each in facts]
    theirs = _fastest(zen, ruleset, facts, ready) if zen else []
    runs |= {form.name: partial(_pass, form.given, ready) for form in theirs}
    seconds = _in_turns(runs)
    rate = {name: REPORTS / taken for name, taken in seconds.items()}
    yield Line(f"match, {RULES} rules", rate["match"], "/s")
    yield Line("  plain ifs, which trust their facts", rate["ifs"], "/s")
    yield Line("  plain ifs that refuse unknown facts, as match does", rate["checking"], "/s")
    yield Line(
        "  match against ifs that refuse, like with like", rate["match"] / rate["checking"], "x", 2
    )
    yield Line("  match against ifs that trust", rate["match"] / rate["ifs"], "x")
    yield Line("facts to outcome, repeated passes (outcomes remembered)", rate["again"], "/s")
    yield Line("facts to outcome, first pass (nothing remembered)", rate["first"], "/s")
    if theirs:
        best = max((form.name for form in theirs), key=rate.__getitem__)
        yield Line(f"  zen-engine's fastest form: {best}", rate[best], "/s")
        yield Line("  repeated passes against zen-engine", rate["again"] / rate[best], "x", 8)
        yield Line("  first pass against zen-engine", rate["first"] / rate[best], "x")
    yield Line("outcome with every why and why not, repeated", rate["explain"], "/s", 30_000)
    yield Line("outcome with every why and why not, first pass", rate["explain first"], "/s")


def _proofs() -> Iterable[Line]:
    for count, categories, goal in ((RULES, CATEGORIES, 0.1), (MANY, 10, 3), (MANY, 16, 10)):
        ruleset = load_invented(count, categories)
        found = verify(ruleset).findings
        assert all(each.kind is not FindingKind.NOT_PROVED for each in found), "not proved"
        what = f"proof of {count:,} rules, {categories} categories"
        yield Line(what, _best(partial(verify, ruleset)), "s", goal, most=True)


def _differences() -> Iterable[Line]:
    before = load_invented(RULES, CATEGORIES)
    for what, after in (
        (f"difference, 6 of {RULES} rules edited", load_edited(RULES, CATEGORIES)),
        (f"difference, {RULES} wholly other rules", load_invented(RULES, CATEGORIES, seed=2)),
    ):
        assert difference(before, after).changes, "nothing changes"
        yield Line(what, _best(partial(difference, before, after)), "s", 0.2, most=True)


def _loading() -> Iterable[Line]:
    text = invented(MANY, 10)
    taken = _best(lambda: _compiled(load_text(text, 10)))
    yield Line(f"load and compile {MANY:,} rules", taken, "s", 0.5, most=True)


def _compiled(ruleset: RuleSet) -> RuleSet:
    _ = ruleset.matcher, ruleset.weigh, ruleset.misses
    return ruleset


def _forgetful(ruleset: RuleSet) -> RuleSet:
    """The same rules, compiled, of which nothing is remembered."""
    return _compiled(replace(ruleset))


def _zen() -> Any:
    try:
        return importlib.import_module("zen")
    except ImportError:
        return None


def _fastest(zen: Any, ruleset: RuleSet, facts: Facts, ready: Facts) -> list[Form]:
    """The few of zen's forms that take the least time, once all were seen to give the same."""
    every = forms(zen, ruleset)
    for form in every:
        for ours, theirs in zip(facts[:SAMPLE], ready, strict=False):
            assert form.given(theirs) == given_by_matching(ruleset, ours), form.name
    sample = ready[:SAMPLE]
    seconds = _in_turns({form.name: partial(_pass, form.given, sample) for form in every})
    return sorted(every, key=lambda form: seconds[form.name])[:FINALISTS]


def _in_turns(runs: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The best of some passes of each, taken in turns after one that does not count."""
    best = {name: one() * 2 for name, one in runs.items()}
    for number in range(PASSES):
        for name in runs if number % 2 else reversed(list(runs)):
            best[name] = min(best[name], runs[name]())
    return best


def _pass(one: Callable[[Any], object], facts: Facts) -> float:
    start = time.perf_counter()
    for each in facts:
        one(each)
    return time.perf_counter() - start


def _best(one: Callable[[], object]) -> float:
    def timed() -> float:
        start = time.perf_counter()
        one()
        return time.perf_counter() - start

    return min(timed() for _ in range(REPEATED))


def _keep_to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _number(value: float) -> str:
    if value >= 1_000:
        return f"{round(value, -3):,.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"
