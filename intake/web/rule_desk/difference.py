"""What a draft would change, of all possible reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response

from intake.domain.message import Message, mark
from intake.services.rule_drafts import Checked
from intake.services.sign_in import Visit
from intake.store.columns import AnyRow
from intake.web.page import reader_language, render
from intake.web.rule_desk.desk import Desk, draft_href, editor
from intake.web.rule_desk.differing import differing
from intake.web.rule_desk.told import Words, places, share
from intake.web.try_rules import link_of
from routing_rules.book import Book
from routing_rules.budget import Budget, BudgetSpent
from routing_rules.difference import Difference, Edit, VocabulariesDiffer, difference
from routing_rules.vocabulary import RulesInvalid

BOXES_SHOWN = 3
BOXES_MORE = 40
MOST_PLACES, MOST_LINES = 60, 60
ELSEWHERE = mark("Where no set of a municipality's own holds")
UNREADABLE = mark("The draft cannot be read: see what is wrong with it.")
OTHER_WORDS = mark("The draft changes the words of the rules, so rules cannot be compared.")
TOO_MUCH = mark("The two versions differ too much to be compared case by case.")
TABLES = {
    "rule": mark("Rule"),
    "usual": mark("What a recipient usually gets"),
    "basis": mark("Legal basis"),
    "case": mark("Worked case"),
    "clock": mark("Deadline"),
    "chase": mark("Reminder"),
    "quiet": mark("Quiet hours"),
    "standby": mark("Desk that stands by"),
}
HOW = {"added": mark("added"), "removed": mark("removed"), "changed": mark("changed")}


@dataclass(frozen=True)
class DifferencePage:
    """The view."""

    desk: Desk

    def difference(self, visit: Visit, draft_id: UUID) -> Response:
        """Compare with what is in force now."""
        row = self.desk.drafts.draft(editor(visit), draft_id)
        checked = self.desk.drafts.read(row)
        refusal, parts = "", []
        try:
            both = books(self.desk, checked)
            with self.desk.drafts.proving.turn():
                parts = list(self._parts(*both, draft_id))
        except RulesInvalid:
            refusal = UNREADABLE
        except VocabulariesDiffer:
            refusal = OTHER_WORDS
        except BudgetSpent:
            refusal = TOO_MUCH
        return self._page(row, refusal, parts)

    def _page(self, row: AnyRow, refusal: str, parts: list[Any]) -> Response:
        language, last = reader_language(), self.desk.drafts.last(row.layer)
        texts = last.text if last else "", row.content
        changed = list(differing(*texts, MOST_LINES))
        return render(
            "rules/difference.html",
            title=self.desk.title_of_draft(language, row),
            draft=row,
            refusal=language.gettext(refusal),
            parts=parts,
            differing=changed[:MOST_PLACES],
            more=max(len(changed) - MOST_PLACES, 0),
            back_href=draft_href(row.id),
        )

    def _parts(self, before: Book, after: Book, draft: UUID) -> Iterator[dict[str, Any]]:
        words, budget = Words(reader_language(), (after, before)), Budget()
        for areas in _different(before, after):
            found = difference(before.table(areas[0]), after.table(areas[0]), budget)
            yield self._part(words, areas, found, draft)

    def _part(
        self, words: Words, areas: list[str | None], found: Difference, draft: UUID
    ) -> dict[str, Any]:
        language = words.language
        named = [area for area in areas if area is not None]
        changes = []
        for change in found.changes:
            what, before, after = words.change(change)
            boxes = [words.conditions(box) for box in change.where[: BOXES_SHOWN + BOXES_MORE]]
            changes.append(
                {
                    "what": what,
                    "before": before,
                    "after": after,
                    "boxes": boxes[:BOXES_SHOWN],
                    "more": boxes[BOXES_SHOWN:],
                    "left": change.boxes - BOXES_SHOWN,
                    "unsaid": max(change.boxes - BOXES_SHOWN - BOXES_MORE, 0),
                    "share": share(language, change.share),
                    "href": link_of(change.witness, areas[0], draft),
                }
            )
        return {
            "where": places(language, self.desk.directory, named) or language.gettext(ELSEWHERE),
            "changes": changes,
            "share": share(language, found.share),
            "edits": [_edit(words, edit) for edit in found.edits],
        }


def books(desk: Desk, checked: Checked) -> tuple[Book, Book]:
    """What is in force now, without and with a draft. Raises RulesInvalid."""
    if checked.document is None:
        raise RulesInvalid(checked.problems)
    rulebook, now = desk.drafts.rulebook(), desk.now()
    digests = rulebook.edition(now).digests
    return rulebook.at(now), rulebook.made_of(digests, [checked.document])


def _different(before: Book, after: Book) -> list[list[str | None]]:
    """The areas of each pair of different tables; None: where none is named."""
    pairs: dict[tuple[str, str], list[str | None]] = {}
    for area in (*{**before.tables, **after.tables}, None):
        pair = before.table(area).digest, after.table(area).digest
        if pair[0] != pair[1]:
            pairs.setdefault(pair, []).append(area)
    return list(pairs.values())


def _edit(words: Words, edit: Edit) -> tuple[str, str, str, str]:
    language = words.language
    table = language.gettext(TABLES[edit.table]) if edit.table in TABLES else edit.table
    title = ""
    for book in words.books:
        for ruleset, _ in book.distinct:
            if edit.table == "rule" and edit.id in ruleset.by_id:
                title = title or language.text(ruleset.by_id[edit.id].title)
    how = language.message(Message(HOW[edit.how])) if edit.how in HOW else edit.how
    return table, edit.id, title, how
