"""``ankkuri grant``: an agency's key for a colleague, by one who has it."""

from __future__ import annotations

import argparse
from typing import Any

import config
from intake import wiring
from intake.commands.command import add_command
from intake.commands.naming import NAMED
from intake.commands.signed_in import signed_in


def add(commands: Any) -> None:
    """Add this command."""
    grant = add_command(
        commands, "grant", _grant, "give an agency's key to a colleague; by one who has it"
    )
    grant.add_argument("agency", metavar="AGENCY")
    grant.add_argument("to", metavar=NAMED)
    grant.add_argument("--by", required=True, metavar=NAMED, help="who has the key")


def _grant(chosen: argparse.Namespace) -> int:
    from intake.services.enrol import Enrol

    parts = wiring.build(config.load())
    pepper = config.read_secret(parts.settings.keys, config.SECRETS["pepper"])
    words = input(f"The eight words of {chosen.to}, as they told them: ")
    with signed_in(parts, chosen.by) as visit:
        enrol = Enrol(parts.database, pepper, queue=parts.hashing)
        enrol.grant(visit, chosen.agency, chosen.to, parts.now(), words=words)
    print(f"{chosen.to} can open {chosen.agency}")
    return 0
