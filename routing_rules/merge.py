"""Several possible worlds, one outcome: the strictest of each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from routing_rules.outcome import Outcome
from routing_rules.rule import Give
from routing_rules.vocabulary import Vocabulary

World = Mapping[str, object]


def strictest(
    vocabulary: Vocabulary, worlds: Sequence[World], outcomes: Sequence[Outcome]
) -> Outcome:
    """Merge the outcomes of all `worlds` (same order, at least one).

    What some world gives is given; of a single output the value that stands first in the
    vocabulary. `uncertain` names each fact whose value alone can change what is given.
    """
    first = outcomes[0]
    if all(outcome is first for outcome in outcomes):
        return first
    return Outcome(_united(vocabulary, outcomes), _uncertain(vocabulary, worlds, outcomes))


def substance(vocabulary: Vocabulary, outcome: Outcome) -> frozenset[Give]:
    """Return what is given, whichever rules give it and whatever was taken on the way."""
    return frozenset(
        give
        for give in outcome.given
        if give.output not in vocabulary.outputs
        or vocabulary.outputs[give.output].takes_from is None
    )


def _united(vocabulary: Vocabulary, outcomes: Sequence[Outcome]) -> Mapping[Give, tuple[str, ...]]:
    together: dict[Give, dict[str, None]] = {}
    for outcome in outcomes:
        for give, rules in outcome.given.items():
            together.setdefault(give, {}).update(dict.fromkeys(rules))
    place: dict[tuple[str, str], int] = {}
    for give in together:
        place.setdefault((give.output, give.of), len(place))

    def order(give: Give) -> tuple[int, int]:
        output = vocabulary.outputs.get(give.output)
        return place[give.output, give.of], output.rank(give.value) if output else 0

    united: dict[Give, tuple[str, ...]] = {}
    settled: set[tuple[str, str]] = set()
    for give in sorted(together, key=order):
        output = vocabulary.outputs.get(give.output)
        if output and output.single:
            if (give.output, give.of) in settled:
                continue
            settled.add((give.output, give.of))
        united[give] = tuple(together[give])
    return united


def _uncertain(
    vocabulary: Vocabulary, worlds: Sequence[World], outcomes: Sequence[Outcome]
) -> tuple[str, ...]:
    given = [substance(vocabulary, outcome) for outcome in outcomes]
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
