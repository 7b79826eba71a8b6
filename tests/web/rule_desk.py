"""Two rule editors at the rule desk, over HTTP."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.look.page_faults import page_faults
from tests.site import Site, token_in

LAYER = "ita-uusimaa"
WORD = "Asia on kiireellinen, joten sosiaalipalveluissa sen saa päivystävä yksikkö."
OTHER = "Asia on kiireellinen."
PARISH = """
[[rule]]
id = "test-parish"
tier = "county"
basis = "pol_safety"
title = { fi = "Seurakunta: poliisi", sv = "Församling: polisen", en = "Parish: police" }
because.fi = "Koe."
because.sv = "Prov."
because.en = "A test."
when = { primary = "neglect", sector = "parish", age = "0-17", unborn = "no" }
then = { recipients = "POL" }

[[case]]
id = "test-parish"
title = "A parish worker's worry"
facts = { primary = "neglect", sector = "parish" }
expect = { lead = "SOC", recipients = ["SOC", "POL"] }
hits = ["test-parish"]
"""
"""A rule by which the police get some more, with its case."""


class Editor:
    """A rule editor's browser, in English."""

    def __init__(self, site: Site, name: str = "rules") -> None:
        self.client: FlaskClient = site.signed_in(name)
        self.client.set_cookie("ankkuri_language", "en")

    def get(self, path: str, status: int = 200) -> str:
        """A page without faults."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        assert page_faults(answer.text) == [], path
        return answer.text

    def post(self, path: str, status: int = 303, page: str = "", **fields: Any) -> str:
        """Send the form of a page (of ``path`` itself): where it leads, or what it shows."""
        shown = self.get(page or path)
        data = {"csrf_token": token_in(shown), **hidden(shown), **fields}
        # Not by the client itself: it would write large files to the disk.
        boundary, body = encode_multipart(data)
        kind = f"multipart/form-data; boundary={boundary}"
        answer = self.client.post(path, data=body, content_type=kind)
        assert answer.status_code == status, (path, answer.status_code)
        if status == 303:
            return str(answer.location)
        assert page_faults(answer.text) == [], path
        return answer.text

    def begin(self, **fields: Any) -> str:
        """The address of a new draft."""
        return self.post(f"/rules/sets/{LAYER}/new", page="/rules/sets", **fields)

    def drafted(self, text: str) -> str:
        """The address of a new draft with this text."""
        draft = self.begin()
        self.post(draft, content=text)
        return draft

    def text(self, draft: str) -> str:
        """What a draft says."""
        return text_in(self.get(draft))

    def proposed(self, text: str, **fields: Any) -> str:
        """The address of a proposed draft with this text."""
        draft = self.drafted(text)
        self.post(f"{draft}/propose", **fields)
        return draft


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    last = page.rpartition("<form")[2]
    found = re.findall(r'<input type="hidden"[^>]*name="(\w+)" value="([^"]*)"', last)
    return {name: unescape(value) for name, value in found if name != "csrf_token"}


def text_in(page: str) -> str:
    """The text in a draft's box."""
    found = re.search(r'<textarea id="content"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def text_file(text: str | bytes) -> FileStorage:
    """A file to choose."""
    raw = text.encode() if isinstance(text, str) else text
    return FileStorage(BytesIO(raw), "saannot.toml", "file")


def in_force(site: Site) -> str:
    """The text in force."""
    return str(site.parts.rule_drafts.rulebook().at(site.hands()).documents[LAYER].text)


def changed(site: Site, old: str = WORD, new: str = OTHER) -> str:
    """The text in force with one change."""
    text = in_force(site)
    assert old in text
    return text.replace(old, new, 1)
