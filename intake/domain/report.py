"""What a worry says, once every answer has been checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from intake.domain.directory import Kind
from intake.domain.message import Message, mark

MAX_CHILDREN = 6
MAX_GUARDIANS = 6
UNKNOWN = "unknown"
ELSEWHERE = "elsewhere"
TO_SOCIAL = mark("Social services assess what support the child needs.")
HANDED_OVER = mark("Another authority handed the report over.")
BY_AUTHORITY = mark("Another authority handed the report over as a child welfare notification.")
# By a professional: to the police and, all the same, to social services (417/2007 §25.3).
_REPORTABLE = ("sexual", "violence", "suspected")

CATEGORIES = (
    "offence_by_child",
    "substance_use",
    "domestic_violence",
    "sexual_offence",
    "violence_outside_home",
    "radicalisation",
    "bullying",
    "running_away",
    "online_harm",
    "gang",
    "mental_health",
    "self_harm",
    "school_absence",
    "neglect",
    "other",
)
CONSENT_KINDS = ("SOC", "ANK", "HEA", "YOU", "WEL", "PRI")


class ReportType(StrEnum):
    """Which act a report is made under; derived, never asked.

    ``other_contact`` goes to neither social services nor the Ankkuri team, such as one to a school.
    """

    CHILD_WELFARE_NOTIFICATION = "child_welfare_notification"
    SUPPORT_CONTACT = "support_contact"
    ANTICIPATORY = "anticipatory"
    ANKKURI_CONTACT = "ankkuri_contact"
    OTHER_CONTACT = "other_contact"


@dataclass(frozen=True)
class Reporter:
    """Who reports. ``verified`` is False until somebody has checked who they are."""

    kind: str
    sector: str
    name: str
    post: str
    organisation: str
    phone: str
    anonymous: bool
    already_called: str
    verified: bool = False


@dataclass(frozen=True)
class Child:
    """One child. One of ``hetu``, ``birth_date``, ``birth_year``, ``age`` and ``unborn`` is given.

    ``birth_year``: where no more than it is known; ``age``: an estimate.
    """

    name: str
    hetu: str
    birth_date: date | None
    birth_year: int | None
    age: int | None
    unborn: bool
    due_date: date | None
    language: str
    interpreter: str
    municipality: str
    school: str
    school_name: str
    school_class: str
    whereabouts: str
    whereabouts_municipality: str
    turvakielto: str

    @property
    def protected(self) -> bool:
        """Whether the address is protected; *unknown* counts as yes (661/2009 §36)."""
        return self.turvakielto != "no"


@dataclass(frozen=True)
class Guardian:
    """A guardian, as far as the reporter knows."""

    name: str
    contact: str
    lives_with_child: str
    suspected_perpetrator: str


@dataclass(frozen=True)
class Concern:
    """What the worry is, what was seen or heard, and, apart from it, the reporter's own view."""

    categories: tuple[str, ...]
    primary: str
    child_role: str
    urgency: str
    threat_to_life: str
    weapon: str
    crime_against_child: str
    may_need_protection: str
    made_together: str
    seen: str
    when: str
    own_view: str
    done_already: str


@dataclass(frozen=True)
class Consent:
    """Who knows of the report and who has agreed to what being disclosed to whom."""

    child_informed: str
    guardian_informed: str
    informed_reason: str
    child_consent: str
    guardian_consent: str
    consent_to: tuple[str, ...]

    def covers(self, kind: str, *, guardian_counts: bool = True) -> bool:
        """Whether the consent reaches recipient ``kind``.

        The child's own word decides; a guardian's counts where the child does not understand
        what is asked. There is no fixed age of consent.
        """
        if kind not in self.consent_to:
            return False
        if self.child_consent == "lacks_understanding":
            return guardian_counts and self.guardian_consent == "given"
        return self.child_consent == "given"


