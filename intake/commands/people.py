"""People on the command line: ``people list | add | invite | anew | withdraw | roles | leave``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import config
from intake import wiring
from intake.commands import invitations
from intake.commands.command import InputUnusable, add_command
from intake.commands.invitations import ask_who
from intake.commands.naming import NAMED, ask_roles, day, member_named, operator, wanted_roles
from intake.domain.deadline import local_date
from intake.domain.people import Appointment
from intake.domain.staff import HeldRole, StaffMember
from intake.parts import Parts
from intake.store import factors

if TYPE_CHECKING:
    from intake.services.invite import OpenInvitation


def add(commands: Any) -> None:
    """Add these commands."""
    people = commands.add_parser("people", help="the staff: who they are and their roles")
    verbs = people.add_subparsers(required=True, metavar="VERB")
    everyone = add_command(verbs, "list", _list, "everybody with their roles, and who is invited")
    everyone.add_argument("--json", action="store_true")
    ask_who(add_command(verbs, "add", _add, "add a person with roles; the passphrase is asked for"))
    invitations.add(verbs)
    roles = add_command(verbs, "roles", _roles, "show a person's roles, or give and end some")
    roles.add_argument("sign_in_name", metavar=NAMED)
    roles.add_argument("--json", action="store_true")
    roles.add_argument("--end", action="append", default=[], metavar="ROLE:PLACE")
    ask_roles(roles)
    leave = add_command(verbs, "leave", _leave, "end all roles of a person at once")
    leave.add_argument("sign_in_name", metavar=NAMED)
    for verb in (roles, leave):
        verb.add_argument(
            "--even-so", action="store_true", help="also where nobody else could open or administer"
        )


def _list(chosen: argparse.Namespace) -> int:
    parts = wiring.build(config.load())
    by, today = operator(parts), local_date(parts.now())
    people, invited = parts.appoint.people(by, today), parts.invite.open_ones(by, today)
    if chosen.json:
        with parts.database.read() as connection:
            having = factors.who_has_one(connection, [member.id for member in people])
        found = [
            *({**_as_json(m), "second_factor": m.id in having} for m in people),
            *map(_invited_as_json, invited),
        ]
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    for member in people:
        roles = ", ".join(map(_as_text, member.roles))
        print(f"{member.sign_in_name:<24} {member.name}: {roles or 'no role'}")
    for one in invited:
        who, roles = one.newcomer, ", ".join(map(_as_text, one.roles))
        why = "a new key" if one.renews else roles
        print(f"{who.sign_in_name:<24} {who.name}: invited until {one.expires_at:%Y-%m-%d}: {why}")
    print(f"{len(people)} people, {len(invited)} invitations")
    return 0


def _add(chosen: argparse.Namespace) -> int:
    import getpass

    from intake.services.enrol import (
        AgencyHasKey,
        Enrol,
        SignInNameTaken,
    )
    from intake.services.refuse_weak import (
        PassphraseGuessable,
        PassphraseKnown,
        PassphraseTooPlain,
        PassphraseTooShort,
    )
    from intake.vault.recovery import RecoveryCode

    parts = wiring.build(config.load())
    wanted = wanted_roles(parts, chosen)
    enrol = Enrol(parts.database, parts.pepper, queue=parts.hashing)
    passphrase = getpass.getpass("Passphrase (15 characters or more): ")
    if passphrase != getpass.getpass("The same again: "):
        raise InputUnusable("The two passphrases differ: try again")
    recovery = RecoveryCode.new()
    try:
        person = enrol.person(
            chosen.sign_in_name,
            chosen.name,
            chosen.email,
            chosen.language,
            passphrase,
            wanted,
            parts.now(),
            recovery,
        )
    except PassphraseTooShort:
        raise InputUnusable("The passphrase is too short: use 15 characters or more") from None
    except PassphraseTooPlain:
        raise InputUnusable("The passphrase is too easy: use several different words") from None
    except PassphraseKnown:
        raise InputUnusable("The passphrase is a line that many people know") from None
    except PassphraseGuessable:
        raise InputUnusable(
            "The passphrase is mostly names, common words or a sequence: add other words"
        ) from None
    except SignInNameTaken:
        raise InputUnusable(f"{chosen.sign_in_name} is taken: choose another") from None
    for agency in dict.fromkeys(one.membership.agency for one in wanted if one.membership.agency):
        try:
            enrol.first_key(agency, (person,), parts.now())
        except AgencyHasKey:
            print(f"{agency} has a key: a member of it gives it, under Keys or by `ankkuri grant`")
    print(f"Added {chosen.sign_in_name}")
    print(f"Recovery code, shown only now, for a lost passphrase: {recovery.text}")
    return 0


def _roles(chosen: argparse.Namespace) -> int:
    from intake.services.appoint import RoleHeldAlready

    parts = wiring.build(config.load())
    member = member_named(parts, chosen)
    wanted = wanted_roles(parts, chosen)
    ended = [_held(member, text) for text in chosen.end]
    if wanted:
        try:
            parts.appoint(operator(parts), member.id, wanted, parts.now())
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
    return 0 if _end(parts, member_named(parts, chosen), None, chosen) else 1


def _end(
    parts: Parts, member: StaffMember, role: HeldRole | None, chosen: argparse.Namespace
) -> bool:
    """End a role, or all; False with a line where nobody would be left."""
    from intake.services.appoint import PersonNotYours
    from intake.services.dismiss import LeavesNobody

    now = parts.now()
    last = day(chosen.last) if role and chosen.last else local_date(now) - timedelta(days=1)
    try:
        parts.dismiss(
            operator(parts),
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


def _held(member: StaffMember, text: str) -> HeldRole:
    for role in member.roles:
        if text == _named(role):
            return role
    held = ", ".join(_named(role) for role in member.roles) or "none"
    raise InputUnusable(f"{member.sign_in_name} has no role {text!r}: the roles are {held}")


def _named(role: HeldRole | Appointment) -> str:
    return f"{role.membership.role}:{role.membership.agency or role.membership.controller}"


def _as_text(role: HeldRole | Appointment) -> str:
    return f"{_named(role)} {role.valid_from}–{role.valid_to or ''}"


def _as_json(member: StaffMember) -> dict[str, Any]:
    return {
        "sign_in_name": member.sign_in_name,
        "name": member.name,
        "email": member.email,
        "language": member.language,
        "invited_until": None,
        "roles": _roles_as_json(member.roles),
    }


def _invited_as_json(invited: OpenInvitation) -> dict[str, Any]:
    """``roles`` are empty where a link replaces a lost passphrase."""
    return {
        **vars(invited.newcomer),
        "invited_until": invited.expires_at.isoformat(),
        "roles": _roles_as_json(invited.roles),
    }


def _roles_as_json(roles: Iterable[HeldRole | Appointment]) -> list[dict[str, Any]]:
    return [
        {
            "role": role.membership.role.value,
            "agency": role.membership.agency,
            "controller": role.membership.controller,
            "valid_from": role.valid_from.isoformat(),
            "valid_to": role.valid_to.isoformat() if role.valid_to else None,
        }
        for role in roles
    ]
