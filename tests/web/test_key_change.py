"""*Keys*: a member changes the agency's key, and the page goes on by itself to the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from intake.domain.recusal import Ground
from intake.domain.trail import Action
from intake.services import rotate
from intake.web import colleagues
from tests import keeper
from tests.look.page_faults import page_faults
from tests.services.recorded import recorded
from tests.services.test_hold import put
from tests.services.test_recuse import recuse
from tests.services.test_rotate import key_of, lived, told
from tests.site import PASSPHRASE, SOC, Site, token_in

CHANGE, CHANGING = f"/keys/{SOC}/change", f"/keys/{SOC}/changing"


@pytest.mark.on_both
def test_a_member_changes_the_key_and_the_page_goes_on_to_the_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate, "AT_ONCE", 1)
    monkeypatch.setattr(colleagues, "AT_ONCE_SECONDS", 0)
    lived(site)
    _, referral = recorded(site)
    put(site, referral)
    recuse(site, "soc-head", referral, "soc-deputy", ground=Ground.OTHER, words="Serkkuni lapsi.")
    old = key_of(site)
    client = site.signed_in("soc")
    assert CHANGE in client.get("/keys").text
    asked = client.get(CHANGE).text
    assert page_faults(asked) == []
    typed = {"my_passphrase": PASSPHRASE, "csrf_token": token_in(asked)}
    answer = client.post(CHANGE, data=typed)
    assert (answer.status_code, answer.location) == (303, CHANGING)
    assert key_of(site) != old
    seen = []
    while True:
        page = client.get(CHANGING)
        assert page_faults(page.text) == []
        seen.append(page.text.partition("<progress")[2].partition(">")[0])
        if "Refresh" not in page.headers:
            break
        assert page.headers["Refresh"] == "1"
    assert len(seen) == len(set(seen)) > 2
    assert site.parts.rotate.progress(site.visit("soc"), SOC).left == 0


def test_a_change_that_waits_is_told_above_the_inbox_and_goes_on_from_there(site: Site) -> None:
    lived(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    head = site.signed_in("soc-head")
    assert "Avaimen vaihto on kesken." in head.get("/inbox").text
    assert CHANGING in head.get("/keys").text
    waits = head.get(f"{CHANGING}?stand=1")
    assert "Refresh" not in waits.headers
    assert site.parts.rotate.progress(site.visit("soc"), SOC).left
    assert page_faults(head.get(CHANGING).text) == []
    assert site.parts.rotate.progress(site.visit("soc"), SOC).left == 0
    assert "Avaimen vaihto on kesken." not in head.get("/inbox").text


@pytest.mark.on_both
def test_who_remains_is_asked_to_change_the_key_of_one_who_left(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    last = site.hands().date() - timedelta(days=1)
    head = site.people["soc-head"]
    site.parts.dismiss(admin, head, None, last, site.hands(), knowing=True)
    client = site.signed_in("soc")
    for page in ("/inbox", "/keys"):
        assert "Eero Esihenkilö on lähtenyt" in client.get(page).text
    assert "Esihenkilö" not in site.signed_in("duty").get("/inbox").text
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    assert "on lähtenyt" not in client.get("/inbox").text


def test_a_post_without_its_token_changes_nothing(site: Site) -> None:
    old, client = key_of(site), site.signed_in("soc")
    assert client.post(CHANGE, data={"csrf_token": "wrong"}).status_code == 422
    assert client.post(CHANGE).status_code == 422
    assert key_of(site) == old


@pytest.mark.parametrize("path", [CHANGE, CHANGING])
def test_another_agencys_member_gets_no_page_of_a_change_and_leaves_one_line(
    site: Site, path: str
) -> None:
    assert site.signed_in("duty").get(path).status_code == 404
    assert len(told(site, Action.REFUSED)) == 1


@pytest.mark.on_both
def test_what_does_not_open_is_told_and_the_page_stops(site: Site) -> None:
    lived(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE wrap SET sealed_keys = substr(sealed_keys, 1, 100)")
    page = site.signed_in("soc").get(CHANGING)
    assert "Refresh" not in page.headers
    assert "2 osaa ei avaudu" in page.text
    assert page_faults(page.text) == []
    client = site.signed_in("auditor")
    assert "Jokin ei avaudu" in client.get("/trail").text


@pytest.mark.on_both
def test_no_other_change_is_offered_while_a_new_key_waits_for_its_signature(site: Site) -> None:
    client = site.signed_in("soc")
    with keeper.away():
        token = token_in(client.get(CHANGE).text)
        assert client.post(CHANGE, data={"csrf_token": token}).status_code == 303
        page = client.get("/keys").text
        assert "odottaa allekirjoitusta" in page
        assert f'href="{CHANGE}"' not in page
