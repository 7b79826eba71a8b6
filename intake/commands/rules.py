"""Routing rules on the command line: ``rules check | cases | decide | diff …``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import config
from intake import wiring
from intake.commands import rule_desk
from intake.commands.command import InputUnusable, add_command
from intake.commands.rule_sources import book_of
from intake.domain.deadline import local_date
from intake.domain.rule_tables_schema import schemas
from intake.live import stored_directory
from intake.parts import utc_now
from intake.services.prove import Agencies, Proof, prove
from intake.services.route import decide_by, tables_of
from intake.store import people
from intake.store.database import Database, DatabaseNotReady
from routing_rules.book import Book
from routing_rules.budget import Budget, BudgetSpent
from routing_rules.canonical import plain
from routing_rules.cases import run_cases
from routing_rules.difference import Change, difference
from routing_rules.explain import explain
from routing_rules.schema import schema_of_facts, schema_of_file

SOURCE = "a file, a folder, a digest, or in-force (the default)"


def add(commands: Any) -> None:
    """Add these commands."""
    rules = commands.add_parser("rules", help="check, try and compare routing rules")
    verbs = rules.add_subparsers(required=True, metavar="VERB")
    check = add_command(verbs, "check", _check, "prove the rules: nobody left out, nothing dead")
    check.add_argument("ruleset", nargs="?", metavar="RULESET", help=SOURCE)
    cases = add_command(verbs, "cases", _cases, "whether the worked cases come out as they say")
    cases.add_argument("ruleset", nargs="?", metavar="RULESET", help=SOURCE)
    decide = add_command(verbs, "decide", _decide, "decide one set of facts, and say why")
    decide.add_argument("facts", type=Path, metavar="FACTS.json")
    decide.add_argument("--rules", metavar="RULESET", help=SOURCE)
    decide.add_argument("--municipality", help="by the rules of this municipality")
    decide.add_argument("--why", action="store_true", help="every rule, with why or why not")
    diff = add_command(verbs, "diff", _diff, "every combination of facts whose outcome changes")
    diff.add_argument("before", metavar="A", help=SOURCE)
    diff.add_argument("after", metavar="B", help=SOURCE)
    rule_desk.add(verbs)
    schema = add_command(verbs, "schema", _schema, "the JSON Schema of the facts or of the file")
    schema.add_argument("of", choices=("facts", "rule-set"))
    for verb in (check, cases, decide, diff):
        verb.add_argument("--json", action="store_true")


def _check(chosen: argparse.Namespace) -> int:
    book = book_of(chosen.ruleset)
    proof = prove(book, _agencies())
    if chosen.json:
        print(json.dumps(_proof_json(book, proof), ensure_ascii=False, indent=2))
        return 0 if proof.holds else 1
    for flaw in proof.flaws:
        place = f"{flaw.municipality}: " if flaw.municipality else ""
        place = "where no set names the municipality: " if flaw.elsewhere else place
        print(f"{place}{flaw.message}{_shown(flaw.witness)}")
    for last in proof.last_tier:
        share = "not counted" if last.share is None else f"{last.share:.1%} of all facts"
        print(f"{last.output} by the last tier alone: {share}")
        for facts in last.examples:
            print(f"  for example with {_unusual(facts, book.distinct[0][0].defaults)}")
    if not proof.agencies:
        print("agencies: not looked at, for there is no site here (see `ankkuri init`)")
    print(f"{proof.rules} rules, {len(proof.flaws)} findings, {book.digest}")
    return 0 if proof.holds else 1


def _proof_json(book: Book, proof: Proof) -> dict[str, Any]:
    return {
        "holds": proof.holds,
        "findings": plain(proof.flaws),
        "rules": proof.rules,
        "tables": proof.tables,
        "agencies": proof.agencies,
        "last_tier": plain(proof.last_tier),
        "digest": book.digest,
    }


def _agencies() -> Agencies | None:
    """Where recipients are looked for; None where there is no site that could serve."""
    settings, now = config.load(), utc_now()
    database = Database(settings.database)
    try:
        database.require_current()
        found = stored_directory(database, local_date(now))
        if found is None:
            return None
        database.believe(wiring.signed_of(settings))
        with database.read() as connection:
            manned = people.openers(connection, local_date(now))
        return Agencies(found[0], manned, local_date(now))
    except (DatabaseNotReady, config.SettingsUnusable):
        return None
    finally:
        database.engine.dispose()


def _cases(chosen: argparse.Namespace) -> int:
    results = [r for table, _ in book_of(chosen.ruleset).distinct for r in run_cases(table)]
    failed = [result for result in results if not result.holds]
    if chosen.json:
        print(json.dumps({"holds": not failed, "cases": plain(results)}, indent=2))
    else:
        for result in failed:
            print("\n".join(result.problems))
        print(f"{len(results) - len(failed)} of {len(results)} cases hold")
    return 1 if failed else 0


def _decide(chosen: argparse.Namespace) -> int:
    try:
        facts = json.loads(chosen.facts.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputUnusable(f"{chosen.facts} cannot be read as JSON: {error}") from None
    if not isinstance(facts, dict):
        raise InputUnusable(f"{chosen.facts} must hold one JSON object of facts")
    book = book_of(chosen.rules)
    if chosen.municipality and chosen.municipality not in book.tables:
        raise InputUnusable(
            f"No set is for {chosen.municipality!r}: choose of {', '.join(book.tables)}"
        )
    tables = tables_of(book, [chosen.municipality] if chosen.municipality else [])
    next(tables[0].vocabulary.worlds(facts))  # JSON may hold what no fact is, such as true
    decision = decide_by(tables, facts)
    whys = [explain(table, facts) for table in tables] if chosen.why else []
    if chosen.json:
        told: Any = plain(decision)
        if whys:
            told["rules"] = [{**plain_why(why)} for each in whys for why in each.rules]
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    print(f"lead: {decision.lead or 'nobody'}")
    for recipient in decision.recipients:
        bases = ", ".join(basis.law or basis.id for basis in recipient.bases)
        print(f"  {recipient.kind} {recipient.desk}: {', '.join(recipient.rules)} ({bases})")
    for withheld in decision.withheld:
        print(f"  not {withheld.kind}: {withheld.rule}")
    for notice in decision.notices:
        print(f"  notice: {notice}")
    for field in decision.uncertain:
        print(f"  uncertain, so the stricter: {field}")
    for each in whys:
        for why in each.rules:
            missed = ", ".join((*why.missed, *(f"{name} perhaps" for name in why.open)))
            print(f"  {why.holds:<7} {why.rule}" + (f": not by {missed}" if missed else ""))
    return 0


def plain_why(why: Any) -> dict[str, Any]:
    """One rule's why or why not as JSON has it."""
    return {**why._asdict(), "holds": str(why.holds)}


