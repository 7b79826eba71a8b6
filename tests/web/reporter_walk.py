"""A visitor who reports a worry over HTTP, page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.look.page_faults import page_faults

WHO: dict[str, Any] = {"kind": "professional"}
REPORTER: dict[str, Any] = {
    "sector": "school",
    "name": "Outi Opettaja",
    "post": "luokanopettaja",
    "organisation": "Tikkukiven koulu",
    "phone": "040 000 0001",
    "already_called": "",
    "notice_address": "",
}
CHILD: dict[str, Any] = {
    "name": "Kaisla Keksitty",
    "hetu": "010516A901V",
    "birth_date": ["", "", ""],
    "age": "",
    "due_date": ["", "", ""],
    "language": "suomi",
    "interpreter": "no",
    "municipality": "vantaa",
    "school": "school-tikkukivi",
    "school_name": "",
    "school_class": "4 B",
    "whereabouts": "",
    "whereabouts_municipality": "",
    "turvakielto": "no",
}
GUARDIAN: dict[str, Any] = {
    "name": "Kerttu Keksitty",
    "contact": "040 000 0002",
    "lives_with_child": "yes",
    "suspected_perpetrator": "no",
}
WORRY: dict[str, Any] = {"categories": ["neglect"], "child_role": "victim"}
URGENCY: dict[str, Any] = {"urgency": "normal", "threat_to_life": "none", "weapon": "no"}
PROTECTION: dict[str, Any] = {
    "crime_against_child": "none",
    "may_need_protection": "yes",
    "made_together": "no",
}
OBSERVATIONS: dict[str, Any] = {
    "seen": "Lapsi on tullut kouluun ilman eväitä ja talvivaatteita.",
    "when": "kolmena aamuna toukokuussa",
    "own_view": "Arvioin, että kotona on vaikeaa.",
    "done_already": "Puhuin lapsen kanssa.",
    "health": "",
}
CONSENT: dict[str, Any] = {
    "child_informed": "yes",
    "guardian_informed": "no",
    "informed_reason": "En ole tavoittanut.",
    "child_consent": "not_asked",
    "guardian_consent": "not_asked",
}
WAY: dict[str, dict[str, Any]] = {
    "who": WHO,
    "reporter": REPORTER,
    "child/1": CHILD,
    "guardian/1": GUARDIAN,
    "worry": WORRY,
    "urgency": URGENCY,
    "protection": PROTECTION,
    "observations": OBSERVATIONS,
    "consent": CONSENT,
}


class Walk:
    """One browser. Every page that it gets is looked through for faults.

    ``under``: what leads the addresses of the pages, "" at the reporter's door.
    """

    def __init__(self, client: FlaskClient, under: str = "") -> None:
        self.client = client
        self.under = under

    def get(self, path: str, status: int = 200) -> str:
        """Fetch a page that must answer with this status."""
        return self._seen(self.client.get(path), status)

    def post(self, path: str, answers: Mapping[str, Any], status: int = 303) -> str:
        """Fetch a page and post its form; where it leads (303), else the page."""
        hidden = hidden_in(self.client.get(path).text)
        return self.post_with(hidden["csrf_token"], path, {**hidden, **answers}, status)

    def post_with(
        self, token: str, path: str, answers: Mapping[str, Any], status: int = 303
    ) -> str:
        """Post with a token of one's own."""
        answer = self.client.post(path, data={**answers, "csrf_token": token})
        if status == 303:
            assert answer.status_code == 303, errors_in(answer.text)
            return answer.location
        return self._seen(answer, status)

    def fill(self, **changes: dict[str, Any] | None) -> None:
        """Answer every page; ``child_1={…}`` changes answers, ``guardian_1=None`` skips."""
        for name, usual in WAY.items():
            change = changes.get(name.replace("/", "_"), {})
            if change is not None:
                self.post(f"{self.under}/report/{name}", usual | change)

    def send(self) -> str:
        """Send the checked report; the code on the receipt."""
        return self.send_from(self.get(f"{self.under}/report/check"))

    def send_from(self, page: str) -> str:
        """Press the send button of a page; the code on the receipt."""
        receipt = f"{self.under}/receipt"
        assert self.press(page, f"{self.under}/report/send") == receipt
        return code_in(self.get(receipt))

    def press(self, page: str, path: str, status: int = 303) -> str:
        """Post the form of a page as it came."""
        hidden = hidden_in(page)
        return self.post_with(hidden["csrf_token"], path, hidden, status)

    def cookie(self) -> str:
        """The visitor's secret."""
        cookie = self.client.get_cookie("ankkuri_draft")
        assert cookie is not None
        return cookie.value

    def _seen(self, answer: TestResponse, status: int) -> str:
        assert answer.status_code == status, answer.text
        assert page_faults(answer.text) == []
        return answer.text


def hidden_in(page: str) -> dict[str, str]:
    """The hidden fields of a page's form that have a name."""
    return dict(hidden_pairs(page))


def hidden_pairs(page: str) -> list[tuple[str, str]]:
    """The same, also where several have one name."""
    inputs = [tag for tag in re.findall(r"<input [^>]*>", page) if 'type="hidden"' in tag]
    found = [
        (re.search(r'name="(.*?)"', tag), re.search(r'value="(.*?)"', tag, re.S)) for tag in inputs
    ]
    return [(name[1], unescape(value[1])) for name, value in found if name and value and name[1]]


def code_in(page: str) -> str:
    """The follow-up code on a receipt."""
    found = re.search(r'class="code">([0-9A-Z-]+)<', page)
    assert found, page
    return found[1]


def errors_in(page: str) -> list[str]:
    """What the error summaries of a page say, in their order."""
    summaries = re.findall(r'<div class="summary".*?</div>\s*</div>', page, re.S)
    items = [item for summary in summaries for item in re.findall(r"<li>(.*?)</li>", summary, re.S)]
    return [unescape(re.sub(r"<[^>]+>", "", item)).strip() for item in items]
