"""The auditor's door: the trail, unusual reading, and what is logged of one report."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from intake.domain.clock import Clock
from intake.domain.deadline import local_date, local_instant
from intake.domain.directory import Directory
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.services.audit import Audit
from intake.services.sign_in import Visit
from intake.store.trail import Wanted
from intake.web.audit import ACTIONS, TrailWords
from intake.web.csv_file import csv_file
from intake.web.forms.fields import TOO_LONG
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.paging import Pages, page_number
from intake.web.words import ROLES
from routing_rules.rule import Basis

NEWEST = 200
MOST_REFERENCES = 20
NO_DAY = mark("There is no day %(day)s. Write it like this: 2.6.2026.")
TYPED = {
    "person": mark("Name, or a part of it"),
    "since": mark("From the day"),
    "until": mark("To the day"),
}
"""The boxes of the filter that are typed into."""
LONGEST = 80
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class AuditPages:
    """What an auditor sees: metadata of the own controllers, never content."""

    audit: Audit
    directory: Directory
    words: TrailWords
    now: Now

    def lines(self, visit: Visit) -> Response:
        """The newest lines of those asked for, after a line of this reading itself. Beside a
        reference schools and youth services stand by their kind.
        """
        language, page, asked = reader_language(), page_number(), _asked()
        wrong = _wrong(asked)
        rows = (
            self.audit(visit, self.now(), NEWEST + 1, wanted=_wanted(asked), offset=page * NEWEST)
            if not wrong
            else []
        )
        first = f"{url_for('audit.lines')}?{urlencode(asked)}" if asked else url_for("audit.lines")
        following = {**asked, "page": page + 1}
        next_href = f"{url_for('audit.lines')}?{urlencode(following)}"
        own = visit.person.controllers(Permission.READ_TRAIL)
        return render(
            "audit/lines.html",
            422 if wrong else 200,
            wrong={name: language.message(said) for name, said in wrong.items()},
            lines=[self.words(language, row, ()) for row in rows[:NEWEST]],
            newest=NEWEST,
            asked=asked,
            pages=Pages(first if page else "", next_href if len(rows) > NEWEST else ""),
            agencies=[
                (agency.id, language.text(agency.name))
                for agency in self.directory.agencies.values()
                if agency.controller in own
            ],
            actions=sorted(
                ((value, language.gettext(words)) for value, words in ACTIONS.items()),
                key=lambda each: each[1],
            ),
        )

    def unusual(self, visit: Visit) -> Response:
        """Who read otherwise than colleagues of the same role."""
        always = {a.id for a in self.directory.agencies.values() if a.hours.always_open}
        language = reader_language()
        found = self.audit.unusual(visit, self.now(), always)
        return render(
            "audit/unusual.html",
            found=[(each, language.gettext(ROLES.get(each.role, each.role))) for each in found],
        )

    def extract(self, visit: Visit) -> Response:
        """Every view and disclosure of a report, for whom it is about. Schools and youth services
        are named only if the auditor says that no address is protected.
        """
        references = _references()
        if not references:
            return render(
                "audit/extract.html",
                extract=None,
                lines=[],
                references="",
                asked="references" in request.args,
                named=False,
            )
        language, now = reader_language(), self.now()
        extract = self.audit.extract(visit, references, now)
        return render(
            "audit/extract.html",
            extract=extract,
            lines=[self.words(language, row, _masked_for()) for row in extract.lines],
            references=" ".join(references),
            unknown=[one for one in references if one not in extract.references],
            named=_masked_for() is None,
            made_at=now,
        )

    def extract_csv(self, visit: Visit) -> Response:
        """The same as a file."""
        language, now = reader_language(), self.now()
        extract = self.audit.extract(visit, _references(), now)
        columns = {
            "at": "Time",
            "action": "What",
            "name": "Who",
            "role": "Role",
            "agency": "Agency",
            "recipient": "Recipient",
            "reference": "Report",
            "purpose": "Purpose",
            "basis": "Legal basis",
        }
        told = [self.words(language, row, _masked_for()) for row in extract.lines]
        return csv_file(
            f"extract-{local_date(now)}.csv",
            [language.gettext(heading) for heading in columns.values()],
            [
                [language.date_and_time(line["at"]), *(line[name] for name in list(columns)[1:])]
                for line in told
            ],
        )


def _references() -> list[str]:
    asked = re.split(r"[\s,;]+", request.args.get("references", "").strip().upper())
    return list(dict.fromkeys(one for one in asked if one))[:MOST_REFERENCES]


def _masked_for() -> Collection[str] | None:
    return None if request.args.get("named") == "yes" else ()


def _asked() -> dict[str, str]:
    """The filters of the address that say something, without signs that nobody sees: PostgreSQL
    takes no NUL.
    """
    names = ("person", "agency", "action", "since", "until")
    seen = {name: "".join(filter(str.isprintable, request.args.get(name, ""))) for name in names}
    return {name: text.strip() for name, text in seen.items() if text.strip()}


def _wrong(asked: Mapping[str, str]) -> dict[str, Message]:
    """What to say of what was typed into the filter: each by the name of its box."""
    days = {name: _day(asked[name]) for name in ("since", "until") if name in asked}
    wrong = {name: Message(NO_DAY, {"day": asked[name]}) for name, day in days.items() if not day}
    for name in TYPED.keys() & asked.keys():
        if len(asked[name]) > LONGEST:
            told = {"name": Message(TYPED[name]), "limit": LONGEST, "length": len(asked[name])}
            wrong[name] = Message(TOO_LONG, told)
    since, until = days.get("since"), days.get("until")
    if since and until and until < since:
        wrong["until"] = Message(mark("The last day is before the first."))
    return wrong


def _wanted(asked: Mapping[str, str]) -> Wanted:
    until = _day(asked.get("until", ""))
    return Wanted(
        person=asked.get("person", ""),
        agency=asked.get("agency", ""),
        action=asked.get("action", ""),
        since=_begins(_day(asked.get("since", ""))),
        until=_begins(until + _DAY) if until else None,
    )


def _begins(day: date | None) -> datetime | None:
    return local_instant(day, time()) if day else None


def _day(text: str) -> date | None:
    """2.6.2026, or 2026-06-02; None for anything else."""
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 9000 else None


def make_blueprint(
    *,
    audit: Audit,
    directory: Directory,
    clocks: Mapping[str, Clock],
    bases: Mapping[str, Basis],
    refuse: Refusal,
    now: Now,
) -> Blueprint:
    """The door's routes."""
    blueprint = Blueprint("audit", __name__)
    entrance, reads = Entrance(blueprint, refuse), Permission.READ_TRAIL
    pages = AuditPages(audit, directory, TrailWords(directory, clocks, bases), now)
    entrance.route("/trail", reads)(pages.lines)
    entrance.route("/trail/unusual", reads)(pages.unusual)
    entrance.route("/trail/extract", reads, fresh=True)(pages.extract)
    entrance.route("/trail/extract.csv", reads, fresh=True)(pages.extract_csv)
    return blueprint
