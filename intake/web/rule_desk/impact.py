"""What a draft would have done with the newest reports: counts, rounded, the small ones hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request

from intake.domain.directory import Kind
from intake.domain.message import Message, mark
from intake.services.ask_impact import MOST_A_DAY, AskedTooOften, AskImpact
from intake.services.impact import Impact, Rehearse
from intake.services.sign_in import Visit
from intake.web.counts import HIDDEN, ROUNDED_TO, Count, rounded
from intake.web.page import reader_language, render
from intake.web.rule_desk.desk import Desk, draft_href, editor
from intake.web.rule_desk.difference import UNREADABLE, books
from intake.web.rule_desk.told import Words, places
from routing_rules.document import Document
from routing_rules.vocabulary import RulesInvalid

NEWEST = (500, 2000, 10_000)
"""So many of the newest may be asked for, and nothing between: fewer would tell of single ones."""
USUAL = 500
TOO_OFTEN = mark(
    "You have asked %(times)s times today, which is as often as anyone may: ask again tomorrow."
)


@dataclass(frozen=True)
class ImpactPage:
    """The view."""

    desk: Desk

    def impact(self, visit: Visit, draft_id: UUID) -> Response:
        """Decide the newest reports by what is in force now and by the draft, and compare."""
        language, who = reader_language(), editor(visit)
        row = self.desk.drafts.draft(who, draft_id)
        checked = self.desk.drafts.check(row, self.desk.now())
        asked = request.args.get("newest", "")
        newest = next((number for number in NEWEST if str(number) == asked), USUAL)
        past, document = self.desk.past(), checked.document
        shown: dict[str, Any] = {"refusal": "", "no_key": past is None, "holds": checked.holds}
        if past is not None and document is not None and checked.holds:
            ask = AskImpact(Rehearse(past, self.desk.directory))
            try:
                before, after = books(self.desk, checked)
                found = ask(who, document, after, before, newest, self.desk.now())
                shown |= self._told(Words(language, (after, before)), document, found)
            except AskedTooOften:
                said = Message(TOO_OFTEN, {"times": MOST_A_DAY})
                shown["refusal"] = language.message(said)
            except RulesInvalid:
                shown["refusal"] = language.gettext(UNREADABLE)
        return render(
            "rules/impact.html",
            title=self.desk.title_of_draft(language, row),
            newest=newest,
            offered=[(str(number), language.number(number)) for number in NEWEST],
            rounded_to=ROUNDED_TO,
            hidden=HIDDEN,
            back_href=draft_href(row.id),
            **shown,
        )

    def _told(self, words: Words, document: Document, found: Impact) -> dict[str, Any]:
        agencies = self._agencies(words, found)
        return {
            "count": rounded("", found.count),
            "moved": rounded("", found.moved),
            "failed": rounded("", found.failed),
            "where": places(words.language, self.desk.directory, document.areas),
            "kinds": _shown(
                (rounded(words.kind(kind), found.gained[kind]), rounded("", found.lost[kind]))
                for kind in Kind
            ),
            "leads": _shown(
                (rounded(f"{words.kind(old)} → {words.kind(new)}", number),)
                for (old, new), number in found.leads.items()
            ),
            "agencies": agencies,
            "most": max((after.bar for _, after in agencies), default=0),
        }

    def _agencies(self, words: Words, found: Impact) -> list[tuple[Count, ...]]:
        known = self.desk.directory.agencies
        return _shown(
            (
                rounded(words.language.text(known[name].name), found.before[name]),
                rounded("", found.after[name]),
            )
            for name in known
        )


def _shown(rows: Iterable[tuple[Count, ...]]) -> list[tuple[Count, ...]]:
    """The rows that have a number to show, the largest first: by what is shown of it alone."""
    some = [row for row in rows if any(count.bar for count in row)]
    return sorted(some, key=lambda row: (*(-count.bar for count in reversed(row)), row[0].kind))
