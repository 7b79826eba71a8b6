"""Rule editors at their services: drafts, proposals, publications."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from uuid import UUID

from intake.live import LiveParts
from intake.parts import Parts
from intake.services.rule_drafts import stamp_of
from intake.services.rule_editor import Editor
from routing_rules.document import read_document
from tests.site import COUNTY, Site

LAYER = "ita-uusimaa"
OPERATOR = Editor(None)
WORD = "Asia on kiireellinen, joten sosiaalipalveluissa sen saa päivystävä yksikkö."


EXTRA = """
[[rule]]
id = "extra"
tier = "default"
basis = "pol_safety"
title = { fi = "Koe", sv = "Prov", en = "A test" }
because = { fi = "Koe.", sv = "Prov.", en = "A test." }
when = { primary = "neglect", sector = "parish", age = "0-17", unborn = "no" }
then = { recipients = "POL" }
"""


def editor(site: Site, name: str, controller: str = COUNTY) -> Editor:
    return Editor(site.people[name], frozenset({controller}))


def changed(site: Site, old: str = WORD, new: str = "Asia on kiireellinen.") -> str:
    document = site.parts.rule_drafts.rulebook().at(site.hands()).documents[LAYER]
    assert old in document.text
    return document.text.replace(old, new, 1)


def seen(site: Site, draft_id: UUID) -> str:
    """The stamp of a draft as it is now."""
    return stamp_of(site.parts.rule_drafts.draft(OPERATOR, draft_id))


def publish(site: Site, by: Editor, draft_id: UUID, digest: str) -> datetime:
    """Publish a draft as it is now."""
    return site.parts.publish.publish(by, draft_id, digest, seen(site, draft_id))


def drafted(site: Site, text: str, by: Editor | None = None) -> UUID:
    """A draft with this text."""
    drafts, by = site.parts.rule_drafts, by or editor(site, "rules")
    draft_id = drafts.begin(by, LAYER, site.hands())
    now = site.hands.move(seconds=1)
    drafts.save(by, draft_id, text, seen(site, draft_id), now)
    return draft_id


def proposed(site: Site, text: str, by: Editor | None = None, day: date | None = None) -> UUID:
    """A proposed draft with this text."""
    by = by or editor(site, "rules")
    draft_id = drafted(site, text, by)
    row = site.parts.rule_drafts.draft(by, draft_id)
    site.parts.publish.propose(by, draft_id, stamp_of(row), day)
    return draft_id


def published(site: Site, text: str, day: date | None = None) -> str:
    """The digest of this text, put in force by two people."""
    draft_id = proposed(site, text, day=day)
    digest = read_document(text, LAYER).digest
    publish(site, editor(site, "admin"), draft_id, digest)
    return digest


def live(site: Site) -> Parts:
    return LiveParts(site.parts, seconds=0)()


def stored(site: Site, layer: str) -> str:
    document = site.parts.rule_drafts.last(layer)
    assert document is not None
    return document.text


def with_extra(site: Site) -> str:
    """The base with a rule more, and the case that shows it."""
    usual = site.parts.book.table("vantaa").defaults
    facts = {**usual, "primary": "neglect", "categories": ["neglect"], "sector": "parish"}
    case = {
        "id": "extra",
        "title": "A parish worker's worry",
        "expect": {"lead": "SOC", "recipients": ["SOC", "POL"]},
        "hits": ["extra"],
    }
    lines = [f"{key} = {_toml(value)}" for key, value in {**case, "facts": facts}.items()]
    return "\n".join([stored(site, "finland") + EXTRA, "[[case]]", *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(sorted(value) if isinstance(value, frozenset) else value)


def brought(site: Site, text: str, in_days: int = 0) -> tuple[UUID, str]:
    """An operator's proposal and its digest."""
    drafts, now = site.parts.rule_drafts, site.hands.move(seconds=1)
    draft_id = drafts.bring(OPERATOR, text, now)
    day = (now + timedelta(days=in_days)).date() if in_days else None
    return draft_id, site.parts.publish.propose(OPERATOR, draft_id, seen(site, draft_id), day)
