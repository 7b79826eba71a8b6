"""Tell reporters who asked for it that there is news: one letter for all of it, never what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from intake.store import notices, outbox
from intake.store.database import Database
from intake.vault.seal import PublicKey, seal_for

LETTER = "news"
NOTICE_ADDRESS = "notice address"
BETWEEN = timedelta(hours=1)
BATCH = 500


@dataclass(frozen=True)
class Notify:
    """Letters about news for the outbox; who gets them, only the writer of the letters can open."""

    database: Database

    def __call__(self, now: datetime) -> int:
        """Write of all news, at most once in BETWEEN and never while a letter waits; how many."""
        written = 0
        while True:
            with self.database.write() as connection:
                reports = notices.untold(connection, now - BETWEEN, BATCH)
                notices.mark_told(connection, reports, now)
                outbox.put_letters(
                    connection,
                    [outbox.new_letter(LETTER, now, {}, report_id=each) for each in reports],
                )
            written += len(reports)
            if len(reports) < BATCH:
                return written


def seal_notice(replay_key: PublicKey, report_id: UUID, address: str, language: str) -> bytes:
    """A reporter's address and language, for the writer of the letters alone."""
    said = json.dumps({"address": address, "language": language}, ensure_ascii=False)
    return seal_for(replay_key, said.encode(), NOTICE_ADDRESS, report_id.bytes)
