"""The second person for what lets an agency come or get more."""

from __future__ import annotations

import config
from intake.domain.people import Administrator, Membership, Role
from intake.services.confirm_directory import WaitingChanges
from intake.services.enrol import Enrol
from tests.site import CHEAP, COUNTY, PASSPHRASE, Site, give_app

NAME = "admin-toinen"


def enrol_second(site: Site, *controllers: str) -> str:
    """Another administrator, of the county unless told otherwise; by which name they sign in."""
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    roles = [Membership(Role.ADMINISTRATOR, controller=one) for one in controllers or (COUNTY,)]
    mail, now = f"{NAME}@ankkuri.invalid", site.hands()
    enrol = Enrol(site.parts.database, pepper, CHEAP)
    person = enrol.person(NAME, "Taina Toinen", mail, "fi", PASSPHRASE, roles, now)
    site.people[NAME] = person
    give_app(site.parts.database, person, now)
    return NAME


def operator(site: Site) -> Administrator:
    return Administrator(None, frozenset(site.parts.directory.controllers))


def waiting(site: Site) -> list[WaitingChanges]:
    """All that waits anywhere."""
    return site.parts.confirm_directory.waiting(operator(site))


def confirm_all(site: Site) -> int:
    """Let an operator be the second person for all that waits; for how much."""
    found = waiting(site)
    for one in found:
        site.parts.confirm_directory(operator(site), one.id, site.hands())
    return len(found)
