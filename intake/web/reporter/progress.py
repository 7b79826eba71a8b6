"""Where each agency is with a report, in the words of who sent it; never anything of content."""

from __future__ import annotations

from dataclasses import dataclass

from intake.domain.masked import TELL_THE_PLACE
from intake.domain.message import Message, mark
from intake.domain.referral import Response
from intake.services.status import AgencyStatus, ReportStatus, Stage
from intake.web.names import Names
from intake.web.reporter.visitor import Door

STAGES = {
    Stage.STORED: ("new", mark("Stored: nobody has opened it yet")),
    Stage.OPENED: ("progress", mark("Opened")),
    Stage.HANDLED: ("progress", mark("Being handled")),
    Stage.MOVED: ("closed", mark("Moved to another agency")),
    Stage.TAKEN_OVER: ("closed", mark("Taken over by the agency that stands by")),
    Stage.WITHDRAWN: ("closed", mark("Withdrawn: it was sent there by mistake")),
    Stage.CLOSED: ("done", mark("Closed")),
}
RESPONSES = {
    Response.CONTACTED: mark("The agency has been in contact with the child or the family."),
    Response.MEETING_OFFERED: mark("The agency has offered a meeting."),
    Response.SUPPORT_STARTED: mark("Support has started."),
    Response.ALREADY_SUPPORTED: mark("The child or the family was already being supported."),
    Response.GUIDED_ONWARD: mark("The matter has been guided onward."),
    Response.NO_MEASURES: mark("The matter has been looked into; there are no further measures."),
}
MOVED_TO = mark("Moved to: %(agency)s")
NEXT = mark("Next: %(clock)s, at the latest %(day)s")


@dataclass(frozen=True)
class Told:
    """Where one agency is with a report, in words.

    ``referral_href``: its referral, for who may open that. Of a school or youth services to which
    another agency has passed it on only the kind is told: an address may be protected from whoever
    has the code.
    """

    agency: str
    referral_href: str
    phone: str
    kind: str
    stage: str
    since: str
    details: list[str]


def told(report: ReportStatus, door: Door) -> list[Told]:
    """Put a status in words; never anything of the content."""
    return [_told(each, door) for each in report.agencies]


def _told(each: AgencyStatus, door: Door) -> Told:
    language = door.language()
    kind, stage = STAGES[each.stage]
    masked = Names(language, door.directory, masked_for=())
    names = Names(language, door.directory) if each.first else masked
    shown = each.first or each.agency.kind not in TELL_THE_PLACE
    details = []
    if each.opened_at and each.stage is not Stage.OPENED:
        opened = Message(mark("Opened %(at)s"), {"at": each.opened_at})
        details.append(language.message(opened))
    if each.moved_to:
        moved = Message(MOVED_TO, {"agency": masked(each.moved_to.id)})
        details.append(language.message(moved))
    if each.response:
        details.append(language.gettext(RESPONSES[Response(each.response)]))
    if each.next_clock and each.next_due:
        described = door.clocks.get(each.next_clock)
        clock = described.title if described else each.next_clock
        details.append(language.message(Message(NEXT, {"clock": clock, "day": each.next_due})))
    return Told(
        agency=names(each.agency.id),
        referral_href=door.referral_href(each),
        phone=each.agency.phone if shown else "",
        kind=kind,
        stage=language.gettext(stage),
        since=language.date_and_time(each.at),
        details=details,
    )
