"""The proofs against clingo, a solver of answer sets that shares no line with the engine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.invented_rules import load_invented, random_facts
from routing_rules.decide import decide
from routing_rules.finding import FindingKind
from routing_rules.rule import Give, Rule
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify
from routing_rules.weigh import NoRuleGives, ValuesConflict
from tests.rules.edits import without
from tests.rules.shipped import BASE, SHIPPED

pytest.importorskip("clingo", reason="clingo is not installed")
from tests.rules.asp import Opinion

PLANTS = ("nothing", "gap", "conflict", "dead", "law", "fallback")


def invented(seed: int) -> RuleSet:
    chance = random.Random(seed)  # noqa: S311  (invented rules, no secrets)
    return load_invented(chance.randint(30, 80), chance.randint(6, 15), seed)


def planted(rules: RuleSet, plant: str, chance: random.Random) -> RuleSet:
    """The set with one fault of this kind, or nearly one."""
    found = list(rules.rules)
    leads = [rule for rule in found if rule.id.startswith("lead-")]
    others = [rule for rule in found if rule.id.startswith("more-")]
    new: Sequence[Rule] = ()
    if plant == "gap":
        (last,) = (rule for rule in found if rule.id == "default")
        found.remove(last)
        new = [narrowed(last, "weapon", chance)]
    elif plant == "conflict":
        one = chance.choice(leads)
        value = chance.choice([v for v in ("SOC", "POL", "ANK") if v not in one.given("lead")])
        new = [replace(narrowed(one, "sector", chance), gives=(Give("lead", "", value),))]
    elif plant == "dead":
        new = [replace(narrowed(chance.choice(others), "protected", chance), fallback=False)]
    elif plant == "law":
        new = [replace(each, tier="law") for each in chance.sample(others, 4)]
    elif plant == "fallback":
        new = [
            replace(each, tier="municipality", fallback=True, gives=each.gives)
            for each in chance.sample(leads, 4)
        ]
    found += [replace(each, id=f"planted-{number}") for number, each in enumerate(new)]
    order = rules.vocabulary.tiers.index
    return replace(rules, rules=tuple(sorted(found, key=lambda rule: order(rule.tier))))


def narrowed(rule: Rule, field: str, chance: random.Random) -> Rule:
    """A rule that asks for one more thing."""
    values = SHIPPED.vocabulary.fields[field].values
    some = frozenset(chance.sample(values, len(values) // 2))
    return replace(rule, id="planted", when={**rule.when, field: some})


def verdicts(rules: RuleSet) -> dict[FindingKind, set[frozenset[str]]]:
    """What the prover finds, by kind."""
    found: dict[FindingKind, set[frozenset[str]]] = {}
    for each in verify(rules).findings:
        assert each.kind is not FindingKind.NOT_PROVED
        found.setdefault(each.kind, set()).add(frozenset(each.rules))
    return found


def compare(rules: RuleSet, worlds: int) -> frozenset[FindingKind]:
    """Compare all verdicts, and what comes out in some worlds; return the kinds of faults."""
    opinion, found = Opinion(rules), verdicts(rules)
    conflicts = {frozenset(pair) for pair in opinion.possible("conflict")}
    assert found.get(FindingKind.CONFLICT, set()) == conflicts
    assert (FindingKind.GAP in found) == bool(opinion.possible("gap"))
    kinds = {FindingKind.CONFLICT} & set(found) | {FindingKind.GAP} & set(found)
    if not kinds:  # where nothing is decided it does not matter who gives what
        sole = {name for (name,) in opinion.possible("sole")}
        dead = {frozenset({rule.id}) for rule in rules.rules if rule.id not in sole}
        assert found.get(FindingKind.DEAD, set()) == dead
        kinds |= {FindingKind.DEAD} & set(found)
    for facts in random_facts(rules.vocabulary, worlds, seed=worlds):
        given, wrong = opinion.given(facts)
        try:
            outcome = decide(rules, facts).given
        except (NoRuleGives, ValuesConflict):
            assert wrong, facts
            continue
        assert not wrong, facts
        assert given == {
            (give.output, give.of, str(give.value), name)
            for give, names in outcome.items()
            for name in ("", *names)
        }, facts
    return frozenset(kinds)


def test_clingo_finds_nothing_wrong_with_the_shipped_rules_either() -> None:
    assert compare(SHIPPED, worlds=25) == frozenset()


def test_clingo_finds_the_same_rules_of_the_base_dead_where_no_other_set_adds_to_it() -> None:
    assert compare(BASE, worlds=25) == {FindingKind.DEAD}


@pytest.mark.parametrize("gone", ["D1", "D3", "T15", "T07-PRI"])
def test_clingo_finds_the_same_gap_where_a_shipped_rule_is_gone(gone: str) -> None:
    assert (FindingKind.GAP in compare(without(gone), worlds=5)) == (gone != "T07-PRI")


@pytest.mark.parametrize("tiers", [("R10-WEL", "T11-WEL"), ("T01-ANK", "D2"), ("T10-YOU", "R9")])
def test_clingo_finds_the_same_where_shipped_rules_change_their_tiers(
    tiers: tuple[str, str],
) -> None:
    one, other = (SHIPPED.by_id[name].tier for name in tiers)
    swapped = {tiers[0]: other, tiers[1]: one}
    rules = [replace(rule, tier=swapped.get(rule.id, rule.tier)) for rule in SHIPPED.rules]
    order = SHIPPED.vocabulary.tiers.index
    compare(replace(SHIPPED, rules=tuple(sorted(rules, key=lambda r: order(r.tier)))), worlds=5)


@pytest.mark.parametrize("seed", range(1, 21))
def test_clingo_finds_the_same_in_random_sets_with_planted_faults(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (invented rules, no secrets)
    rules = invented(seed)
    plant = PLANTS[seed % len(PLANTS)]
    kinds = compare(planted(rules, plant, chance), worlds=4)
    expected = {
        "gap": FindingKind.GAP,
        "conflict": FindingKind.CONFLICT,
        "dead": FindingKind.DEAD,
    }.get(plant)
    assert expected is None or expected in kinds, "the fault that was planted is found"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 106))
def test_clingo_finds_the_same_in_many_random_sets_with_planted_faults(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (invented rules, no secrets)
    compare(planted(invented(seed), PLANTS[seed % len(PLANTS)], chance), worlds=40)
