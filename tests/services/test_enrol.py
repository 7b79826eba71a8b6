"""Only who can open an agency's key gives it on, and only to its members."""

from __future__ import annotations

import pytest

import config
from intake.domain.people import Membership, Role
from intake.services.enrol import (
    AgencyHasKey,
    Enrol,
    GrantRefused,
    SignInNameTaken,
)
from intake.services.read import KeyNotGranted
from intake.services.refuse_weak import PassphraseTooPlain, PassphraseTooShort
from tests.site import CHEAP, PASSPHRASE, SOC, Site


@pytest.fixture
def enrol(site: Site) -> Enrol:
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    return Enrol(site.parts.database, pepper, CHEAP)


def newcomer(site: Site, enrol: Enrol) -> None:
    roles = (Membership(Role.WORKER, SOC),)
    mail = "uusi@ankkuri.invalid"
    enrol.person("uusi", "Uuno Uusi", mail, "fi", PASSPHRASE, roles, site.hands())


def test_a_colleague_gives_the_key_and_then_the_newcomer_opens(site: Site, enrol: Enrol) -> None:
    site.send()
    newcomer(site, enrol)
    visit = site.visit("uusi")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    with pytest.raises(KeyNotGranted):
        site.parts.read(visit, row.id, site.hands())
    enrol.grant(site.visit("soc"), SOC, "uusi", site.hands(), words=site.words("uusi"))
    assert site.parts.read(visit, row.id, site.hands()).sections


@pytest.mark.parametrize(("by", "to"), [("admin", "uusi"), ("pol", "uusi"), ("soc", "pol")])
def test_neither_an_administrator_nor_a_stranger_gives_or_gets_a_key(
    site: Site, enrol: Enrol, by: str, to: str
) -> None:
    newcomer(site, enrol)
    with pytest.raises(GrantRefused):
        enrol.grant(site.visit(by), SOC, to, site.hands(), words=site.words(to))


def test_a_key_is_given_once(site: Site, enrol: Enrol) -> None:
    with pytest.raises(GrantRefused, match="already"):
        enrol.grant(site.visit("soc"), SOC, "soc-head", site.hands(), words=site.words("soc-head"))


def test_an_agency_has_one_first_key(site: Site, enrol: Enrol) -> None:
    with pytest.raises(AgencyHasKey):
        enrol.first_key(SOC, (site.people["soc"],), site.hands())


def test_a_weak_passphrase_and_a_taken_name_are_refused(site: Site, enrol: Enrol) -> None:
    for name, passphrase, error in (
        ("uusi", "liian lyhyt", PassphraseTooShort),
        ("uusi", "salasanasalasana", PassphraseTooPlain),
        ("SOC ", PASSPHRASE, SignInNameTaken),
    ):
        with pytest.raises(error):
            enrol.person(name, "X", "x@ankkuri.invalid", "fi", passphrase, (), site.hands())
