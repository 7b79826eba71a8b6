"""What waits for a second person in the directory: ``directory waiting | confirm | refuse``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.commands.naming import operator
from intake.domain.people import Administrator
from intake.language import Language
from intake.parts import Parts


def add(verbs: Any) -> None:
    """Add these commands to those of the directory."""
    waiting = add_command(
        verbs, "waiting", _waiting, "agencies that wait for a second person to come or to get more"
    )
    waiting.add_argument("--json", action="store_true")
    for name, run, about in (
        ("confirm", _confirm, "make what an administrator proposed, as the second person"),
        ("refuse", _refuse, "let what waits not be made"),
    ):
        add_command(verbs, name, run, about).add_argument("proposal", metavar="ID")


def _waiting(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    found = parts.confirm_directory.waiting(operator(parts))
    if chosen.json:
        told = [
            {
                "id": str(one.id),
                "proposed_by": one.proposer,
                "proposed_at": one.proposed_at.isoformat(),
                "entries": [vars(change) for change in one.changes],
            }
            for one in found
        ]
        print(json.dumps(told, ensure_ascii=False, indent=2, default=str))
        return 0
    for one in found:
        print(f"{one.id}  {one.proposer}")
        for change in one.changes:
            print(f"  {change.table} {change.id}: {'changes' if change.seen else 'new'}")
            for field, value in (change.entry or {}).items():
                print(f"    {field}: {value}")
    print(f"{len(found)} wait for a second person")
    return 0


def _confirm(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    return _second_person(parts, chosen.proposal, parts.confirm_directory, "in use")


def _refuse(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    return _second_person(parts, chosen.proposal, parts.confirm_directory.refuse, "refused")


def _second_person(
    parts: Parts, proposal: str, act: Callable[[Administrator, str, datetime], None], done: str
) -> int:
    from intake.services.confirm_directory import DirectoryRefused

    try:
        act(operator(parts), proposal, parts.now())
    except DirectoryRefused as refused:
        raise InputUnusable(Language("en").message(refused.message)) from None
    print(f"{proposal}: {done}")
    return 0
