"""A worry travels the whole way over HTTP: typed, sealed, routed, opened, answered, chased."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.look.page_faults import page_faults
from tests.site import Site, token_in
from tests.web.reporter_walk import OBSERVATIONS, Walk


@pytest.mark.on_both
def test_report_receipt_inbox_open_accept_answer_status_chase(site: Site) -> None:
    teacher = Walk(site.client())
    teacher.fill(guardian_1=None)
    check = teacher.get("/report/check")
    assert "lastensuojelu" in check
    code = teacher.send()
    receipt = teacher.get("/receipt")
    assert "Kukaan ei ole vielä avannut" in receipt
    token = token_in(receipt)
    teacher.post_with(token, "/receipt/noted", {"noted": "y"})

    site.hands.move(minutes=20)
    worker = site.signed_in("soc")
    inbox = worker.get("/inbox").text
    assert page_faults(inbox) == []
    assert "Kaisla" not in inbox
    found = re.search(r'href="(/referrals/[0-9a-f-]+)"', inbox)
    assert found
    referral = found[1]
    opened = worker.get(referral).text
    assert page_faults(opened) == []
    assert "Kaisla Keksitty" in opened
    assert OBSERVATIONS["seen"] in unescape(opened)
    status = Walk(site.client())

    def shown() -> str:
        return status.post("/status", {"code": code.lower()}, status=200)

    assert "Avattu" in shown()
    for move, fields in (
        ("record_urgency", {"choice": "not_urgent"}),
        ("accept", {}),
        ("respond", {"choice": "contacted"}),
    ):
        page = worker.get(f"{referral}/{move}").text
        assert page_faults(page) == []
        answer = worker.post(f"{referral}/{move}", data={"csrf_token": token_in(page), **fields})
        assert answer.status_code == 303, answer.text
    now = shown()
    assert "Käsittelyssä" in now
    assert OBSERVATIONS["seen"] not in unescape(now)
    assert "Kaisla" not in now

    site.hands.move(days=10)
    assert site.parts.chase(site.hands()) > 0
    site.parts.chase(site.hands.move(minutes=2))
    assert site.parts.deliver(site.hands()) > 0
    letters = [path.read_bytes().decode() for path in site.parts.settings.letters.iterdir()]
    assert letters
    assert not any("Kaisla" in letter for letter in letters)
    supervisor = site.signed_in("supervisor")
    deadlines = supervisor.get("/deadlines").text
    assert page_faults(deadlines) == []
    assert "Myöhässä" in deadlines
    assert "Kaisla" not in deadlines
    assert supervisor.get(referral).status_code == 403
