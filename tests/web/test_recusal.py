"""The pages of disqualification, and that every page of the report is shut to who is."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.people import Membership, Role
from intake.domain.recusal import Ground
from intake.domain.trail import Action
from intake.services.read import SHUT_OUT
from intake.store import people
from intake.store.need_to_know_tables import RecusalRow
from tests.look.page_faults import page_faults
from tests.services.sending import at, lines
from tests.site import POL, SOC, Site, token_in, worry_answers
from tests.web.referral_routes import addresses


def says(client: FlaskClient, path: str, **data: str) -> int:
    token = token_in(client.get(path).text)
    answer = client.post(path, data={"csrf_token": token, **data})
    if answer.status_code >= 400:
        assert page_faults(answer.text) == []
    return answer.status_code


def shut_out(site: Site) -> UUID:
    with site.parts.database.read() as connection:
        return connection.execute(select(RecusalRow.id)).scalar_one()


@pytest.mark.on_both
def test_every_route_of_the_report_is_shut_to_who_is_disqualified_and_leaves_a_line(
    site: Site,
) -> None:
    site.send()
    referral, client = str(at(site, SOC).id), site.signed_in("soc")
    token = token_in(client.get("/inbox").text)
    path = f"/referrals/{referral}/recusal"
    assert client.get(path).status_code == 200
    assert says(client, path, ground=Ground.PARTY) == 303
    asked = list(addresses(site, referral))
    assert len(asked) > 30
    refused = len(lines(site, Action.REFUSED))
    for number, (method, path) in enumerate(asked, refused + 1):
        data = {"csrf_token": token} if method == "POST" else None
        answer = client.open(path, method=method, data=data)
        assert answer.status_code in (403, 404), (method, path)
        found = lines(site, Action.REFUSED)
        assert len(found) == number, (method, path)
        if answer.status_code == 404:
            assert found[-1].purpose == SHUT_OUT, (method, path)
    assert at(site, SOC).reference not in client.get("/inbox").text
    assert lines(site, Action.OPEN) == []


@pytest.mark.on_both
def test_the_page_names_a_colleague_shows_why_and_the_head_lifts_it(site: Site) -> None:
    site.send()
    referral, soc, head = at(site, SOC).id, site.signed_in("soc"), site.signed_in("soc-head")
    path = f"/referrals/{referral}/recusal"
    deputy = str(site.people["soc-deputy"])
    name = f"{path}/colleague"
    assert f'href="{name}"' in soc.get(path).text
    assert says(soc, name, person=deputy, ground="other") == 422
    assert says(soc, name, ground="party") == 422
    assert says(soc, name, person=str(site.people["soc"]), ground="party") == 422
    assert says(soc, name, person=deputy, ground="other", words="Naapuri.") == 303
    for client, may in ((soc, False), (head, True)):
        page = client.get(path).text
        assert page_faults(page) == []
        assert "Disa Sijainen</strong>" in page
        assert "Naapuri." in page
        assert ("Kumoa, perustellen" in page) is may
    log = soc.get(f"/referrals/{referral}/lookers").text
    assert "Luottamus puolueettomuuteen vaarantuu muusta erityisestä syystä" in log
    assert ">other<" not in log
    link = str(shut_out(site))
    assert soc.get(f"{path}/{link}").status_code == 403
    assert says(head, f"{path}/{link}") == 422
    assert says(head, f"{path}/{link}", reason="Erehdys.") == 303
    assert site.signed_in("soc-deputy").get(f"/referrals/{referral}").status_code == 200


@pytest.mark.on_both
def test_the_last_one_who_can_open_is_warned_and_confirms(site: Site) -> None:
    site.send(worry_answers(urgency={"threat_to_life": "to_others"}))
    client = site.signed_in("pol")
    path = f"/referrals/{at(site, POL).id}/recusal"
    assert says(client, path, ground="party") == 409
    token = token_in(client.get(path).text)
    nobody = client.post(path, data={"csrf_token": token, "ground": "party", "knowing": "y"})
    assert nobody.status_code == 409
    assert "Soita ensin pääkäyttäjälle" in nobody.text
    with site.parts.database.write() as connection:
        head = Membership(Role.HEAD, POL)
        people.add_membership(connection, site.people["soc-head"], head, site.hands())
    assert says(client, path, ground="party", knowing="y") == 303


@pytest.mark.on_both
def test_the_supervisor_sees_who_by_whom_and_when_and_lifts_it(site: Site) -> None:
    site.send()
    row, soc = at(site, SOC), site.signed_in("soc")
    supervisor = site.signed_in("supervisor")
    assert page_faults(supervisor.get("/deadlines/recusals").text) == []
    whom = str(site.people["soc-head"])
    path = f"/referrals/{row.id}/recusal/colleague"
    assert says(soc, path, person=whom, ground="other", words="Naapuri.") == 303
    page = supervisor.get("/deadlines/recusals").text
    assert page_faults(page) == []
    for told in ("Eero Esihenkilö", "Saana Sosiaali", row.reference):
        assert told in page
    assert "Naapuri" not in page
    lift = f"/deadlines/recusals/{shut_out(site)}"
    assert page_faults(supervisor.get(lift).text) == []
    assert says(supervisor, lift) == 303
    assert supervisor.get(lift).status_code == 404
    assert site.signed_in("soc-head").get(f"/referrals/{row.id}").status_code == 200


def test_the_words_for_a_colleague_ask_for_a_role_that_opens(site: Site) -> None:
    site.send()
    with site.parts.database.write() as connection:
        here = Membership(Role.WORKER, SOC)
        people.add_membership(connection, site.people["hea"], here, site.hands())
    path = f"/referrals/{at(site, SOC).id}/recusal"
    client = site.signed_in("hea")
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/colleague").status_code == 403
