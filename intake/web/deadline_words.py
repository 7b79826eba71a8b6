"""What supervisors changed of a deadline, in the same words on every page."""

from __future__ import annotations

from collections.abc import Mapping

from intake.domain.deadline_change import Change, Reason
from intake.domain.message import Message, mark
from intake.language import Language
from intake.store.columns import AnyRow
from intake.web.due import due

REASONS: Mapping[str, str] = {
    Reason.ABSENCE: mark("Absence at the agency"),
    Reason.FAMILY: mark("The family has not been reached"),
    Reason.AGENCY: mark("Waiting for another agency"),
    Reason.OTHER: mark("Other reason"),
}
_SAID: Mapping[str, str] = {
    Change.EXTENDED: mark(
        "Extended from %(was)s to %(now)s. Reason: %(reason)s. By %(who)s, %(at)s."
    ),
    Change.RECOUNTED: mark(
        "Counted anew from %(was)s to %(now)s, as the calendar has changed. By %(who)s, %(at)s."
    ),
}


def changed(language: Language, change: AnyRow) -> str:
    """A change: from which day to which, why, by whom and when."""
    reason = REASONS.get(change.reason)
    params = {
        "was": due(change.was_due_at, change.made_at).by(language),
        "now": due(change.due_at, change.made_at).by(language),
        "reason": language.gettext(reason) if reason else "",
        "who": change.person_name,
        "at": language.date_and_time(change.made_at),
    }
    return language.message(Message(_SAID[change.kind], params))
