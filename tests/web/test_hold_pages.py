"""What will be deleted, and the holds that keep it, on the head's pages and on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

import config
from intake import cli, wiring
from tests.look.page_faults import page_faults
from tests.services.recorded import recorded
from tests.services.sending import row_of
from tests.site import Site, token_in


def says(client: FlaskClient, path: str, **data: Any) -> int:
    page = client.get(path).text
    assert page_faults(page) == []
    answer = client.post(path, data={"csrf_token": token_in(page), **data})
    if answer.status_code != 303:
        assert page_faults(answer.text) == []
    return answer.status_code


@pytest.mark.on_both
def test_the_head_sees_what_goes_holds_it_and_releases_it(site: Site) -> None:
    _, referral = recorded(site)
    reference = row_of(site, referral).reference
    site.hands.move(days=70)
    head = site.signed_in("soc-head")
    assert "/going" in head.get("/inbox").text
    page = head.get("/going").text
    assert page_faults(page) == []
    assert reference in page
    assert "ma 31.8.2026" in page
    assert "Kaisla" not in page
    path = f"/referrals/{referral}/holds"
    assert path in page
    assert says(head, path) == 422
    assert says(head, path, reason="Oikeudenkäynti.", last_day=["1", "1", "2020"]) == 422
    assert says(head, path, reason="Oikeudenkäynti.", last_day=["1", "1", "9999"]) == 422
    assert says(head, path, reason="Oikeudenkäynti.") == 303
    assert "Säilytetään toistaiseksi" in head.get("/going").text
    page = head.get(path).text
    assert "Oikeudenkäynti." in page
    one = page.partition(f'href="{path}/')[2].partition('"')[0]
    assert says(head, f"{path}/{one}") == 422
    assert says(head, f"{path}/{one}", reason="Tuomio annettu.") == 303
    assert "Säilytetään" not in head.get("/going").text
    worker = site.signed_in("soc")
    assert "/going" not in worker.get("/inbox").text
    for refused in ("/going", path, f"{path}/{one}"):
        assert worker.get(refused).status_code == 403


def test_the_command_tells_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, referral = recorded(site)
    reference = row_of(site, referral).reference
    site.hands.move(days=70)
    monkeypatch.setattr(config, "load", lambda: site.parts.settings)
    monkeypatch.setattr(wiring, "build", lambda _settings: site.parts)
    assert cli.main(["retention", "preview"]) == 0
    told = capsys.readouterr().out
    assert f"2026-08-31  {reference} (soc-vantaa-kerava-office)" in told
    assert "1 reports, 0 of them kept by holds" in told
    assert cli.main(["retention", "preview", "--json", "--days", "1"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.main(["retention", "preview", "--days", "-1"]) == 2