def _diff(chosen: argparse.Namespace) -> int:
    before, after = book_of(chosen.before), book_of(chosen.after)
    budget = Budget()
    try:
        found = {
            area: difference(before.table(area), after.table(area), budget)
            for area in _different(before, after)
        }
    except BudgetSpent as error:
        raise InputUnusable(f"They differ too much to be compared: {error} are needed") from None
    if chosen.json:
        print(json.dumps(plain(found), ensure_ascii=False, indent=2))
    for area, each in [] if chosen.json else found.items():
        share = "too much to count" if each.share is None else f"{each.share:.2%} of all facts"
        print(f"{area or 'everywhere'}: {len(each.changes)} changes, {share}")
        for change in each.changes:
            print(f"  {_change(change)}")
        for edit in each.edits:
            print(f"  written otherwise: {edit.table} {edit.id} {edit.how}")
    if not found and not chosen.json:
        print("nothing changes")
    return 1 if any(each.changes for each in found.values()) else 0


def _schema(chosen: argparse.Namespace) -> int:
    words = book_of(None).base.vocabulary
    made = schema_of_facts(words) if chosen.of == "facts" else schema_of_file(words, schemas(words))
    print(json.dumps(made, ensure_ascii=False, indent=1))
    return 0


def _different(before: Book, after: Book) -> list[str | None]:
    """One area for each pair of different tables; None: the base."""
    pairs: dict[tuple[str, str], str | None] = {}
    for area in (None, *{**before.tables, **after.tables}):
        pair = before.table(area).digest, after.table(area).digest
        if pair[0] != pair[1]:
            pairs.setdefault(pair, area)
    return list(pairs.values())


def _change(change: Change) -> str:
    of = f" of {change.of}" if change.of else ""
    what = f"{change.output}{of}: {change.before or 'none'} -> {change.after or 'none'}"
    boxes = " or ".join(f"({_conditions(box)})" for box in change.where[:3])
    more = f" or {change.boxes - 3} more" if len(change.where) > 3 else ""
    return f"{what} where {boxes}{more}"


def _conditions(box: Mapping[str, object]) -> str:
    said = []
    for name, test in box.items():
        if isinstance(test, dict):
            said += [f"{name} {how} {'+'.join(map(str, members))}" for how, members in test.items()]
        elif isinstance(test, list):
            said.append(f"{name}={'/'.join(map(str, test))}")
    return ", ".join(said) or "always"


def _unusual(facts: Mapping[str, object], usual: Mapping[str, object]) -> str:
    """The facts that differ from those of an ordinary case."""
    some = {name: plain(stated) for name, stated in facts.items()}
    ordinary = {name: plain(stated) for name, stated in usual.items()}
    return _conditions(
        {
            name: stated if isinstance(stated, list) else [stated]
            for name, stated in some.items()
            if stated != ordinary.get(name)
        }
    )


def _shown(witness: Any) -> str:
    if witness is None:
        return ""
    facts = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in witness.items()}
    return f", for example with {json.dumps(plain(facts), ensure_ascii=False)}"
