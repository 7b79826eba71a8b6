"""Who will get a worry and why, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from intake.domain.directory import Directory, PhoneLine
from intake.domain.message import mark
from intake.domain.report import Child, Worry
from intake.language import Language
from intake.services.route import Plan, Share
from intake.web import words
from routing_rules.rule import Basis

T = TypeVar("T")
TO_BE_CONFIRMED = mark("This basis is still to be confirmed.")
SECTIONS = {
    "reporter": mark("Your details"),
    "guardians": mark("The guardians’ details"),
    "concern": mark("The worry, your observations, your own view and the consents"),
    "health": mark("Information on the child’s health"),
}
ANONYMOUS = mark("That the reporter is a private person without a name")
CONCERN_WITHOUT_VIEW = mark("The worry, your observations and the consents")
OF_CHILD = mark("%(child)s: %(parts)s")
CHILD = mark("Child %(number)s")
NOTICES = {
    "call_duty_too": mark(
        "Call the emergency social service as well: it is outside office hours now."
    ),
    "clock_from_birth": mark(
        "For a child not yet born, the deadlines of the service-needs assessment start at birth."
    ),
    "nothing_to_guardians": mark(
        "Do not tell the guardian before you have agreed on it with child welfare or police."
    ),
    "adult_services": mark(
        "Somebody aged 18 or over cannot be reported here: contact adult social services."
    ),
    "maybe_adult": mark(
        "If the young person has already turned 18, contact adult social services."
    ),
    "consent_or_consult": mark(
        "As it stands, the report may not be given to anybody: ask the young person for consent, "
        "or ask for advice by telephone without telling names."
    ),
}
CONSENT_REFUSED = mark(
    "As it stands, the report may not be given to anybody, and the child has refused consent: "
    "ask for advice by telephone without telling names."
)
LEFT_OUT = mark("%(child)s is not part of this report: nobody gets this person’s details.")
GUARDIANS = "nothing_to_guardians"
CALL_TOO = "call_duty_too"
ASK_CONSENT = "consent_or_consult"
ADULT = "adult_services"
MAYBE_ADULT = "maybe_adult"
UNCERTAIN = mark(
    "The child’s age is not known exactly, so the stricter outcome was chosen: the report goes to "
    "everybody who would get it at one of the possible ages."
)


@dataclass(frozen=True)
class Recipient:
    """One agency of the plan; each list may have several sentences."""

    name: str
    lead: bool
    reasons: list[str]
    bases: list[str]
    sections: list[str]


@dataclass(frozen=True)
class Told:
    """A plan as the check page tells it."""

    report_type: str
    type_reason: str
    recipients: list[Recipient]
    withheld: list[tuple[str, str]]
    notices: list[str]
    duty_unmet: bool
    call_too: bool
    ask_consent: bool
    known_already: tuple[str, ...] = ()


def tell(plan: Plan, worry: Worry, language: Language) -> Told:
    """Put a plan in words.

    ``duty_unmet``: a professional's report that social services do not get (417/2007 §25);
    ``call_too``: somebody is to be called as well, or instead;
    ``ask_consent``: a consent would open a way.
    """
    kinds = {share.agency.kind for share in plan.shares}
    noticed = _noticed(plan)
    if worry.guardian_suspected and GUARDIANS not in noticed:
        noticed.append(GUARDIANS)
    said = dict(NOTICES)
    if worry.consent.child_consent == "refused":
        said[ASK_CONSENT] = CONSENT_REFUSED
    notices = [language.gettext(said[notice]) for notice in noticed]
    if plan.shares:
        notices.extend(_left_out(plan, worry, language))
        if "age" in plan.uncertain:
            notices.append(language.gettext(UNCERTAIN))
    return Told(
        report_type=language.gettext(words.REPORT_TYPES[plan.report_type]),
        type_reason=language.message(plan.type_reason),
        recipients=[_recipient(share, worry, language) for share in plan.shares],
        withheld=_withheld(plan, worry, language),
        notices=notices,
        duty_unmet=worry.reporter.kind == "professional" and "SOC" not in kinds,
        call_too=CALL_TOO in noticed or not plan.shares,
        ask_consent=ASK_CONSENT in noticed,
    )


def lines_for(worry: Worry | None, directory: Directory) -> tuple[PhoneLine, ...]:
    """The telephone lines of the children's counties; all of them where none is known."""
    counties = set()
    for child in worry.children if worry else ():
        school = directory.schools.get(child.school)
        for place in (child.municipality, school.municipality if school else ""):
            if place in directory.municipalities:
                counties.add(directory.county_of(place).id)
                break
    return tuple(line for line in directory.phone_lines if not counties or line.county in counties)


