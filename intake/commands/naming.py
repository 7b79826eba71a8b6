"""How people and their roles are named on the command line."""

from __future__ import annotations

import argparse
from datetime import date

from intake.commands.command import InputUnusable
from intake.domain.deadline import local_date
from intake.domain.people import AGENCY_ROLES, Administrator, Appointment, Membership, Role
from intake.domain.staff import StaffMember
from intake.parts import Parts

NAMED = "SIGN-IN-NAME"


def operator(parts: Parts) -> Administrator:
    """Who runs this command answers for every controller."""
    return Administrator(None, frozenset(parts.directory.controllers))


def ask_roles(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--agency", action="append", default=[], metavar="ROLE:AGENCY")
    verb.add_argument("--controller", action="append", default=[], metavar="ROLE:CONTROLLER")
    verb.add_argument("--from", dest="first", metavar="DAY", help="first day; today by default")
    verb.add_argument("--to", dest="last", metavar="DAY", help="last day")


def wanted_roles(parts: Parts, chosen: argparse.Namespace) -> tuple[Appointment, ...]:
    """The roles that were asked for; InputUnusable names the one that cannot be."""
    today = local_date(parts.now())
    first = max(day(chosen.first), today) if chosen.first else today
    last = day(chosen.last) if chosen.last else None
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


def member_named(parts: Parts, chosen: argparse.Namespace) -> StaffMember:
    from intake.services.appoint import PersonNotYours

    try:
        return parts.appoint.named(chosen.sign_in_name, local_date(parts.now()))
    except PersonNotYours:
        raise InputUnusable(f"Nobody has the user name {chosen.sign_in_name!r}") from None


def agency_known(parts: Parts, agency: str) -> str:
    """Its id. Raises InputUnusable."""
    if agency not in parts.directory.agencies:
        raise InputUnusable(f"Nothing is called {agency!r} in the directory")
    return agency


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputUnusable(f"{text!r} is not a day such as 2026-06-02") from None
