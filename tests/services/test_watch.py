"""Watching: auditors, administrators and coordinators see what is their own controllers'."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from intake.domain.people import Membership, Role
from intake.domain.trail import Action
from intake.services.audit import Audit
from intake.services.oversee import Oversee
from intake.services.read import ReferralNotYours
from intake.store import people
from intake.store.people_tables import AgencyRow
from intake.store.tables import ReferralRow
from tests.site import COUNTY, POL, SOC, Site


def names(site: Site) -> set[str | None]:
    rows = Audit(site.parts.database)(site.visit("auditor"), site.hands())
    return {row.name for row in rows}


def test_an_auditor_reads_the_lines_of_the_own_controllers_alone(site: Site) -> None:
    site.visit("soc")
    site.visit("supervisor")
    site.visit("pol")
    seen = names(site)
    assert {"Saana Sosiaali", "Valpuri Valvoja", "Tuula Tietosuoja"} <= seen
    assert "Pekka Poliisi" not in seen
    with site.parts.database.write() as connection:
        people.add_membership(
            connection,
            site.people["auditor"],
            Membership(Role.AUDITOR, controller="police"),
            site.hands(),
        )
    assert "Pekka Poliisi" in names(site)


def test_an_auditor_sees_an_outsider_who_tried_the_own_agencys_referral(site: Site) -> None:
    site.send()
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    with pytest.raises(ReferralNotYours):
        site.parts.read(site.visit("pol"), row.id, site.hands())
    rows = Audit(site.parts.database)(site.visit("auditor"), site.hands())
    refused = [r for r in rows if r.action == Action.REFUSED]
    assert [(r.name, r.agency_id) for r in refused] == [("Pekka Poliisi", SOC)]


def test_an_administrator_sees_the_agencies_of_the_own_controllers_alone(site: Site) -> None:
    directory = site.parts.directory
    client = site.signed_in("admin")
    client.set_cookie("ankkuri_language", "fi")
    page = client.get("/directory").text
    headings = [
        c.name["fi"] for c in directory.controllers.values() if f"<h2>{c.name['fi']}</h2>" in page
    ]
    assert headings == [directory.controllers[COUNTY].name["fi"]]
    assert directory.agency(SOC).name["fi"] in page
    assert directory.agency(POL).name["fi"] not in page


def test_the_picture_counts_an_agency_that_is_no_longer_listed(site: Site) -> None:
    site.send()
    with site.parts.database.write() as connection:
        connection.execute(insert(AgencyRow).values(id="gone", kind="HEA", controller_id=COUNTY))
        connection.execute(update(ReferralRow).values(agency_id="gone"))
    picture = Oversee(site.parts.database, site.parts.directory).picture()
    assert list(picture.values()) == [{"HEA": 1}]
