"""Several possible worlds, one outcome: the strictest of each part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from routing_rules.outcome import Outcome
from routing_rules.rule import Give
from routing_rules.vocabulary import Vocabulary

World = Mapping[str, object]


def strictest(
    vocabulary: Vocabulary, worlds: Sequence[World], outcomes: Sequence[Outcome]
) -> Outcome:
    """Merge the outcomes of all `worlds` (same order, at least one), each told by its open facts.

    What some world gives is given; of a single output the value that stands first in the
    vocabulary. `uncertain` names each fact whose value alone can change what is given.
    """
    different = {id(outcome): outcome for outcome in outcomes}
    if len(different) == 1:
        return outcomes[0]
    return Outcome(
        _united(vocabulary, different.values()),
        _uncertain(vocabulary, worlds, outcomes, different),
    )


def substance(vocabulary: Vocabulary, outcome: Outcome) -> frozenset[Give]:
    """Return what is given, whichever rules give it and whatever was taken on the way."""
    return frozenset(
        give
        for give in outcome.given
        if give.output not in vocabulary.outputs
        or vocabulary.outputs[give.output].takes_from is None
    )


def _united(vocabulary: Vocabulary, outcomes: Iterable[Outcome]) -> Mapping[Give, tuple[str, ...]]:
    together: dict[Give, tuple[str, ...]] = {}
    for outcome in outcomes:
        for give, rules in outcome.given.items():
            others = together.get(give)
            if others is None or others == rules:
                together[give] = rules
            else:
                together[give] = tuple(dict.fromkeys((*others, *rules)))
    parts: dict[tuple[str, str], list[Give]] = {}
    for give in together:
        parts.setdefault((give.output, give.of), []).append(give)
    united: dict[Give, tuple[str, ...]] = {}
    for (name, _), gives in parts.items():
        output = vocabulary.outputs.get(name)
        if output and len(gives) > 1:
            gives.sort(key=lambda give: output.rank(give.value))
            if output.single:
                del gives[1:]
        for give in gives:
            united[give] = together[give]
    return united


def _uncertain(
    vocabulary: Vocabulary,
    worlds: Sequence[World],
    outcomes: Sequence[Outcome],
    different: Mapping[int, Outcome],
) -> tuple[str, ...]:
    substances = {name: substance(vocabulary, outcome) for name, outcome in different.items()}
    given = [substances[id(outcome)] for outcome in outcomes]
    named = []
    for field in worlds[0]:
        if all(world[field] == worlds[0][field] for world in worlds):
            continue
        others: dict[tuple[object, ...], frozenset[Give]] = {}
        for world, found in zip(worlds, given, strict=True):
            rest = tuple(value for name, value in world.items() if name != field)
            if others.setdefault(rest, found) != found:
                named.append(field)
                break
    return tuple(named)