@dataclass(frozen=True)
class Worry:
    """A whole worry, ready to be routed and sealed."""

    reporter: Reporter
    children: tuple[Child, ...]
    guardians: tuple[Guardian, ...]
    concern: Concern
    consent: Consent
    health: str

    @property
    def guardian_suspected(self) -> bool:
        """Whether some guardian is a suspected perpetrator; *unknown* does not count."""
        return any(g.suspected_perpetrator == "yes" for g in self.guardians)

    def consents_to(self, kind: str) -> bool:
        """Whether there is consent for ``kind``; a suspected guardian's word is not one."""
        return self.consent.covers(kind, guardian_counts=not self.guardian_suspected)

    @property
    def protected(self) -> bool:
        """Whether any child's address is protected: siblings tell where the others are."""
        return any(child.protected for child in self.children)

    @property
    def urgent(self) -> bool:
        """Whether the reporter says that it must be looked at today."""
        return self.concern.urgency in ("emergency", "today")

    def sections(self) -> dict[str, bytes]:
        """The content of each vault slot that has any, as canonical JSON.

        With a protected address the reporter's organisation, often the child's school, lies with
        the places.
        """
        reporter = {**vars(self.reporter)}
        organisation = reporter["organisation"]
        if self.protected:
            reporter["organisation"] = ""
        slots: dict[str, Any] = {
            "reporter": reporter,
            "guardians": self.guardians,
            "concern": {**vars(self.concern), **vars(self.consent)},
            "health": {"health": self.health},
        }
        for number, child in enumerate(self.children, 1):
            fields = {**vars(child)}
            place = {name: fields.pop(name) for name in _PLACE}
            slots[f"place_{number}"] = place | {
                "reporter_organisation": organisation if self.protected else ""
            }
            slots[f"identity_{number}"] = fields | {"protected": child.protected}
        return {slot: canonical(content) for slot, content in slots.items()}


_PLACE = (
    "municipality",
    "school",
    "school_name",
    "school_class",
    "whereabouts",
    "whereabouts_municipality",
    "turvakielto",
)


def reports_offence(concern: Mapping[str, Any]) -> bool:
    """Whether a concern section tells of an offence or a threat that police cannot decline."""
    return bool(
        {"offence_by_child", "sexual_offence"} & set(concern["categories"])
        or concern["crime_against_child"] != "none"
        or concern["threat_to_life"] == "to_others"
    )


def report_type(worry: Worry, to: Collection[Kind]) -> tuple[ReportType, Message]:
    """The act that a report to these kinds of agency is made under, with its reason."""
    if Kind.SOC not in to:
        if Kind.ANK in to:
            return ReportType.ANKKURI_CONTACT, Message(
                mark("By your answer the child does not need child welfare.")
            )
        return ReportType.OTHER_CONTACT, Message(
            mark("The report goes neither to social services nor to the Ankkuri team.")
        )
    if all(child.unborn for child in worry.children):
        return ReportType.ANTICIPATORY, Message(mark("The child has not been born yet."))
    if worry.concern.may_need_protection in ("yes", "dont_know"):
        if worry.concern.made_together == "yes":
            return ReportType.SUPPORT_CONTACT, Message(
                mark("The report is made together with the child or a guardian (section 25 a).")
            )
        return ReportType.CHILD_WELFARE_NOTIFICATION, Message(
            mark("By your answer the child may need protection.")
            if worry.concern.may_need_protection == "yes"
            else mark("You do not know whether the child needs protection: that counts as a yes.")
        )
    if worry.reporter.kind == "professional" and worry.concern.crime_against_child in _REPORTABLE:
        return ReportType.CHILD_WELFARE_NOTIFICATION, Message(
            mark("A crime against the child is suspected (section 25.3).")
        )
    if worry.consents_to("SOC"):
        return ReportType.SUPPORT_CONTACT, Message(
            mark("There is consent to contact social services.")
        )
    return ReportType.SUPPORT_CONTACT, Message(TO_SOCIAL)


def type_once_moved(
    kind: ReportType, reason: str, to: Kind, *, notified: bool = False
) -> tuple[ReportType, str]:
    """The act and its reason for the agency that a report moves to.

    ``notified``: the authority that hands it over makes a child welfare notification by that.
    """
    elsewhere = (ReportType.ANKKURI_CONTACT, ReportType.OTHER_CONTACT)
    if notified:
        return ReportType.CHILD_WELFARE_NOTIFICATION, BY_AUTHORITY
    if to is Kind.SOC and kind in elsewhere:
        return ReportType.SUPPORT_CONTACT, TO_SOCIAL
    return kind, reason


def section_of(slot: str) -> str:
    """The kind of section that a vault slot holds: *identity* of ``identity_2``."""
    return slot.partition("_")[0]


def kinds_of(slots: Iterable[str]) -> str:
    """The kinds of sections that these vault slots hold, as the trail has them."""
    return ", ".join(dict.fromkeys(map(section_of, slots)))


def canonical(content: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; dates as ISO text, dataclasses as objects."""
    return _ENCODER.encode(content).encode()


def _encodable(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case Mapping():
            return dict(value)
    if is_dataclass(value):
        return vars(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_encodable
)
