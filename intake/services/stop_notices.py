"""Let a reporter take the notice address back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from intake.services.status import CodeUnknown
from intake.store import notices, reports
from intake.store.database import Database
from intake.vault.own import ReceiptCode


@dataclass(frozen=True)
class StopNotices:
    """Whoever has the report's code may; a letter that waits then finds no address."""

    database: Database

    def __call__(self, code: ReceiptCode, now: datetime) -> None:
        """Erase the address; done again it changes nothing. Raises CodeUnknown."""
        with self.database.write() as connection:
            report = reports.report_found_by(connection, code.lookup_id)
            if report is None:
                raise CodeUnknown
            notices.erase(connection, report.id, now)
