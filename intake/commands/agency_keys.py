"""Agencies' keys over time on the command line: ``keys rotate``, and what sheets are for."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import config
from intake import wiring
from intake.commands import progress, recovery_keys
from intake.commands.command import add_command
from intake.commands.naming import NAMED, agency_known
from intake.commands.signed_in import signed_in

if TYPE_CHECKING:
    from intake.services.rotate import Progress


def add(verbs: Any) -> None:
    """Add these verbs of ``keys``."""
    rotate = add_command(
        verbs,
        "rotate",
        _rotate,
        "change an agency's key, or go on with a change that was cut short; by one who has it",
    )
    rotate.add_argument("agency", metavar="AGENCY")
    rotate.add_argument("--by", required=True, metavar=NAMED, help="who has the key")
    rotate.add_argument(
        "--anew", action="store_true", help="begin again even if a change has not come to its end"
    )
    rotate.add_argument("--json", action="store_true")
    recovery_keys.add(verbs)


def _rotate(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    agency = agency_known(parts, chosen.agency)
    with signed_in(parts, chosen.by) as visit:
        reached = parts.rotate.progress(visit, agency)
        if chosen.anew or not reached.left:
            if not parts.rotate.begin(visit, agency, parts.now()):
                print(f"{agency}: the new key waits for its signature; run this again after it")
                return 1
            reached = parts.rotate.progress(visit, agency)
        show = progress.bar(reached.total, f"Sealing anew for {agency}")
        for reached in parts.rotate.steps(visit, agency, parts.now()):
            show(reached.done)
        reached = parts.rotate.progress(visit, agency)
    _tell(agency, reached, as_json=chosen.json)
    return 1 if reached.left else 0


def _tell(agency: str, reached: Progress, *, as_json: bool) -> None:
    if as_json:
        told = {"done": reached.done, "left": reached.left, "closed": reached.closed}
        print(json.dumps({"agency": agency, **told}))
        return
    print(f"{agency}: {reached.done} sealed to the new key")
    if reached.left:
        print(f"{reached.left} do not open in their places: the use log names their reports")
    if reached.closed:
        print(f"{reached.closed} are sealed to former keys that you do not have")
