"""What a draft would have done with the newest reports: counts, the small ones hidden."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request

from intake.domain.directory import Kind
from intake.services.impact import Impact, Rehearse
from intake.services.sign_in import Visit
from intake.web.counts import HIDDEN, SMALLEST_SHOWN, Count, count_of
from intake.web.page import reader_language, render
from intake.web.rule_desk.desk import Desk, draft_href, editor
from intake.web.rule_desk.difference import UNREADABLE, books
from intake.web.rule_desk.told import Words
from routing_rules.vocabulary import RulesInvalid

NEWEST = (100, 500, 2000, 10_000)
"""So many of the newest may be asked for, and nothing between: fewer would tell of single ones."""
USUAL = 500


@dataclass(frozen=True)
class ImpactPage:
    """The view."""

    desk: Desk

    def impact(self, visit: Visit, draft_id: UUID) -> Response:
        """Decide the newest reports by what is in force now and by the draft, and compare."""
        language, now = reader_language(), self.desk.now()
        row = self.desk.drafts.draft(editor(visit), draft_id)
        checked = self.desk.drafts.check(row, now)
        asked = request.args.get("newest", "")
        newest = next((number for number in NEWEST if str(number) == asked), USUAL)
        past = self.desk.past()
        shown: dict[str, Any] = {"refusal": "", "found": None}
        if past is None:
            shown["no_key"] = True
        else:
            try:
                before, after = books(self.desk, checked)
                found = Rehearse(past, self.desk.directory)(after, newest, before=before)
                shown |= self._told(Words(language, (after, before)), found)
            except RulesInvalid:
                shown["refusal"] = language.gettext(UNREADABLE)
        return render(
            "rules/impact.html",
            title=self.desk.title(language, row.layer),
            draft=row,
            newest=newest,
            offered=[(str(number), language.number(number)) for number in NEWEST],
            hidden=HIDDEN,
            back_href=draft_href(row.id),
            **{"no_key": False, **shown},
        )

    def _told(self, words: Words, found: Impact) -> dict[str, Any]:
        kinds = [kind for kind in Kind if found.gained[kind] or found.lost[kind]]
        agencies = sorted(
            {*found.before, *found.after}, key=lambda name: (-found.after[name], name)
        )
        rows = [
            (
                self._agency(words, name),
                count_of(name, found.before[name]),
                count_of(name, found.after[name]),
                found.before[name] != found.after[name],
            )
            for name in agencies
        ]
        return {
            "found": found,
            "moved": count_of("moved", found.moved),
            "failed": count_of("failed", found.failed),
            "small": 0 < found.moved < SMALLEST_SHOWN,
            "kinds": [
                (words.kind(kind), _shown(found.gained, kind), _shown(found.lost, kind))
                for kind in kinds
            ],
            "leads": [
                (words.kind(old), words.kind(new), count_of("", number))
                for (old, new), number in found.leads.most_common()
            ],
            "agencies": rows,
            "most": max((after.bar for _, _, after, _ in rows), default=0),
        }

    def _agency(self, words: Words, name: str) -> str:
        agency = self.desk.directory.agencies.get(name)
        return words.language.text(agency.name) if agency else name


def _shown(counter: Counter[str], kind: str) -> Count:
    return count_of(kind, counter[kind])
