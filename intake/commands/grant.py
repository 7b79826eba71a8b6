"""``ankkuri grant``: an agency's key for a colleague, by one who has it."""

from __future__ import annotations

import argparse
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.commands.naming import NAMED


def add(commands: Any) -> None:
    """Add this command."""
    grant = add_command(
        commands, "grant", _grant, "give an agency's key to a colleague; by one who has it"
    )
    grant.add_argument("agency", metavar="AGENCY")
    grant.add_argument("to", metavar=NAMED)
    grant.add_argument("--by", required=True, metavar=NAMED, help="who has the key")


def _grant(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.services.enrol import Enrol, GrantRefused
    from intake.services.sign_in import SignInRefused, SignInTooSoon

    parts = wiring.build(config.load())
    pepper = config.read_secret(parts.settings.keys, config.SECRETS["pepper"])
    passphrase = getpass.getpass(f"Passphrase of {chosen.by}: ")
    try:
        session = parts.sign_in(chosen.by, passphrase, parts.now())
        visit = parts.sign_in.resume(session, parts.now())
        if visit is None:
            raise SignInRefused
        try:
            enrol = Enrol(parts.database, pepper)
            enrol.grant(visit, chosen.agency, chosen.to, parts.now())
        finally:
            parts.sign_in.out(visit, parts.now())
    except SignInTooSoon as wait:
        raise InputUnusable(f"Too many attempts: wait {wait.seconds} seconds") from None
    except SignInRefused:
        raise InputUnusable("The sign-in name or the passphrase is wrong") from None
    except GrantRefused as refused:
        raise InputUnusable(str(refused)) from None
    print(f"{chosen.to} can open {chosen.agency}")
    return 0