def _noticed(plan: Plan) -> list[str]:
    """What the rules say of the children. Where several ages are possible, what they say of one
    of them is not said of the child.
    """
    found = []
    for outcome in plan.outcomes:
        unsure = {ADULT: MAYBE_ADULT} if "age" in outcome.uncertain else {}
        denied = {ASK_CONSENT} if outcome.recipients else set()
        found += [unsure.get(notice, notice) for notice in outcome.notices if notice not in denied]
    return _distinct(found)


def _recipient(share: Share, worry: Worry, language: Language) -> Recipient:
    return Recipient(
        name=language.text(share.agency.name),
        lead=share.lead,
        reasons=_distinct(language.text(reason.because) for reason in share.reasons),
        bases=_distinct(_basis(basis, language) for basis in share.bases),
        sections=list(_sections(share, worry, language)),
    )


def _basis(basis: Basis, language: Language) -> str:
    text = language.text(basis.text) + (f" ({basis.law})" if basis.law else "")
    return text if basis.confirmed else f"{text}. {language.gettext(TO_BE_CONFIRMED)}"


def _sections(share: Share, worry: Worry, language: Language) -> Iterable[str]:
    """What the agency gets; parts that have nothing in them are not told."""
    said = language.gettext
    for number, (child, name) in enumerate(
        zip(worry.children, _names(worry, language), strict=True), 1
    ):
        for slot, parts in (("identity", _identity(child)), ("place", _place(child))):
            if f"{slot}_{number}" in share.slots:
                yield said(OF_CHILD, child=name, parts=", ".join(map(said, parts)))
    empty = {"guardians": not worry.guardians, "health": not worry.health.strip()}
    instead = {
        "reporter": ANONYMOUS if worry.reporter.anonymous else "",
        "concern": "" if worry.concern.own_view.strip() else CONCERN_WITHOUT_VIEW,
    }
    for slot, text in SECTIONS.items():
        if slot in share.slots and not empty.get(slot):
            yield said(instead.get(slot) or text)


def _identity(child: Child) -> list[str]:
    """The parts of a child's identity that were told."""
    parts = {
        mark("name"): child.name.strip(),
        mark("personal identity code"): child.hetu,
        mark("age"): not child.unborn,
        mark("not yet born"): child.unborn,
        mark("language"): child.language.strip(),
        mark("need of an interpreter"): child.interpreter == "yes",
    }
    return [part for part, told in parts.items() if told]


def _place(child: Child) -> list[str]:
    """The parts of where a child is that were told."""
    parts = {
        mark("municipality"): True,
        mark("school"): child.school or child.school_name.strip(),
        mark("whereabouts"): child.whereabouts.strip() or child.whereabouts_municipality,
        mark("protected address"): True,
    }
    return [part for part, told in parts.items() if told]


def _withheld(plan: Plan, worry: Worry, language: Language) -> list[tuple[str, str]]:
    """Who does not get it and why; of several children, of whom where it is not of all."""
    names = _names(worry, language)
    found: dict[tuple[str, str], set[int]] = {}
    for number, outcome in enumerate(plan.outcomes):
        for each in outcome.withheld:
            key = (language.gettext(words.KINDS[each.kind]), language.text(each.because))
            found.setdefault(key, set()).add(number)
    return [
        (
            kind
            if len(numbers) == len(names)
            else language.gettext(OF_CHILD, child=", ".join(names[n] for n in numbers), parts=kind),
            because,
        )
        for (kind, because), numbers in found.items()
    ]


def _left_out(plan: Plan, worry: Worry, language: Language) -> Iterable[str]:
    """A sentence for each child of whom nobody gets anything: it is not stored either."""
    reached = {slot for share in plan.shares for slot in share.slots}
    for number, name in enumerate(_names(worry, language), 1):
        if reached.isdisjoint((f"identity_{number}", f"place_{number}")):
            yield language.gettext(LEFT_OUT, child=name)


def _names(worry: Worry, language: Language) -> list[str]:
    return [
        child.name.strip() or language.gettext(CHILD, number=number)
        for number, child in enumerate(worry.children, 1)
    ]


def _distinct(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
