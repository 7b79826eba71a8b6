"""People on the command line: ``people list | add | invite | anew | roles | leave``, ``grant``."""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta
from typing import Any

import config
from intake import wiring
from intake.commands.command import InputUnusable, add_command
from intake.domain.deadline import local_date
from intake.domain.people import AGENCY_ROLES, Administrator, Appointment, Membership, Role
from intake.domain.staff import HeldRole, StaffMember

NAMED = "SIGN-IN-NAME"


def add(commands: Any) -> None:
    """Add these commands."""
    people = commands.add_parser("people", help="the staff: who they are and their roles")
    verbs = people.add_subparsers(required=True, metavar="VERB")
    everyone = add_command(verbs, "list", _list, "everybody with their roles")
    everyone.add_argument("--json", action="store_true")
    for name, run, about in (
        ("add", _add, "add a person with roles; the passphrase is asked for"),
        ("invite", _invite, "make a link by which a person chooses a passphrase of their own"),
    ):
        verb = add_command(verbs, name, run, about)
        verb.add_argument("sign_in_name", metavar=NAMED)
        verb.add_argument("--name", required=True)
        verb.add_argument("--email", required=True)
        verb.add_argument("--language", choices=("fi", "sv", "en"), default="fi")
        _ask_roles(verb)
    anew = add_command(verbs, "anew", _anew, "make a link for a person who lost the passphrase")
    anew.add_argument("sign_in_name", metavar=NAMED)
    roles = add_command(verbs, "roles", _roles, "show a person's roles, or give and end some")
    roles.add_argument("sign_in_name", metavar=NAMED)
    roles.add_argument("--json", action="store_true")
    roles.add_argument("--end", action="append", default=[], metavar="ROLE:PLACE")
    _ask_roles(roles)
    leave = add_command(verbs, "leave", _leave, "end all roles of a person at once")
    leave.add_argument("sign_in_name", metavar=NAMED)
    for verb in (roles, leave):
        verb.add_argument(
            "--even-so", action="store_true", help="also where nobody else could open or administer"
        )
    grant = add_command(
        commands, "grant", _grant, "give an agency's key to a colleague; by one who has it"
    )
    grant.add_argument("agency", metavar="AGENCY")
    grant.add_argument("to", metavar=NAMED)
    grant.add_argument("--by", required=True, metavar=NAMED, help="who has the key")


