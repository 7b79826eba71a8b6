"""What the routing rules may know of a worry: closed values, no names, no text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from stdnum.fi import hetu as finnish_identity_code

from intake.domain.report import CATEGORIES, CONSENT_KINDS, ELSEWHERE, UNKNOWN, Child, Worry

ADULT = 18
ESTIMATE_ERROR = 1  # years either way that a guess of an age may be wrong
Facts = dict[str, object]
_YES_NO = frozenset({"yes", "no"})
VALUES: Mapping[str, frozenset[str]] = {
    "primary": frozenset(CATEGORIES),
    "categories": frozenset(CATEGORIES),
    "age": frozenset(map(str, range(ADULT + 1))),
    "unborn": _YES_NO,
    "urgency": frozenset({"emergency", "today", "normal"}),
    "reporter_kind": frozenset({"professional", "private_person", "guardian", "child"}),
    "sector": frozenset(
        {
            *("school", "early_education", "youth", "health", "social", "police", "rescue"),
            *("parish", "hobby", "other", "none"),
        }
    ),
    "may_need_protection": frozenset({"yes", "no", "dont_know"}),
    "made_together": _YES_NO,
    "crime_against_child": frozenset({"none", "sexual", "violence", "other", "suspected"}),
    "child_role": frozenset({"suspected", "victim", "witness", "other"}),
    "threat_to_life": frozenset({"none", "to_self", "to_others", "unknown"}),
    "weapon": frozenset({"yes", "no", "unknown"}),
    "guardian_suspected": _YES_NO,
    "protected": _YES_NO,
    "residence": frozenset({"known", "unknown"}),
    "school": frozenset({"known", "none"}),
    "agreement": frozenset({"in_force", "none"}),
    "hours": frozenset({"open", "closed"}),
    "school_term": frozenset({"term", "holiday"}),
    **{f"consent_{kind.lower()}": _YES_NO for kind in CONSENT_KINDS},
}
"""What ``facts_of`` may state of each fact; an age may be several of them, or unknown."""


@dataclass(frozen=True)
class Surroundings:
    """What the directory and the calendar say of one child's case at its arrival."""

    agreement: bool
    office_open: bool
    school_term: bool


def facts_of(worry: Worry, child: Child, today: date, around: Surroundings) -> Facts:
    """The facts of one child, in the vocabulary of the rules. ``today`` is the local date."""
    concern = worry.concern
    return {
        "primary": concern.primary,
        "categories": sorted(concern.categories),
        "age": possible_ages(child, today),
        "unborn": _yes(child.unborn),
        "urgency": concern.urgency,
        "reporter_kind": worry.reporter.kind,
        "sector": worry.reporter.sector,
        "may_need_protection": concern.may_need_protection,
        "made_together": concern.made_together,
        "crime_against_child": concern.crime_against_child,
        "child_role": concern.child_role,
        "threat_to_life": concern.threat_to_life,
        "weapon": concern.weapon,
        "guardian_suspected": _yes(worry.guardian_suspected),
        "protected": _yes(worry.protected),
        "residence": "unknown" if child.municipality in (UNKNOWN, ELSEWHERE) else "known",
        "school": "known" if child.school not in ("", "none", ELSEWHERE) else "none",
        "agreement": "in_force" if around.agreement else "none",
        "hours": "open" if around.office_open else "closed",
        "school_term": "term" if around.school_term else "holiday",
        **{f"consent_{k.lower()}": _yes(worry.consents_to(k)) for k in CONSENT_KINDS},
    }


def possible_ages(child: Child, today: date) -> int | list[int] | str:
    """The child's age in full years, 18 for every adult; all that are possible where the year of
    birth alone or an estimate is known, or ``"unknown"``.
    """
    if child.unborn:
        return 0
    born = birth_date_of(child)
    if born is not None:
        return _bounded(full_years(born, today))
    if child.birth_year is not None:
        return _distinct(full_years(day, today) for day in days_of_year(child.birth_year))
    if child.age is None:
        return UNKNOWN
    return _distinct(range(child.age - ESTIMATE_ERROR, child.age + ESTIMATE_ERROR + 1))


def birth_date_of(child: Child) -> date | None:
    """The birth date, of the identity code where that is what was given."""
    return birth_date_of_code(child.hetu) if child.hetu else child.birth_date


def birth_date_of_code(hetu: str) -> date:
    """The birth date that a valid identity code begins with (690/2022)."""
    code = finnish_identity_code.compact(hetu)
    century = 1800 if code[6] == "+" else 1900 if code[6] in "-YXWVU" else 2000
    return date(century + int(code[4:6]), int(code[2:4]), int(code[0:2]))


def days_of_year(year: int) -> tuple[date, date]:
    """The first and the last day of a year: who was born in it has the age of one or the other."""
    return date(year, 1, 1), date(year, 12, 31)


def full_years(born: date, today: date) -> int:
    """The age in full years; negative before the birth."""
    had_birthday = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (0 if had_birthday else 1)


def _bounded(age: int) -> int:
    return min(max(age, 0), ADULT)


def _distinct(ages: Iterable[int]) -> list[int]:
    return sorted({_bounded(age) for age in ages})


def _yes(value: bool) -> str:
    return "yes" if value else "no"
