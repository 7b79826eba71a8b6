"""A report's page tells of earlier referrals on the same child, and leads to them."""

from __future__ import annotations

import pytest

from intake.domain.recusal import Ground
from tests.look.page_faults import page_faults
from tests.services.test_same_child import told_of
from tests.site import Site


@pytest.mark.on_both
def test_the_page_counts_earlier_referrals_and_leads_to_them(site: Site) -> None:
    first, second = told_of(site), told_of(site)
    client = site.signed_in("soc")
    page = client.get(f"/referrals/{second.referral.id}").text
    assert page_faults(page) == []
    assert "1 aiempi välitys samasta lapsesta teidän viranomaisessanne" in page
    assert f"/referrals/{first.referral.id}" in page
    told_of(site)
    newest = told_of(site).referral.id
    assert "3 aiempaa välitystä samasta lapsesta" in client.get(f"/referrals/{newest}").text
    assert "samasta lapsesta" not in client.get(f"/referrals/{first.referral.id}").text


@pytest.mark.on_both
def test_who_is_shut_out_of_the_earlier_report_is_not_told_that_there_is_one(site: Site) -> None:
    first, second = told_of(site), told_of(site)
    soc, head, shut = site.visit("soc"), site.signed_in("soc-head"), site.signed_in("soc")
    path, other = f"/referrals/{second.referral.id}", first.referral
    assert other.reference in shut.get(path).text
    person = site.people["soc"]
    site.parts.recuse(soc, other.id, person, Ground.PARTY, "", site.hands())
    page = shut.get(path).text
    assert page_faults(page) == []
    for told in ("samasta lapsesta", str(other.id), other.reference):
        assert told not in page
    assert other.reference in head.get(path).text
