"""Letters to staff: what is due and where to record it, nothing about a child or why it came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from intake import language
from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import Role
from intake.language import Language
from intake.post.letter import Letter
from intake.store.columns import AnyRow

SUBJECT = mark("A reminder waits for you in Ankkuri")
MOST_NAMED = 20  # agencies in one letter; the page has all
NOT_RECORDED: Mapping[str, str] = {
    "urgency": mark("the urgency has not been recorded"),
    "accept": mark("taking up has not been recorded"),
    "lsl26_start": mark("the start of the assessment has not been recorded"),
    "lsl26_complete": mark("the completion of the assessment has not been recorded"),
    "school_talk": mark("the talk has not been recorded"),
    "ankkuri_meeting": mark("the offer of a meeting has not been recorded"),
}
MOVES_TO: Mapping[str, str] = {
    Role.WORKER: mark("Otherwise the next reminder goes to the worker %(at)s."),
    Role.DEPUTY: mark("Otherwise the matter goes to the deputy %(at)s."),
    Role.HEAD: mark("Otherwise the matter goes to the unit's head %(at)s."),
    Role.SUPERVISOR: mark("Otherwise the matter goes to the supervisor %(at)s."),
}


class Letters:
    """Writes the letter of an outbox row joined with its reader, in the reader's language."""

    def __init__(
        self,
        templates: Path,
        directory: Directory,
        clocks: Mapping[str, Clock],
        base_url: str,
    ) -> None:
        self.environment = language.environment(templates)
        self.directory = directory
        self.clocks = clocks
        self.base_url = base_url.rstrip("/")

    def __call__(self, row: AnyRow) -> Letter:
        """The letter, the same at every attempt. KeyError for a letter of an unknown kind."""
        reader = Language(row.language)
        context = _KINDS[row.letter](self, reader, row.params)
        template = self.environment.get_template(f"letters/{row.letter}.txt")
        return Letter(
            message_id=f"{row.id}@intake",
            to_name=row.name,
            to_address=row.email,
            language=reader.code,
            subject=reader.gettext(SUBJECT),
            text=template.render(language=reader, **context),
            written_at=row.created_at,
        )

    def _chase(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        supervisor = params["reader"] == Role.SUPERVISOR
        place = "/deadlines" if supervisor else f"/referrals/{params['referral']}"
        return {
            "number": params["number"],
            "of": params["of"],
            "reference": params["reference"],
            "agency": reader.text(self.directory.agency(params["agency"]).name),
            "missing": self._missing(reader, params["clock"]),
            "late": params["late"],
            "due_on": reader.date(date.fromisoformat(params["due_on"])),
            "next": _next(reader, params),
            "supervisor": supervisor,
            "link": self.base_url + place,
        }

    def _missing(self, reader: Language, clock: str) -> str:
        if clock in NOT_RECORDED:
            return reader.gettext(NOT_RECORDED[clock])
        # A clock that a rule set brought later: its own title says what is due.
        title = reader.text(self.clocks[clock].title) if clock in self.clocks else clock
        return reader.message(Message(mark("not recorded: %(task)s"), {"task": title}))

    def _openers(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        names = [reader.text(self.directory.agency(a).name) for a in params["agencies"]]
        towns = self.directory.municipalities
        places = {reader.text(towns[place].name) for place, _ in params["places"]}
        return {
            "agencies": sorted(names)[:MOST_NAMED],
            "others": max(0, len(names) - MOST_NAMED),
            "places": sorted(places),
            "link": f"{self.base_url}/directory/openers",
        }

    def _renewed(self, _reader: Language, _params: Mapping[str, Any]) -> dict[str, Any]:
        return {}


def _next(reader: Language, params: Mapping[str, Any]) -> str:
    if params["next_at"] is None or params["reader"] == Role.SUPERVISOR:
        return ""
    at = datetime.fromisoformat(params["next_at"])
    if params["next_to"] in (params["to"], params["reader"]):
        return reader.message(Message(mark("The next reminder comes %(at)s."), {"at": at}))
    key = MOVES_TO[params["next_to"]]
    return reader.message(Message(key, {"at": at}))


_KINDS = {
    "chase": Letters._chase,
    "openers": Letters._openers,
    "renewed": Letters._renewed,
}
