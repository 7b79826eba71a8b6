"""Pages of a report whose content has been deleted."""

from __future__ import annotations

import pytest

from intake.domain.referral import Move
from tests.services.recorded import record, recorded
from tests.services.sending import at
from tests.site import SOC, Site, token_in
from tests.web.referral_routes import addresses
from tests.web.reporter_walk import Walk


def deleted(site: Site) -> str:
    _, referral = recorded(site)
    assert site.parts.retain(site.hands.move(days=90)) == 1
    return str(referral)


@pytest.mark.on_both
def test_the_page_says_on_which_day_the_content_was_deleted(site: Site) -> None:
    referral = deleted(site)
    page = site.signed_in("soc").get(f"/referrals/{referral}").text
    assert "poistettu ma 31.8.2026" in page
    assert "Kirjattu asiakastietojärjestelmään" in page
    assert "Kaisla" not in page


def test_the_reporter_reads_on_which_day_the_content_was_deleted(site: Site) -> None:
    receipt = site.send()
    record(site, at(site, SOC).id)
    site.parts.retain(site.hands.move(days=91))
    page = Walk(site.client()).post("/status", {"code": receipt.code.text}, 200)
    assert "poistettiin tästä palvelusta" in page


def test_no_page_and_no_form_of_a_deleted_report_fails(site: Site) -> None:
    referral = deleted(site)
    asked = list(addresses(site, referral))
    assert len(asked) > len(Move)
    for name in ("soc", "soc-head", "duty"):
        client = site.signed_in(name)
        token = token_in(client.get("/inbox").text)
        for method, path in asked:
            data = {"csrf_token": token} if method == "POST" else None
            answer = client.open(path, method=method, data=data)
            assert answer.status_code < 500, (name, method, path)
