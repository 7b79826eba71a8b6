"""What will be deleted, on the command line: ``retention preview``."""

from __future__ import annotations

import argparse
import json
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command

MOST_DAYS = 3660


def add(commands: Any) -> None:
    """Add this command."""
    retention = commands.add_parser("retention", help="content that has had its time")
    verbs = retention.add_subparsers(required=True, metavar="VERB")
    preview = add_command(verbs, "preview", _preview, "what will be deleted, and what holds keep")
    preview.add_argument("--days", type=int, default=30, metavar="N", help="of the next N days")
    preview.add_argument("--json", action="store_true")


def _preview(chosen: argparse.Namespace) -> int:
    if not 0 <= chosen.days <= MOST_DAYS:
        raise InputUnusable(f"Give --days a number from 0 to {MOST_DAYS}")
    parts = wiring.build(config.load())
    going = parts.retain.preview(parts.now(), chosen.days)
    if chosen.json:
        found = [
            {
                "day": each.on.isoformat(),
                "referrals": [
                    {"reference": row.reference, "agency": row.agency_id} for row in each.referrals
                ],
                "held": each.held,
                "held_until": each.held_until.isoformat() if each.held_until else None,
            }
            for each in going
        ]
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    for each in going:
        where = ", ".join(f"{row.reference} ({row.agency_id})" for row in each.referrals)
        until = f" until {each.held_until:%Y-%m-%d}" if each.held_until else ""
        print(f"{each.on:%Y-%m-%d}  {where}{f'  kept by a hold{until}' if each.held else ''}")
    print(f"{len(going)} reports, {sum(each.held for each in going)} of them kept by holds")
    return 0
