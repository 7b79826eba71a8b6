"""One small form for each move on a referral, and the move's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intake.domain.message import mark
from intake.domain.referral import Move, Response, Urgency
from intake.web.forms.base import PageForm
from intake.web.forms.day import Day
from intake.web.forms.fields import OneOf, Passage

MOST = 4000
REASON = mark("Reason")
REASON_MISSING = mark("Write the reason.")
DAY = mark("On which day did it happen?")
DAY_MISSING = mark("Write the day on which it happened.")

URGENCIES: Mapping[str, str] = {
    Urgency.URGENT: mark("Urgent"),
    Urgency.NOT_URGENT: mark("Not urgent"),
}
RESPONSES: Mapping[str, str] = {
    Response.CONTACTED: mark("The child or the family has been contacted"),
    Response.MEETING_OFFERED: mark("A meeting has been offered"),
    Response.SUPPORT_STARTED: mark("Support has been started"),
    Response.ALREADY_SUPPORTED: mark("Support was already under way"),
    Response.GUIDED_ONWARD: mark("The family has been guided to another service"),
    Response.NO_MEASURES: mark("No measures were needed"),
}
CHOICES: Mapping[str, str] = {**URGENCIES, **RESPONSES}


@dataclass(frozen=True)
class Words:
    """Catalogue keys: what one does, what has been done, and what follows from it."""

    do: str
    done: str
    then: str = ""


WORDS: Mapping[Move, Words] = {
    Move.RECORD_URGENCY: Words(
        mark("Record the urgency"),
        mark("Urgency recorded"),
        mark("Social services assess at once how urgent the matter is (417/2007 section 26)."),
    ),
    Move.ACCEPT: Words(
        mark("Take up"),
        mark("Accepted"),
        mark("You become the worker of this report. The reporter sees that it is being handled."),
    ),
    Move.RETURN: Words(
        mark("Return with a reason"),
        mark("Returned with a reason"),
        mark(
            "The report goes to the desk that stands by, with your reason. Deadlines set by law "
            "that are running keep their start. The reporter sees that the report has moved."
        ),
    ),
    Move.ASSESSMENT_STARTED: Words(
        mark("Record that the service-needs assessment has started"),
        mark("Service-needs assessment started"),
    ),
    Move.ASSESSMENT_NOT_NEEDED: Words(
        mark("Record that an assessment is obviously unnecessary"),
        mark("Service-needs assessment obviously unnecessary"),
        mark("Both deadlines of the assessment are met by this."),
    ),
    Move.ALREADY_CLIENT: Words(
        mark("Record that the child is already a client"),
        mark("The child is already a client: the own worker goes on"),
        mark("Both deadlines of the assessment are met by this."),
    ),
    Move.ASSESSMENT_COMPLETE: Words(
        mark("Record that the service-needs assessment is complete"),
        mark("Service-needs assessment complete"),
    ),
    Move.RESPOND: Words(
        mark("Record a response"),
        mark("Response recorded"),
        mark("The reporter sees the option that you choose, and nothing else."),
    ),
    Move.HAND_IN: Words(
        mark("Record that it is in the client system"),
        mark("Recorded in the client system"),
        mark(
            "From this day counts the time after which this service deletes its own copy of the "
            "content. Until then it can be kept longer by a hold."
        ),
    ),
    Move.HAND_OVER: Words(
        mark("Hand over to another agency"),
        mark("Handed over"),
        mark(
            "The receiving agency becomes responsible for the report, and your agency’s part "
            "ends. Deadlines set by law that are running keep their start. The reporter sees that "
            "the report has moved. You can withdraw it until the receiver takes it up."
        ),
    ),
    Move.CLOSE: Words(
        mark("End the handling"),
        mark("Handling ended"),
        mark("The reporter sees that the handling has ended."),
    ),
    Move.REOPEN: Words(
        mark("Reopen"),
        mark("Reopened"),
        mark(
            "Deadlines that were not met when the handling ended run again as they were: neither "
            "their start nor their last day changes, and what was late stays late. The reporter "
            "sees that the report is being handled."
        ),
    ),
    Move.WITHDRAW: Words(
        mark("Withdraw what was sent to a wrong agency"),
        mark("Sending withdrawn"),
        mark(
            "After this nobody at the receiving agency can open the report. Your agency has it "
            "again as before, with its deadlines as they were. The receiver sees your reason."
        ),
    ),
    Move.TAKE_OVER: Words(
        mark("Take over"),
        mark("Taken over"),
        mark(
            "Your desk becomes responsible for the report and gets all parts of it. The part of "
            "the silent agency ends; it sees who took the report over and why. Deadlines set by "
            "law keep their start. The reporter sees who has the report."
        ),
    ),
}


def _reason(label: str, missing: str = "") -> Passage:
    return Passage(label, limit=MOST, missing=missing)


class ButtonForm(PageForm):
    """Accept and hand-in ask nothing."""


class ReasonForm(PageForm):
    """Return, reopen, withdraw, take over."""

    reason = _reason(REASON, REASON_MISSING)


class CloseForm(PageForm):
    """Close: the service asks for a reason while deadlines are not met."""

    reason = _reason(REASON)


class DayForm(PageForm):
    """Assessment started or complete."""

    happened_on = Day(DAY, missing=DAY_MISSING)


class DayAndReasonForm(PageForm):
    """Assessment not needed, already a client."""

    happened_on = Day(DAY, missing=DAY_MISSING)
    reason = _reason(REASON, REASON_MISSING)


class UrgencyForm(PageForm):
    """The agency's own word on urgency."""

    choice = OneOf(
        mark("How urgent is the matter?"),
        tuple(URGENCIES.items()),
        missing=mark("Choose how urgent the matter is."),
    )


class ResponseForm(PageForm):
    """A class of response, and a note if one is wanted."""

    choice = OneOf(
        mark("What has been done?"),
        tuple(RESPONSES.items()),
        missing=mark("Choose what has been done."),
    )
    reason = _reason(mark("A note that only your own agency sees"))


FORMS: Mapping[Move, type[PageForm]] = {
    Move.RECORD_URGENCY: UrgencyForm,
    Move.ACCEPT: ButtonForm,
    Move.RETURN: ReasonForm,
    Move.ASSESSMENT_STARTED: DayForm,
    Move.ASSESSMENT_NOT_NEEDED: DayAndReasonForm,
    Move.ALREADY_CLIENT: DayAndReasonForm,
    Move.ASSESSMENT_COMPLETE: DayForm,
    Move.RESPOND: ResponseForm,
    Move.HAND_IN: ButtonForm,
    Move.CLOSE: CloseForm,
    Move.REOPEN: ReasonForm,
    Move.WITHDRAW: ReasonForm,
}
"""Handing over and taking over have pages of their own."""
