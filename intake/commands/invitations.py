"""``people invite | anew | withdraw``: links by which people choose a passphrase of their own."""

from __future__ import annotations

import argparse
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.commands.naming import NAMED, ask_roles, member_named, operator, wanted_roles
from intake.domain.deadline import local_date


def add(verbs: Any) -> None:
    """Add these verbs of ``people``."""
    invite = add_command(
        verbs, "invite", _invite, "make a link by which a person chooses a passphrase of their own"
    )
    ask_who(invite)
    for name, run, about in (
        ("anew", _anew, "make a link for a person who lost the passphrase"),
        ("withdraw", _withdraw, "let an invitation's link lead nowhere"),
    ):
        verb = add_command(verbs, name, run, about)
        verb.add_argument("sign_in_name", metavar=NAMED)


def ask_who(verb: argparse.ArgumentParser) -> None:
    """Ask for a new person, with roles."""
    verb.add_argument("sign_in_name", metavar=NAMED)
    verb.add_argument("--name", required=True)
    verb.add_argument("--email", required=True)
    verb.add_argument("--language", choices=("fi", "sv", "en"), default="fi")
    ask_roles(verb)


def _invite(chosen: argparse.Namespace) -> int:
    from intake.services.enrol import SignInNameTaken
    from intake.services.invite import InvitedAlready, Newcomer

    parts = wiring.build(config.load())
    name = chosen.sign_in_name.strip().lower()
    newcomer = Newcomer(name, chosen.name, chosen.email, chosen.language)
    wanted = wanted_roles(parts, chosen)
    if not wanted:
        raise InputUnusable("An invitation needs a role: give --agency or --controller")
    try:
        secret = parts.invite(operator(parts), newcomer, wanted, parts.now())
    except SignInNameTaken:
        raise InputUnusable(f"{name} is taken: choose another") from None
    except InvitedAlready:
        raise InputUnusable(f"{name} is invited already: withdraw that invitation first") from None
    print(f"{parts.settings.base_url}/join/{secret.cookie}")
    return 0


def _anew(chosen: argparse.Namespace) -> int:
    from intake.services.appoint import PersonNotYours

    parts = wiring.build(config.load())
    member = member_named(parts, chosen)
    try:
        secret = parts.invite.anew(operator(parts), member.id, parts.now())
    except PersonNotYours:
        raise InputUnusable(f"{member.sign_in_name} has no role: give one first") from None
    print(f"{parts.settings.base_url}/join/{secret.cookie}")
    return 0


def _withdraw(chosen: argparse.Namespace) -> int:
    from intake.services.invite import InvitationNotYours

    parts = wiring.build(config.load())
    name, by = chosen.sign_in_name.strip().lower(), operator(parts)
    found = [
        one.id
        for one in parts.invite.open_ones(by, local_date(parts.now()))
        if one.newcomer.sign_in_name == name
    ]
    try:
        for invitation in found:
            parts.invite.withdraw(by, invitation, parts.now())
    except InvitationNotYours:
        found = []  # it was used just now
    if not found:
        raise InputUnusable(f"{name} has no open invitation: see `ankkuri people list`")
    print(f"The link of {name} leads nowhere now")
    return 0
