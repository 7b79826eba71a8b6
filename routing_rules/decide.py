"""Facts of one child -> who gets the report, on which basis, and why."""

from __future__ import annotations

from collections.abc import Mapping

from routing_rules.match import keyed_on
from routing_rules.merge import in_order, strictest
from routing_rules.outcome import Outcome, Reason, Recipient, Withheld
from routing_rules.rule import Rule
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import Value

# More outcomes than any real rule set has; only a bound on memory.
MOST_REMEMBERED = 50_000


class LeadsConflict(LookupError):
    """Two rules of one tier name different leads for the same facts."""


class NoRuleLeads(LookupError):
    """No rule names a lead, and none says that nobody may get the report."""


def decide(ruleset: RuleSet, facts: Mapping[str, object]) -> Outcome:
    """Decide for one child.

    A fact may be a list of possible values, or "unknown" where its field allows that: then every
    possibility is decided and the strictest of each part is taken. Raises FactsInvalid, and for
    rule sets that were not verified LeadsConflict or NoRuleLeads.
    """
    try:
        mask, key = ruleset.matcher.match(facts)
    except (KeyError, TypeError):
        return _decide_every_world(ruleset, facts)
    outcome = ruleset.remembered.get((mask, key))
    return outcome if outcome is not None else _weigh(ruleset, mask, key)


def matched(ruleset: RuleSet, facts: Mapping[str, object]) -> tuple[str, ...]:
    """Return the ids of all rules that match in some possible world. Raises FactsInvalid."""
    mask = 0
    for world in ruleset.vocabulary.worlds(facts):
        mask |= ruleset.matcher.match(world)[0]
    return tuple(rule.id for rule in rules_of(ruleset, mask))


def rules_of(ruleset: RuleSet, mask: int) -> list[Rule]:
    """Return the rules whose bits are set, strongest tier first."""
    found = []
    while mask:
        low = mask & -mask
        found.append(ruleset.rules[low.bit_length() - 1])
        mask ^= low
    return found


def _decide_every_world(ruleset: RuleSet, facts: Mapping[str, object]) -> Outcome:
    worlds = list(ruleset.vocabulary.worlds(facts))
    outcomes = []
    for world in worlds:
        mask, key = ruleset.matcher.match(world)
        outcomes.append(ruleset.remembered.get((mask, key)) or _weigh(ruleset, mask, key))
    return strictest(ruleset, worlds, outcomes)


def _weigh(ruleset: RuleSet, mask: int, key: Value | None) -> Outcome:
    if len(ruleset.remembered) >= MOST_REMEMBERED:
        ruleset.remembered.clear()
    outcome = ruleset.remembered[mask, key] = _Weighing(ruleset, mask, key).outcome()
    return outcome


class _Weighing:
    """The matching rules of one world, weighed by the hit policies."""

    def __init__(self, ruleset: RuleSet, mask: int, key: Value | None) -> None:
        self.ruleset = ruleset
        self.vocabulary = ruleset.vocabulary
        self.law = ruleset.vocabulary.tiers[0]
        rules = rules_of(ruleset, mask)
        self.barred: dict[str, list[Rule]] = {}
        for rule in rules:
            for kind in rule.then.withhold:
                self.barred.setdefault(kind, []).append(rule)
        self.lead, self.deciding = self._lead(rules, key)
        self.counted = [rule for rule in rules if not rule.fallback or rule in self.deciding]
        self.added: dict[str, list[Rule]] = {}
        self.dropped: dict[str, list[Rule]] = {}
        for rule in self.counted:
            for kind in rule.then.kinds:
                into = self.added if self._passes(rule, kind) else self.dropped
                into.setdefault(kind, []).append(rule)
        if self.lead is None and self.added:
            # Someone gets it on a basis of its own, so someone must answer for it.
            self.lead = min(self.added, key=self.vocabulary.leads.index)
            self.counted = [rule for rule in self.counted if not rule.fallback]

    def _passes(self, rule: Rule, kind: str) -> bool:
        return rule.tier == self.law or kind not in self.barred

    def _lead(self, rules: list[Rule], key: Value | None) -> tuple[str | None, list[Rule]]:
        for tier in self.vocabulary.tiers:
            deciding = []
            for rule in rules:
                if rule.tier != tier or not rule.then.leads:
                    continue
                bound = keyed_on(rule, self.vocabulary)
                open_to_key = bound is None or key in bound
                lead = rule.then.lead
                if open_to_key and (lead is None or self._passes(rule, lead)):
                    deciding.append(rule)
            if len({rule.then.lead for rule in deciding}) > 1:
                raise LeadsConflict(", ".join(rule.id for rule in deciding))
            if deciding:
                return deciding[0].then.lead, deciding
        raise NoRuleLeads(", ".join(rule.id for rule in rules) or "no rule matches")

    def outcome(self) -> Outcome:
        kinds = sorted(self.added, key=self.vocabulary.recipients.index)
        kinds.sort(key=lambda kind: kind != self.lead)
        recipients = tuple(self._recipient(kind) for kind in kinds)
        withheld = tuple(
            Withheld(kind, rule.id, rule.title, rule.because, rule.basis)
            for kind in sorted(self.dropped, key=self.vocabulary.recipients.index)
            if kind not in self.added
            for rule in self.barred[kind]
        )
        notices = {notice for rule in self.counted for notice in rule.then.notices}
        shaping = {name for found in recipients for name in found.rules}
        shaping |= {found.rule for found in withheld}
        return Outcome(
            lead=self.lead,
            recipients=recipients,
            withheld=withheld,
            alert=any(rule.then.alert for rule in self.counted),
            notices=in_order(notices, self.vocabulary.notices),
            reasons=tuple(
                Reason(rule.id, rule.title, rule.because, rule.basis)
                for rule in self.counted
                if rule.id in shaping
                or rule.then.notices
                or rule.then.alert
                or (self.lead is None and rule in self.deciding)
            ),
        )

    def _recipient(self, kind: str) -> Recipient:
        adders = self.added[kind]
        usual = self.ruleset.usual[kind]
        fixed: set[str] = set()
        loose: set[str] = set()
        clocks = set(usual.clocks)
        for rule in adders:
            given = rule.then.sections.get(kind, usual.sections)
            (fixed if rule.tier == self.law else loose).update(given)
            clocks.update(rule.then.clocks.get(kind, ()))
        loose -= fixed
        ranks = self.vocabulary.desks
        desk = max(
            (rule.then.desk[kind] for rule in self.counted if kind in rule.then.desk),
            key=ranks.index,
            default=ranks[0],
        )
        barred = {s for rule in self.counted for s in rule.then.withhold_sections.get(kind, ())}
        return Recipient(
            kind=kind,
            desk=desk,
            sections=tuple(sorted(fixed | (loose - barred))),
            bases=tuple({rule.basis.id: rule.basis for rule in adders if rule.basis}.values()),
            clocks=in_order(clocks, self.vocabulary.clocks),
            rules=tuple(
                rule.id
                for rule in self.counted
                if rule in adders
                or (desk != ranks[0] and rule.then.desk.get(kind) == desk)
                or not loose.isdisjoint(rule.then.withhold_sections.get(kind, ()))
            ),
        )
