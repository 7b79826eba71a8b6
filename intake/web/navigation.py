"""The main menu of staff: the pages that a person may open, of those that this process serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from intake.domain.message import mark
from intake.domain.people import Permission
from intake.language import Language

if TYPE_CHECKING:  # the reporter's door shows this menu to nobody and must not load what opens
    from intake.services.sign_in import Visit

PAGES: tuple[tuple[str, Permission, str], ...] = (
    ("agency.inbox", Permission.READ_REFERRALS, mark("Inbox")),
    ("supervisor.deadlines", Permission.WATCH_DEADLINES, mark("Deadlines")),
    ("coordinator.picture", Permission.SEE_PICTURE, mark("Situational picture")),
    ("rules.table", Permission.READ_RULES, mark("Routing rules")),
    ("admin.agencies", Permission.SEE_DIRECTORY, mark("Directory of agencies")),
    ("people.everyone", Permission.MANAGE_PEOPLE, mark("People")),
    ("colleagues.keys", Permission.GIVE_KEYS, mark("Keys")),
    ("audit.lines", Permission.READ_TRAIL, mark("Use log")),
    ("jobs.timetable", Permission.SEE_JOBS, mark("Scheduled jobs")),
)


def pages_open_to(visit: Visit, served: set[str]) -> list[tuple[str, str]]:
    """The endpoint and the title's catalogue key of each page open to this person."""
    return [
        (endpoint, title)
        for endpoint, permission, title in PAGES
        if _door(endpoint) in served and visit.person.may(permission)
    ]


def navigation(
    language: Language, visit: Visit, served: set[str], endpoint: str
) -> list[tuple[str, str, bool]]:
    """The label and the address of each page, and whether the reader is behind its door.

    ``served``: names of the doors; ``endpoint``: of the page being shown.
    """
    return [
        (language.gettext(title), url_for(page), _door(page) == _door(endpoint))
        for page, title in pages_open_to(visit, served)
    ]


def _door(endpoint: str) -> str:
    return endpoint.partition(".")[0]