def _ask_roles(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--agency", action="append", default=[], metavar="ROLE:AGENCY")
    verb.add_argument("--controller", action="append", default=[], metavar="ROLE:CONTROLLER")
    verb.add_argument("--from", dest="first", metavar="DAY", help="first day; today by default")
    verb.add_argument("--to", dest="last", metavar="DAY", help="last day")


def _list(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    people = parts.appoint.people(_operator(parts), local_date(parts.now()))
    if chosen.json:
        print(json.dumps([_as_json(member) for member in people], ensure_ascii=False, indent=2))
        return 0
    for member in people:
        roles = ", ".join(_as_text(role) for role in member.roles)
        print(f"{member.sign_in_name:<24} {member.name}: {roles or 'no role'}")
    print(f"{len(people)} people")
    return 0


def _add(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.services.enrol import (
        AgencyHasKey,
        Enrol,
        PassphraseTooShort,
        SignInNameTaken,
    )

    parts = wiring.build(config.load())
    wanted = _wanted(parts, chosen)
    enrol = Enrol(parts.database, config.read_secret(parts.settings.keys, config.SECRETS["pepper"]))
    passphrase = getpass.getpass("Passphrase (15 characters or more): ")
    if passphrase != getpass.getpass("The same again: "):
        raise InputUnusable("The two passphrases differ: try again")
    try:
        person = enrol.person(
            chosen.sign_in_name,
            chosen.name,
            chosen.email,
            chosen.language,
            passphrase,
            wanted,
            parts.now(),
        )
    except PassphraseTooShort:
        raise InputUnusable("The passphrase is too short: use 15 characters or more") from None
    except SignInNameTaken:
        raise InputUnusable(f"{chosen.sign_in_name} is taken: choose another") from None
    for agency in dict.fromkeys(one.membership.agency for one in wanted if one.membership.agency):
        try:
            enrol.first_key(agency, (person,), parts.now())
        except AgencyHasKey:
            print(f"{agency} has a key: a member of it gives it, under Keys or by `ankkuri grant`")
    print(f"Added {chosen.sign_in_name}")
    return 0


def _invite(chosen: argparse.Namespace) -> int:
    from intake.services.enrol import SignInNameTaken
    from intake.services.invite import InvitedAlready, Newcomer

    parts = wiring.build(config.load())
    name = chosen.sign_in_name.strip().lower()
    newcomer = Newcomer(name, chosen.name, chosen.email, chosen.language)
    wanted = _wanted(parts, chosen)
    if not wanted:
        raise InputUnusable("An invitation needs a role: give --agency or --controller")
    try:
        secret = parts.invite(_operator(parts), newcomer, wanted, parts.now())
    except SignInNameTaken:
        raise InputUnusable(f"{name} is taken: choose another") from None
    except InvitedAlready:
        raise InputUnusable(f"{name} is invited already: withdraw that invitation first") from None
    print(f"{parts.settings.base_url}/join/{secret.cookie}")
    return 0


def _anew(chosen: argparse.Namespace) -> int:
    from intake.services.appoint import PersonNotYours

    parts = wiring.build(config.load())
    member = _member(parts, chosen)
    try:
        secret = parts.invite.anew(_operator(parts), member.id, parts.now())
    except PersonNotYours:
        raise InputUnusable(f"{member.sign_in_name} has no role: give one first") from None
    print(f"{parts.settings.base_url}/join/{secret.cookie}")
    return 0


def _roles(chosen: argparse.Namespace) -> int:
    from intake.services.appoint import RoleHeldAlready

    parts = wiring.build(config.load())
    member = _member(parts, chosen)
    wanted = _wanted(parts, chosen)
    ended = [_held(member, text) for text in chosen.end]
    if wanted:
        try:
            parts.appoint(_operator(parts), member.id, wanted, parts.now())
        except RoleHeldAlready:
            raise InputUnusable(f"{member.sign_in_name} has one of these roles already") from None
    for role in ended:
        if not _end(parts, member, role, chosen):
            return 1
    if not (wanted or ended):
        return _show(member, chosen.json)
    return 0


def _leave(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    return 0 if _end(parts, _member(parts, chosen), None, chosen) else 1


def _end(
    parts: wiring.Parts, member: StaffMember, role: HeldRole | None, chosen: argparse.Namespace
) -> bool:
    """End a role, or all; False with a line where nobody would be left."""
    from intake.services.appoint import PersonNotYours
    from intake.services.dismiss import LeavesNobody

    now = parts.now()
    last = _day(chosen.last) if role and chosen.last else local_date(now) - timedelta(days=1)
    try:
        parts.dismiss(
            _operator(parts),
            member.id,
            role.id if role else None,
            last,
            now,
            knowing=chosen.even_so,
        )
    except LeavesNobody as leaves:
        places = (*leaves.consequences.agencies, *leaves.consequences.controllers)
        print(f"Nobody else would be left at {', '.join(places)}: add --even-so to end it")
        return False
    except PersonNotYours:
        raise InputUnusable(f"{member.sign_in_name} has never had a role") from None
    return True


def _show(member: StaffMember, as_json: bool) -> int:
    if as_json:
        print(json.dumps(_as_json(member), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_as_text(role) for role in member.roles) or "no role")
    return 0


def _wanted(parts: wiring.Parts, chosen: argparse.Namespace) -> tuple[Appointment, ...]:
    """The roles that were asked for; InputUnusable names the one that cannot be."""
    today = local_date(parts.now())
    first = max(_day(chosen.first), today) if chosen.first else today
    last = _day(chosen.last) if chosen.last else None
    if last is not None and last < first:
        raise InputUnusable(f"The last day {last} is before the first day {first}")
    in_use = [one.id for one in parts.directory.agencies.values() if one.in_use]
    places = {True: in_use, False: list(parts.directory.controllers)}
    memberships = []
    for at_agency, texts in ((True, chosen.agency), (False, chosen.controller)):
        for text in texts:
            name, _, place = text.partition(":")
            allowed = [r for r in Role if (r in AGENCY_ROLES) == at_agency]
            if name not in allowed:
                raise InputUnusable(f"Unknown role {name!r}: choose of {', '.join(allowed)}")
            if place not in places[at_agency]:
                raise InputUnusable(f"Nothing in use is called {place!r} in the directory")
            where = {"agency": place} if at_agency else {"controller": place}
            memberships.append(Membership(Role(name), **where))
    return tuple(Appointment(membership, first, last) for membership in memberships)


def _held(member: StaffMember, text: str) -> HeldRole:
    for role in member.roles:
        if text == _named(role):
            return role
    held = ", ".join(_named(role) for role in member.roles) or "none"
    raise InputUnusable(f"{member.sign_in_name} has no role {text!r}: the roles are {held}")


def _member(parts: wiring.Parts, chosen: argparse.Namespace) -> StaffMember:
    from intake.services.appoint import PersonNotYours

    try:
        return parts.appoint.named(chosen.sign_in_name, local_date(parts.now()))
    except PersonNotYours:
        raise InputUnusable(f"Nobody has the user name {chosen.sign_in_name!r}") from None


def _operator(parts: wiring.Parts) -> Administrator:
    """Who runs this command answers for every controller."""
    return Administrator(None, frozenset(parts.directory.controllers))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputUnusable(f"{text!r} is not a day such as 2026-06-02") from None


def _named(role: HeldRole) -> str:
    return f"{role.membership.role}:{role.membership.agency or role.membership.controller}"


def _as_text(role: HeldRole) -> str:
    return f"{_named(role)} {role.valid_from}–{role.valid_to or ''}"


def _as_json(member: StaffMember) -> dict[str, Any]:
    return {
        "sign_in_name": member.sign_in_name,
        "name": member.name,
        "email": member.email,
        "language": member.language,
        "roles": [
            {
                "role": role.membership.role.value,
                "agency": role.membership.agency,
                "controller": role.membership.controller,
                "valid_from": role.valid_from.isoformat(),
                "valid_to": role.valid_to.isoformat() if role.valid_to else None,
            }
            for role in member.roles
        ],
    }


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
