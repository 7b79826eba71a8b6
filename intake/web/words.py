"""The words for code values that staff read: catalogue keys, by the name of what they answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from intake.domain.chase import DUTY_DESK
from intake.domain.clock import Kind as ClockKind
from intake.domain.clock import Rule
from intake.domain.directory import Desk, Kind, LineUse
from intake.domain.message import Message, mark
from intake.domain.people import Role
from intake.domain.referral import State
from intake.domain.report import ReportType
from intake.language import Language
from intake.web.forms import words
from intake.web.forms.fields import Choices

_NOT_KNOWN = mark("Not known")
_SEVERAL = 2


def _told(choices: Choices, **instead: str) -> dict[str, str]:
    """What the reporter chose, without the words that only the reporter can say."""
    told = dict(choices)
    unsure = {value: _NOT_KNOWN for value in ("unknown", "dont_know") if value in told}
    return told | unsure | instead


_YES_NO = dict(words.YES_NO)

KINDS: Mapping[str, str] = dict(words.RECIPIENTS)
DESKS: Mapping[str, str] = {
    Desk.OFFICE: mark("Office"),
    Desk.TRIAGE: mark("Triage desk"),
    Desk.HOLIDAY: mark("Holiday desk"),
    Desk.DUTY: mark("Duty desk"),
}
LINE_USES: Mapping[str, str] = {
    LineUse.CHILD_WELFARE: mark("Child welfare advice and notifications"),
    LineUse.EMERGENCY: mark("Emergency social service"),
}
ROLES: Mapping[str, str] = {
    Role.WORKER: mark("worker"),
    Role.DEPUTY: mark("deputy"),
    Role.HEAD: mark("unit's head"),
    Role.SUPERVISOR: mark("supervisor"),
    Role.COORDINATOR: mark("police coordinator"),
    Role.RULE_EDITOR: mark("rule editor"),
    Role.ADMINISTRATOR: mark("administrator"),
    Role.AUDITOR: mark("auditor"),
}
CHASED_AS: Mapping[str, str] = {**ROLES, DUTY_DESK: mark("duty desk")}
"""Whom a reminder is for."""
STATES: Mapping[str, tuple[str, str]] = {
    State.SENT: ("new", mark("New")),
    State.ACCEPTED: ("progress", mark("Being handled")),
    State.RETURNED: ("closed", mark("Returned")),
    State.HANDED_OVER: ("closed", mark("Moved to another agency")),
    State.CLOSED: ("closed", mark("Closed")),
    State.WITHDRAWN: ("closed", mark("Withdrawn by its sender")),
}
TAKEN_OVER = ("closed", mark("Taken over by the desk that stands by"))
"""The state of a referral that left its agency by somebody else's move."""
REPORT_TYPES: Mapping[str, str] = {
    ReportType.CHILD_WELFARE_NOTIFICATION: mark("Child welfare notification"),
    ReportType.SUPPORT_CONTACT: mark("Contact for support"),
    ReportType.ANTICIPATORY: mark("Anticipatory child welfare notification"),
    ReportType.ANKKURI_CONTACT: mark("Contact to Ankkuri work"),
    ReportType.OTHER_CONTACT: mark("Contact to an authority"),
}
TYPE_REASONS: Mapping[str, str] = {
    "By your answer the child may need protection.": mark(
        "By the reporter's answer the child may need protection."
    ),
    "You do not know whether the child needs protection: that counts as a yes.": mark(
        "The reporter does not know whether the child needs protection: that counts as a yes."
    ),
    "By your answer the child does not need child welfare.": mark(
        "By the reporter's answer the child does not need child welfare."
    ),
    "The report goes neither to social services nor to the Ankkuri team.": mark(
        "The report was sent neither to social services nor to the Ankkuri team."
    ),
}
"""What is said to the reporter as *you*, as the agency reads it."""
NOTICES: Mapping[str, str] = {
    "call_duty_too": mark("The reporter was asked to call the emergency social service as well."),
    "clock_from_birth": mark(
        "The deadlines of the assessment start when the child is born. This service does not learn "
        "of the birth: follow it in your own system."
    ),
    "nothing_to_guardians": mark("Nothing of this may be told to the guardians yet."),
    "adult_services": mark("The person is an adult: the reporter was guided to adult services."),
    "consent_or_consult": mark(
        "Nobody may get the report as it stands: the reporter was advised to ask for consent, or "
        "to consult by telephone without names."
    ),
}
MAYBE_ADULT = mark(
    "The person may be an adult already: the reporter was guided to adult services in that case."
)
AGE_UNCERTAIN = mark("The child’s age is not known exactly, so the stricter outcome was chosen.")
SECTIONS: Mapping[str, str] = {
    "reporter": mark("Reporter"),
    "identity": mark("Child"),
    "place": mark("Place of residence and school"),
    "guardians": mark("Guardians"),
    "concern": mark("Worry"),
    "health": mark("Health"),
}
PARTS: Mapping[str, tuple[str, str]] = {
    "reporter": (
        SECTIONS["reporter"],
        mark("Who reported, with post, organisation and telephone"),
    ),
    "identity": (
        mark("The child’s identity"),
        mark("Name, identity code, birth or age, language"),
    ),
    "place": (
        SECTIONS["place"],
        mark("Municipality, school and class, where the child is now, protected address"),
    ),
    "guardians": (
        SECTIONS["guardians"],
        mark("Names, contact details, whether somebody is suspected"),
    ),
    "concern": (
        SECTIONS["concern"],
        mark("Topics, urgency, what was seen, the reporter’s own view, who knows and consents"),
    ),
    "health": (SECTIONS["health"], mark("What was told of the child’s health")),
}
"""A part of a report that is handed over, and what it holds."""

