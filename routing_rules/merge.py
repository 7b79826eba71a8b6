"""Several possible worlds, one outcome: the strictest of each part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from routing_rules.outcome import Outcome, Recipient
from routing_rules.ruleset import RuleSet


def strictest(
    ruleset: RuleSet, worlds: Sequence[Mapping[str, object]], outcomes: Sequence[Outcome]
) -> Outcome:
    """Merge the outcomes of all `worlds` (same order, at least one).

    Everyone who gets it in some world gets it, with every section, clock and basis that some
    world gives and the highest desk; the lead is the first by the vocabulary's `leads`.
    `uncertain` names each fact whose value alone can change the outcome.
    """
    first = outcomes[0]
    if all(outcome is first or outcome == first for outcome in outcomes):
        return first
    vocabulary = ruleset.vocabulary
    found = {outcome.lead for outcome in outcomes}
    lead = next((kind for kind in vocabulary.leads if kind in found), None)
    order = [rule.id for rule in ruleset.rules]
    recipients: dict[str, Recipient] = {}
    for recipient in (each for outcome in outcomes for each in outcome.recipients):
        other = recipients.get(recipient.kind)
        recipients[recipient.kind] = _joined(ruleset, other, recipient) if other else recipient
    kinds = sorted(recipients, key=vocabulary.recipients.index)
    kinds.sort(key=lambda kind: kind != lead)
    withheld = {
        (each.kind, each.rule): each
        for outcome in outcomes
        for each in outcome.withheld
        if each.kind not in recipients
    }
    kept_out = {rule for _, rule in withheld}
    shaping = {rule for each in recipients.values() for rule in each.rules} | kept_out
    reasons = {
        each.rule: each
        for outcome in outcomes
        for each in outcome.reasons
        if each.rule in shaping or each.rule not in {gone.rule for gone in outcome.withheld}
    }
    return Outcome(
        lead=lead,
        recipients=tuple(recipients[kind] for kind in kinds),
        withheld=tuple(withheld[key] for key in sorted(withheld)),
        alert=any(outcome.alert for outcome in outcomes),
        notices=in_order(
            (notice for outcome in outcomes for notice in outcome.notices), vocabulary.notices
        ),
        reasons=tuple(sorted(reasons.values(), key=lambda reason: order.index(reason.rule))),
        uncertain=_uncertain(worlds, outcomes),
    )


def _joined(ruleset: RuleSet, one: Recipient, other: Recipient) -> Recipient:
    vocabulary = ruleset.vocabulary
    bases = {basis.id: basis for basis in one.bases + other.bases}
    return replace(
        one,
        desk=max(one.desk, other.desk, key=vocabulary.desks.index),
        sections=tuple(sorted({*one.sections, *other.sections})),
        bases=tuple(bases.values()),
        clocks=in_order(one.clocks + other.clocks, vocabulary.clocks),
        rules=in_order(one.rules + other.rules, tuple(rule.id for rule in ruleset.rules)),
    )


def _uncertain(
    worlds: Sequence[Mapping[str, object]], outcomes: Sequence[Outcome]
) -> tuple[str, ...]:
    named = []
    for field in worlds[0]:
        if all(world[field] == worlds[0][field] for world in worlds):
            continue
        others: dict[tuple[object, ...], Outcome] = {}
        for world, outcome in zip(worlds, outcomes, strict=True):
            rest = tuple(value for name, value in world.items() if name != field)
            if others.setdefault(rest, outcome) != outcome:
                named.append(field)
                break
    return tuple(named)


def in_order(names: Iterable[str], order: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distinct `names` in the order given."""
    return tuple(sorted(set(names), key=order.index))
