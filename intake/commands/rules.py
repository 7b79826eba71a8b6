"""Routing rules on the command line: ``rules check | cases | decide``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import config
from intake.commands.command import InputUnusable, add_command
from routing_rules.canonical import plain
from routing_rules.cases import run_cases
from routing_rules.decide import decide
from routing_rules.load import load, load_checked
from routing_rules.verify import verify


def add(commands: Any) -> None:
    """Add these commands."""
    rules = commands.add_parser("rules", help="check and try routing rules")
    verbs = rules.add_subparsers(required=True, metavar="VERB")
    for name, run, about in (
        ("check", _rules_check, "whether the rules load and leave nobody without a recipient"),
        ("cases", _rules_cases, "whether the worked cases come out as they say"),
        ("decide", _rules_decide, "decide one set of facts"),
    ):
        verb = add_command(verbs, name, run, about)
        verb.add_argument("--json", action="store_true")
        if name == "decide":
            verb.add_argument("facts", type=Path, metavar="FACTS.json")
            verb.add_argument("--rules", type=Path, dest="ruleset")
        else:
            verb.add_argument("ruleset", type=Path, nargs="?")


def _ruleset_of(chosen: argparse.Namespace) -> Path:
    """The rule file that was named, else the one that would be served."""
    return chosen.ruleset or config.load().rules


def _rules_check(chosen: argparse.Namespace) -> int:
    ruleset = load(_ruleset_of(chosen))
    findings = verify(ruleset)
    if chosen.json:
        print(json.dumps({"holds": not findings, "findings": plain(findings)}, indent=2))
    else:
        for finding in findings:
            print(finding.line())
        print(f"{len(ruleset.rules)} rules, {len(findings)} findings, {ruleset.digest}")
    return 1 if findings else 0


def _rules_cases(chosen: argparse.Namespace) -> int:
    results = run_cases(load_checked(_ruleset_of(chosen)))
    failed = [result for result in results if not result.holds]
    if chosen.json:
        print(json.dumps({"holds": not failed, "cases": plain(results)}, indent=2))
    else:
        for result in failed:
            print("\n".join(result.problems))
        print(f"{len(results) - len(failed)} of {len(results)} cases hold")
    return 1 if failed else 0


def _rules_decide(chosen: argparse.Namespace) -> int:
    try:
        facts = json.loads(chosen.facts.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputUnusable(f"{chosen.facts} cannot be read as JSON: {error}") from None
    if not isinstance(facts, dict):
        raise InputUnusable(f"{chosen.facts} must hold one JSON object of facts")
    outcome = decide(load_checked(_ruleset_of(chosen)), facts)
    if chosen.json:
        print(json.dumps(plain(outcome), ensure_ascii=False, indent=2))
        return 0
    print(f"lead: {outcome.lead or 'nobody'}")
    for recipient in outcome.recipients:
        print(f"  {recipient.kind} {recipient.desk}: {', '.join(recipient.rules)}")
    for withheld in outcome.withheld:
        print(f"  not {withheld.kind}: {withheld.rule}")
    for notice in outcome.notices:
        print(f"  notice: {notice}")
    return 0