ASKED: Mapping[str, str] = {
    "primary": mark("Main topic"),
    "categories": mark("Topics"),
    "age": mark("Age"),
    "unborn": mark("Not yet born"),
    "urgency": mark("Urgency"),
    "reporter_kind": mark("Kind of reporter"),
    "sector": mark("Field of work"),
    "may_need_protection": mark("The child may need protection"),
    "made_together": mark("Made together with the child or a guardian"),
    "crime_against_child": mark("Suspected crime against the child"),
    "child_role": mark("The child's part"),
    "threat_to_life": mark("Threat to life or health"),
    "weapon": mark("A weapon or other dangerous object"),
    "consent_ank": mark("Consent: Ankkuri team"),
    "consent_hea": mark("Consent: health services"),
    "consent_you": mark("Consent: youth services"),
    "consent_wel": mark("Consent: pupil welfare"),
    "consent_soc": mark("Consent: social services"),
    "consent_pri": mark("Consent: school"),
    "guardian_suspected": mark("A guardian is suspected"),
    "protected": mark("Protected address"),
    "residence": mark("Municipality of residence"),
    "school": mark("School"),
    "agreement": mark("Cooperation agreement"),
    "hours": mark("Social services' office"),
    "school_term": mark("School term"),
    "lives_with_child": mark("Lives with the child"),
    "suspected_perpetrator": mark("Suspected of having done something to the child"),
    "interpreter": mark("Needs an interpreter"),
    "child_informed": mark("Does the child know of the report?"),
    "guardian_informed": mark("Does a guardian know of the report?"),
    "child_consent": mark("The child's consent"),
    "guardian_consent": mark("A guardian's consent"),
}
"""What each answer is an answer to; facts of the rules under the rules' own names."""

ANSWERS: Mapping[str, Mapping[str, str]] = {
    "primary": dict(words.CATEGORIES),
    "categories": dict(words.CATEGORIES),
    "urgency": {
        "emergency": mark("Emergency"),
        "today": mark("Urgent (today)"),
        "normal": mark("Not urgent"),
    },
    "reporter_kind": {
        "professional": mark("Professional"),
        "private_person": mark("Private person"),
        "guardian": mark("Guardian"),
        "child": mark("The child"),
    },
    "sector": _told(words.SECTORS, none=mark("None")),
    "may_need_protection": _told(words.PROTECTION),
    "made_together": _YES_NO,
    "crime_against_child": _told(words.CRIMES, suspected=mark("A crime that cannot be named yet")),
    "child_role": _told(words.CHILD_ROLES, other=mark("Something else, or not known")),
    "threat_to_life": _told(words.THREATS),
    "weapon": _told(words.YES_NO_UNKNOWN),
    "unborn": _YES_NO,
    "guardian_suspected": _YES_NO,
    "protected": _YES_NO,
    "residence": {"known": mark("Known"), "unknown": mark("Not known")},
    "school": {"known": mark("Known"), "none": mark("None")},
    "agreement": {"in_force": mark("In force"), "none": mark("None in force")},
    "hours": {"open": mark("Office open"), "closed": mark("Office closed")},
    "school_term": {"term": mark("In term"), "holiday": mark("School holiday")},
    "lives_with_child": _told(words.LIVES_WITH),
    "interpreter": _told(words.YES_NO_UNKNOWN),
    "suspected_perpetrator": _told(words.YES_NO_UNKNOWN),
    "turvakielto": _told(words.YES_NO_UNKNOWN),
    "child_informed": _told(words.INFORMED),
    "guardian_informed": _told(words.INFORMED),
    "child_consent": _told(words.CHILD_CONSENT),
    "guardian_consent": _told(words.CHILD_CONSENT),
    **dict.fromkeys((f"consent_{kind.lower()}" for kind in Kind), _YES_NO),
}


def length(language: Language, rule: Rule) -> str:
    """How far a clock runs."""
    n = rule.count
    match rule.kind:
        case ClockKind.SAME_DAY:
            return language.gettext("the same day")
        case ClockKind.DAYS:
            return language.ngettext("%(num)s day", "%(num)s days", n)
        case ClockKind.WORKING_DAYS:
            return language.ngettext("%(num)s working day", "%(num)s working days", n)
        case ClockKind.SCHOOL_DAYS:
            return language.ngettext("%(num)s school day", "%(num)s school days", n)
        case ClockKind.MONTHS:
            return language.ngettext("%(num)s month", "%(num)s months", n)
        case ClockKind.HOURS:
            return language.ngettext("%(num)s hour", "%(num)s hours", n)


def part(language: Language, slot: str, among: Collection[str]) -> str:
    """The name of a part; with the child's number where there are parts of several children."""
    section, _, number = slot.partition("_")
    name = language.gettext(PARTS[section][0])
    if not number or len({each.partition("_")[2] for each in among} - {""}) < _SEVERAL:
        return name
    return language.message(
        Message(mark("Child %(number)s: %(part)s"), {"number": number, "part": name})
    )


def answer(language: Language, asked: str, value: object) -> str:
    """The words of an answer; a value that has none stands as it is."""
    text = ANSWERS.get(asked, {}).get(str(value))
    return language.gettext(text) if text else str(value)
