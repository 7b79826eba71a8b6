"""Letters: to staff what is due and where to record it, to reporters that there is news.

Nothing in them is about a child or why a report came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from intake import language
from intake.domain.chase import DUTY_DESK
from intake.domain.clock import Clock
from intake.domain.contents import NOTICE
from intake.domain.directory import Directory, Kind
from intake.domain.half_year import Period
from intake.domain.masked import TELL_THE_PLACE
from intake.domain.message import Message, mark
from intake.domain.people import AGENCY_ROLES, Role
from intake.language import Language
from intake.post.letter import Letter
from intake.services import (
    alarm,
    check_entries,
    gather,
    join,
    notify,
    reconcile,
    recover,
    remind_half_year,
    sign_trail,
    tell_person,
    tell_recusal,
    watch,
)
from intake.services.open_content import content_of, text_of
from intake.store.columns import AnyRow
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for

REMINDER = mark("A reminder waits for you in Ankkuri")
NEWS = mark("There is news for you")
CHECKPOINT = mark("The day's checkpoint of the use log")
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
    DUTY_DESK: mark("Otherwise the matter goes to the duty desk %(at)s."),
}
BY_KIND: Mapping[str, str] = {Kind.PRI: mark("School"), Kind.YOU: mark("Youth services")}
WHY: Mapping[str, str] = {
    Role.WORKER: mark("You get this as a worker of the agency."),
    Role.DEPUTY: mark("You get this as a deputy of the agency."),
    Role.HEAD: mark("You get this as the unit's head."),
    Role.SUPERVISOR: mark("You get this as a supervisor of the agency's deadlines."),
    DUTY_DESK: mark("You get this because your desk is on duty, or stands by for the agency."),
}
ABSENT = mark("%(name)s is absent until %(day)s: you get this instead.")
ABSENT_OPEN = mark("%(name)s is absent: you get this instead.")


class Letters:
    """Writes the letter of an outbox row joined with its reader, in the reader's language.

    ``replay``: the key to which reporters' addresses are sealed.
    """

    def __init__(
        self,
        templates: Path,
        directory: Directory,
        clocks: Mapping[str, Clock],
        base_url: str,
        reporter_url: str,
        replay: PrivateKey,
    ) -> None:
        self.environment = language.environment(templates)
        self.directory = directory
        self.clocks = clocks
        self.base_url = base_url
        self.reporter_url = reporter_url
        self.replay = replay

    def __call__(self, row: AnyRow) -> Letter:
        """The letter, the same at every attempt.

        Raises KeyError for a letter of an unknown kind, EnvelopeDamaged for a reporter's address
        that does not open.
        """
        name, address, code = self._reader(row)
        reader = Language(code)
        subject, context_of = _KINDS[row.letter]
        context = context_of(self, reader, row.params)
        template = self.environment.get_template(f"letters/{row.letter}.txt")
        return Letter(
            message_id=f"{row.id}@intake",
            to_name=name,
            to_address=address,
            language=reader.code,
            subject=reader.gettext(subject),
            text=template.render(language=reader, **context),
            written_at=row.created_at,
        )

    def _reader(self, row: AnyRow) -> tuple[str, str, str]:
        """Name, address and language."""
        if row.report_id is None:
            told = row.params.get("address") if row.letter == tell_person.LETTER else None
            return row.name, told or row.email, row.language
        place = (notify.NOTICE_ADDRESS, row.report_id.bytes)
        plain = open_for(self.replay, row.sealed_address, *place)
        if not plain.startswith(b"{"):  # of before the language was kept
            return "", text_of(plain), "fi"
        notice = content_of(plain, NOTICE)
        return "", notice["address"], notice["language"]

    def _news(self, _reader: Language, _params: Mapping[str, Any]) -> dict[str, Any]:
        return {"link": f"{self.reporter_url}/status"}

    def _chase(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"told": self._told(reader, params), "link": self.base_url + _place(params)}

    def _digest(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        told = [self._told(reader, one) for one in params["reminders"]]
        return {"reminders": told, "link": f"{self.base_url}/reminders"}

    def _told(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        """Which, why, what is due by when, and what comes next."""
        return {
            "number": params["number"],
            "of": params["of"],
            "reference": params["reference"],
            "agency": self._of(reader, params),
            "missing": self._missing(reader, params["clock"]),
            "late": params["late"],
            "due_on": reader.date(date.fromisoformat(params["due_on"])),
            "why": why_told(reader, params),
            "next": next_told(reader, params),
            "records": params["reader"] in AGENCY_ROLES,
            "may_take_over": params.get("may_take_over", False),
        }

    def _of(self, reader: Language, params: Mapping[str, Any]) -> str:
        """The agency's name; to a desk that stands by, which has not opened the report, only the
        kind of one that tells where a child goes to school or lives.
        """
        agency = self.directory.agency(params["agency"])
        if params["reader"] == DUTY_DESK and agency.kind in TELL_THE_PLACE:
            return reader.gettext(BY_KIND[agency.kind])
        return reader.text(agency.name)

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

    def _entries(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        first = params["first"]
        return {
            "altered": params["altered"],
            "ending": params["ending"],
            "first": reader.date(date.fromisoformat(first)) if first else "",
            "link": f"{self.base_url}/people/entries",
        }

    def _half_year(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        county, period = params["county"], Period.read(params["period"])
        known = self.directory.controllers.get(county)
        return {
            "county": reader.text(known.name) if known else county,
            "period": reader.message(period.name),
            "late": params["late"],
            "report_by": reader.date(period.report_by),
            "next": _next_at(reader, params["next_at"]) if params["next_at"] else "",
            "link": f"{self.base_url}/deadlines/half-year?period={period}&county={county}",
        }

    def _reconciliation(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        def names(agencies: list[str]) -> list[str]:
            return sorted(reader.text(self.directory.agency(a).name) for a in agencies)

        return {
            "differ": names(params["differ"]),
            "lost": names(params["lost"]),
            "routes": names(params["routes"]),
            "whole": params["whole"],
            "unsent": params["unsent"],
            "most": MOST_NAMED,
            "link": f"{self.base_url}/deadlines/reconciliation",
        }

    def _silent(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        def since(job: str) -> str:
            at = params["jobs"].get(job)
            return reader.date_and_time(datetime.fromisoformat(at)) if at else ""

        return {job: since(job) for job in watch.WATCHED}

    def _checkpoint(self, _reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"note": params["note"].rstrip("\n")}

    def _signing_in(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "events": [reader.gettext(tell_person.WORDS[event]) for event in params["events"]],
            "at": reader.date_and_time(datetime.fromisoformat(params["at"])),
            "link": f"{self.base_url}/account",
        }

    def _shut_out(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"agency": reader.text(self.directory.agency(params["agency"]).name)}

    def _nobody_opens(self, reader: Language, params: Mapping[str, Any]) -> dict[str, Any]:
        told = {"reference": params["reference"], "link": f"{self.base_url}/inbox"}
        return self._shut_out(reader, params) | told

    def _renewed(self, _reader: Language, _params: Mapping[str, Any]) -> dict[str, Any]:
        return {}


def _place(params: Mapping[str, Any]) -> str:
    """Where the reader goes on: only those at the agency itself open the report."""
    if params["reader"] == Role.SUPERVISOR:
        return f"/deadlines/{params['deadline']}" if "deadline" in params else "/deadlines"
    if params["reader"] == DUTY_DESK:
        return "/inbox"
    return f"/referrals/{params['referral']}"


def why_told(reader: Language, params: Mapping[str, Any]) -> str:
    """Why the reader of a reminder gets it."""
    role, absent = params["reader"], params.get("for")
    if not absent:
        return reader.gettext(WHY[role])
    key = ABSENT if absent["until"] else ABSENT_OPEN
    until = reader.date(date.fromisoformat(absent["until"])) if absent["until"] else ""
    return reader.message(Message(key, {"name": absent["name"], "day": until}))


def next_told(reader: Language, params: Mapping[str, Any]) -> str:
    """What comes if nothing is recorded; "" where nothing does."""
    if params["next_at"] is None:
        return ""
    if params["next_to"] in (params["to"], params["reader"]):
        return _next_at(reader, params["next_at"])
    at = datetime.fromisoformat(params["next_at"])
    key = MOVES_TO[params["next_to"]]
    return reader.message(Message(key, {"at": at}))


def _next_at(reader: Language, at: str) -> str:
    params = {"at": datetime.fromisoformat(at)}
    return reader.message(Message(mark("The next reminder comes %(at)s."), params))


_Context = Callable[[Letters, Language, Mapping[str, Any]], dict[str, Any]]
_KINDS: Mapping[str, tuple[str, _Context]] = {
    gather.LETTER: (REMINDER, Letters._chase),
    gather.DIGEST: (REMINDER, Letters._digest),
    notify.LETTER: (NEWS, Letters._news),
    alarm.LETTER: (REMINDER, Letters._openers),
    check_entries.LETTER: (REMINDER, Letters._entries),
    join.LETTER: (REMINDER, Letters._renewed),
    recover.LETTER: (REMINDER, Letters._renewed),
    tell_person.LETTER: (REMINDER, Letters._signing_in),
    tell_recusal.NAMED: (REMINDER, Letters._shut_out),
    tell_recusal.NOBODY_OPENS: (REMINDER, Letters._nobody_opens),
    remind_half_year.LETTER: (REMINDER, Letters._half_year),
    reconcile.LETTER: (REMINDER, Letters._reconciliation),
    watch.LETTER: (REMINDER, Letters._silent),
    sign_trail.LETTER: (CHECKPOINT, Letters._checkpoint),
}
