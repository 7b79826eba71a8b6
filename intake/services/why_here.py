"""Why the rules sent a report to an agency, as far as the facts tell that this agency may know."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.domain.directory import Agency
from intake.services.route import tables_of
from intake.services.rulebook import Rulebook
from routing_rules.book import Book
from routing_rules.explain import Why, why_of
from routing_rules.rule import Rule
from routing_rules.ruleset import RuleSet
from routing_rules.vocabulary import RulesInvalid

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChildExplained:
    """One child: what the agency may know of it, and each rule with why or why not, as far as that
    tells. ``brought``: the ids of the rules that shaped what the agency got of this child.
    """

    number: int
    facts: Mapping[str, object]
    table: RuleSet
    rules: Mapping[str, Rule]
    whys: Sequence[Why]
    brought: Sequence[str]


@dataclass(frozen=True)
class WhyHere:
    """Explains by the rules that were in force when it was decided."""

    rulebook: Rulebook

    def __call__(self, reasons: Mapping[str, Any], agency: Agency) -> list[ChildExplained]:
        """Each child of whom the agency has facts; none where the reasons hold none."""
        known = reasons.get("known")
        book = self._book(known) if known else None
        if known is None or book is None:
            return []
        found = []
        for number, child in sorted(known["children"].items()):
            facts = {**known["facts"], **child["facts"]}
            tables = tables_of(book, child.get("areas", agency.municipalities))
            if not tables[0].vocabulary.states(facts):
                log.error("facts are told that the rules of the decision do not know")
                return []
            rules = _united(tables) if "areas" in child else _shared(tables)
            held: Mapping[str, list[int]] = reasons.get("children", {})
            found.append(
                ChildExplained(
                    number=int(number),
                    facts=facts,
                    table=tables[0],
                    rules=rules,
                    whys=[why_of(r, tables[0].vocabulary, facts) for r in rules.values()],
                    brought=[
                        reason["rule"]
                        for reason in reasons["reasons"]
                        if int(number) in held.get(reason["rule"], [int(number)])
                    ],
                )
            )
        return found

    def without_places(self, reasons: Mapping[str, Any], agency: Agency) -> dict[str, Any]:
        """The reasons without what tells in which of the agency's municipalities a child lives: the
        areas whose rules decided, and rules that not all of them have.
        """
        known = reasons.get("known")
        book = self._book(known) if known else None
        shared = _shared(tables_of(book, agency.municipalities)) if book else {}
        told = {
            **reasons,
            "reasons": [each for each in reasons["reasons"] if each["rule"] in shared],
        }
        if known:
            children = {
                n: {name: value for name, value in child.items() if name != "areas"}
                for n, child in known["children"].items()
            }
            told["known"] = {**known, "children": children}
        return told

    def _book(self, known: Mapping[str, Any]) -> Book | None:
        """The book that decided; None where the database has it no more."""
        try:
            book = self.rulebook.to_decide_by(datetime.fromisoformat(known["at"]))
        except RulesInvalid:
            log.exception("the rules of an earlier decision cannot be read")
            return None
        return book if book.digest == known["rules"] else None


def _united(tables: Sequence[RuleSet]) -> dict[str, Rule]:
    """The rules of the tables that decided; of one id that of the first."""
    return {name: rule for table in reversed(tables) for name, rule in table.by_id.items()}


def _shared(tables: Sequence[RuleSet]) -> dict[str, Rule]:
    """The rules that are the same in each table: which one decided tells where the child lives."""
    return {
        name: rule
        for name, rule in tables[0].by_id.items()
        if all(table.by_id.get(name) == rule for table in tables[1:])
    }
