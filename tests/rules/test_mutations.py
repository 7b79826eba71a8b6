"""No single edit of the shipped rules goes unseen: it is refused, or found, or listed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from math import inf

import pytest

from benchmarks.invented_rules import random_facts
from routing_rules.budget import Budget
from routing_rules.difference import Change, difference
from routing_rules.finding import FindingKind
from routing_rules.rule import Give
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify
from routing_rules.vocabulary import RulesInvalid
from tests.rules.edits import effective
from tests.rules.mutations import mutated
from tests.rules.naive import Naive
from tests.rules.shipped import BASE, SHIPPED

WORLDS = random_facts(SHIPPED.vocabulary, 200, seed=7)


def substance(rules: RuleSet, facts: Mapping[str, object]) -> set[Give]:
    """What is given, but for what only says that something was taken."""
    found = Naive(rules, facts).credits
    return {g for g in found if g.output not in ("withhold", "withhold_sections")}


BEFORE = [substance(SHIPPED, facts) for facts in WORLDS]


def lies_in(facts: Mapping[str, object], conditions: Mapping[str, object]) -> bool:
    for name, asked in conditions.items():
        value = facts[name]
        if isinstance(asked, dict):
            assert isinstance(value, frozenset)
            if not set(asked.get("all", ())) <= value or value & set(asked.get("none", ())):
                return False
        elif value not in asked:  # type: ignore[operator]
            return False
    return True


def really_changes(change: Change, changed: RuleSet) -> bool:
    """Whether the witness shows this very change, by the naive reading."""
    old, new = (Naive(rules, change.witness).credits for rules in (SHIPPED, changed))
    gone = change.before is None or (
        (Give(change.output, change.of, change.before) in old)
        and (Give(change.output, change.of, change.before) not in new)
    )
    come = change.after is None or (
        (Give(change.output, change.of, change.after) in new)
        and (Give(change.output, change.of, change.after) not in old)
    )
    return gone and come


def seen(done: str, changed: RuleSet) -> str:
    """How an edit shows. Where it changes nothing, sampling finds no change either."""
    # As much time as it needs, however busy the machine is: the steps are bounded.
    found = verify(changed, BASE, Budget(seconds=inf)).findings
    proved = [each for each in found if each.kind not in (FindingKind.CASE_FAILS,)]
    if proved:
        return "prover" if any(e.kind is not FindingKind.NO_CASE for e in proved) else "no case"
    if found:
        return "cases"
    said = difference(SHIPPED, changed, Budget(seconds=inf), shown=10**6)
    assert said.edits or changed.rules == SHIPPED.rules, f"{done}: nothing was listed"
    for change in said.changes:
        assert really_changes(change, changed), f"{done}: {change}"
    for facts, before in zip(WORLDS, BEFORE, strict=True):
        # A member that comes or goes brings what comes with it: only the member is listed.
        assert substance(changed, facts) == before or any(
            lies_in(facts, where) for change in said.changes for where in change.where
        ), f"{done}: {facts}"
    return "difference" if said.changes else "equivalent"


def tally(count: int, seed: int) -> Counter[str]:
    chance = random.Random(seed)  # noqa: S311  (edits, no secrets)
    found: Counter[str] = Counter()
    for _ in range(count):
        done, documents = mutated(chance)
        try:
            changed = effective(**documents)
        except RulesInvalid:
            found["refused"] += 1
            continue
        found[seen(done, changed)] += 1
    return found


def test_no_single_edit_goes_unseen() -> None:
    found = tally(20, seed=1)
    assert found.total() == 20
    assert found["refused"] < 20, found


@pytest.mark.slow
def test_none_of_two_hundred_edits_goes_unseen() -> None:
    found = tally(200, seed=20260602)
    print(dict(found))  # noqa: T201  (shown by pytest -rP)
    assert {"refused", "prover", "cases", "difference", "equivalent"} <= set(found), found
