"""What was sealed by somebody who has only a public key: the page that opens it shows it, or says
that it does not open. It never breaks.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from intake.domain.trail import Action
from intake.store.tables import SectionRow, WrapRow
from intake.vault.open import open_wrap
from intake.vault.seal import SectionKeys, wrap
from tests.forgeries import forgeries
from tests.look.page_faults import page_faults
from tests.services.sending import at, lines
from tests.site import SOC, Site
from tests.web.forged import story


@pytest.mark.on_both
def test_what_holds_no_json_is_a_calm_page_and_one_line(site: Site) -> None:
    for sealed in story(site):
        client = site.signed_in(sealed.reader)
        shown = client.get(sealed.page).text
        before = len(lines(site, Action.DAMAGED))
        sealed.put(b"\xff\xfe{")
        answer = client.get(sealed.page)
        assert page_faults(answer.text) == []
        left_out = sealed.name.startswith("detail of")  # a line stands without it
        assert answer.status_code == (200 if left_out else 409), sealed.name
        assert len(lines(site, Action.DAMAGED)) == before + (not left_out), sealed.name
        assert answer.text != shown
        sealed.put(sealed.plain)
        assert client.get(sealed.page).status_code == 200


def test_whatever_was_sealed_there_no_page_breaks(site: Site) -> None:
    found = story(site)
    clients = {name: site.signed_in(name) for name in {sealed.reader for sealed in found}}
    every = [(sealed, content) for sealed in found for content in forgeries(sealed.plain)]

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(every))
    def look(forgery: Any) -> None:
        sealed, content = forgery
        site.hands.move(seconds=1)  # rows are named by time and chance, and this chance repeats
        sealed.put(content)
        answer = clients[sealed.reader].get(sealed.page)
        sealed.put(sealed.plain)
        assert answer.status_code in (200, 409), (sealed.name, content[:300])

    look()


def test_a_wrap_without_the_key_of_the_reasons_is_a_calm_page(site: Site) -> None:
    site.send()
    row, visit = at(site, SOC), site.visit("soc")
    key = site.parts.read.agency_key(visit, row)
    place: dict[str, Any] = {"report_id": row.report_id, "referral_id": row.id}
    keys = site.parts.read.section_keys(visit, row, key)
    forged = wrap(
        SectionKeys({slot: keys[slot] for slot in keys if slot != "reasons"}),
        **place,
        purpose="recipient",
        recipient=key.public(),
    )
    opened = open_wrap(key, forged, **place, purpose="recipient", key_id=key.key_id)
    assert set(opened) == set(keys) - {"reasons"}
    with site.parts.database.write() as connection:
        connection.execute(update(WrapRow).values(sealed_keys=forged).filter_by(referral_id=row.id))
    assert site.signed_in("soc").get(f"/referrals/{row.id}").status_code == 409
    assert len(lines(site, Action.DAMAGED)) == 1


def test_a_section_whose_row_is_gone_is_a_calm_page(site: Site) -> None:
    site.send()
    row = at(site, SOC)
    with site.parts.database.write() as connection:
        connection.execute(delete(SectionRow).filter_by(slot="concern"))
    assert site.signed_in("soc").get(f"/referrals/{row.id}").status_code == 409
    assert len(lines(site, Action.DAMAGED)) == 1
