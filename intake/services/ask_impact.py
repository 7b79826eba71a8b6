"""An editor asks what a draft would have done: a line in the trail each time, and not too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import Connection

from intake.domain.deadline import local_date, local_instant
from intake.domain.trail import Action
from intake.services.impact import Impact, Rehearse
from intake.services.rule_editor import Editor
from intake.store import trail
from routing_rules.book import VOCABULARY, Book
from routing_rules.document import Document

MOST_A_DAY = 20


class AskedTooOften(Exception):
    """The person has asked as often as anyone may on one day."""


@dataclass(frozen=True)
class AskImpact:
    """Counts the reports that arrived before today, of those municipalities alone for which the
    draft's set stands: who asks again the same day hears the same, and nothing of others' reports.
    """

    rehearse: Rehearse

    def __call__(
        self,
        editor: Editor,
        document: Document,
        after: Book,
        before: Book,
        newest: int,
        now: datetime,
    ) -> Impact:
        """What ``document``, a part of ``after``, would have done. Raises AskedTooOften."""
        today = local_instant(local_date(now), time())
        self._note(editor, document, self.rehearse.past.count(newest, today), today, now)
        areas = frozenset(document.areas)
        return self.rehearse(after, newest, before=before, arrived_before=today, areas=areas)

    def _note(
        self, editor: Editor, document: Document, count: int, today: datetime, now: datetime
    ) -> None:
        """Leave the line before anything is opened."""

        def asked(connection: Connection) -> int:
            return trail.count_of_person(connection, Action.REHEARSE_RULES, editor.id, today)

        database = self.rehearse.past.database
        with database.write() as connection:
            if asked(connection) >= MOST_A_DAY:
                raise AskedTooOften
            said = f"{document.digest}; {count} reports"
            layer = document.id or VOCABULARY
            editor.leave_line(connection, Action.REHEARSE_RULES, layer, said, now)
        with database.read() as connection:
            if asked(connection) > MOST_A_DAY:  # others have asked in their name meanwhile
                raise AskedTooOften
