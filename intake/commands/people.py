"""People on the command line: ``people``, ``grant``."""

from __future__ import annotations

import argparse
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command


def add(commands: Any) -> None:
    """Add these commands."""
    people = add_command(
        commands, "people", _people, "add a person with roles; the passphrase is asked for"
    )
    people.add_argument("sign_in_name", metavar="SIGN-IN-NAME")
    people.add_argument("--name", required=True)
    people.add_argument("--email", required=True)
    people.add_argument("--language", choices=("fi", "sv", "en"), default="fi")
    people.add_argument("--agency", action="append", default=[], metavar="ROLE:AGENCY")
    people.add_argument("--controller", action="append", default=[], metavar="ROLE:CONTROLLER")
    grant = add_command(
        commands, "grant", _grant, "give an agency's key to a colleague; by one who has it"
    )
    grant.add_argument("agency", metavar="AGENCY")
    grant.add_argument("to", metavar="SIGN-IN-NAME")
    grant.add_argument("--by", required=True, metavar="SIGN-IN-NAME", help="who has the key")


def _people(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.domain.people import AGENCY_ROLES, Membership, Role
    from intake.services.enrol import (
        AgencyHasKey,
        Enrol,
        PassphraseTooShort,
        SignInNameTaken,
    )

    parts = wiring.build(config.load())

    def role(text: str, at_agency: bool) -> tuple[Role, str]:
        name, _, place = text.partition(":")
        allowed = [r for r in Role if (r in AGENCY_ROLES) == at_agency]
        if name not in allowed:
            raise InputUnusable(f"Unknown role {name!r}: choose of {', '.join(allowed)}")
        known = parts.directory.agencies if at_agency else parts.directory.controllers
        if place not in known:
            raise InputUnusable(f"Nothing is called {place!r} in the directory")
        return Role(name), place

    at_agencies = [role(text, True) for text in chosen.agency]
    at_controllers = [role(text, False) for text in chosen.controller]
    enrol = Enrol(parts.database, config.read_secret(parts.settings.keys, config.SECRETS["pepper"]))
    passphrase = getpass.getpass("Passphrase (15 characters or more): ")
    if passphrase != getpass.getpass("The same again: "):
        raise InputUnusable("The two passphrases differ: try again")
    memberships = (
        *(Membership(r, agency=place) for r, place in at_agencies),
        *(Membership(r, controller=place) for r, place in at_controllers),
    )
    try:
        person = enrol.person(
            chosen.sign_in_name,
            chosen.name,
            chosen.email,
            chosen.language,
            passphrase,
            memberships,
            parts.now(),
        )
    except PassphraseTooShort:
        raise InputUnusable("The passphrase is too short: use 15 characters or more") from None
    except SignInNameTaken:
        raise InputUnusable(f"{chosen.sign_in_name} is taken: choose another") from None
    for _, agency in at_agencies:
        try:
            enrol.first_key(agency, (person,), parts.now())
        except AgencyHasKey:
            print(f"{agency} has a key: a member of it gives it with `ankkuri grant`")
    print(f"Added {chosen.sign_in_name}")
    return 0


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
