"""A worry of the answers that somebody typed, once every page's form has checked its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from intake.domain.report import (
    CATEGORIES,
    CONSENT_KINDS,
    Child,
    Concern,
    Consent,
    Guardian,
    Reporter,
    Worry,
)


def worry_of(answers: Mapping[str, Any]) -> Worry:
    """Build a worry of checked answers (one mapping a page, a list for children and guardians).

    Raises KeyError or ValueError where an answer is missing: check the pages' forms first.
    """
    return Worry(
        reporter=_reporter(answers["reporter"]),
        children=tuple(_child(child) for child in answers["children"]),
        guardians=tuple(_guardian(guardian) for guardian in answers.get("guardians", ())),
        concern=_concern(answers),
        consent=_consent(answers["consent"]),
        health=answers["observations"].get("health", ""),
    )


def _reporter(page: Mapping[str, Any]) -> Reporter:
    kind = page["kind"]
    anonymous = kind == "private_person" and bool(page.get("anonymous"))
    professional = kind == "professional"
    return Reporter(
        kind=kind,
        sector=page.get("sector", "") if professional else "none",
        post=page.get("post", "") if professional else "",
        organisation=page.get("organisation", "") if professional else "",
        name="" if anonymous else page.get("name", ""),
        phone="" if anonymous else page.get("phone", ""),
        anonymous=anonymous,
        already_called=page.get("already_called", ""),
    )


def _child(page: Mapping[str, Any]) -> Child:
    unborn = page.get("known_by") == "unborn"
    known_by = page["known_by"]
    born_on, born_in = _born(page["birth_date"] if known_by == "birth_date" else None)
    return Child(
        name=page.get("name", ""),
        hetu=page["hetu"] if known_by == "hetu" else "",
        birth_date=born_on,
        birth_year=born_in,
        age=int(page["age"]) if known_by == "age" and page.get("age") not in (None, "") else None,
        unborn=unborn,
        due_date=_date(page.get("due_date")) if unborn else None,
        language=page.get("language", ""),
        interpreter=page.get("interpreter", "unknown"),
        municipality=page["municipality"],
        school=page.get("school", ""),
        school_name=page.get("school_name", ""),
        school_class=page.get("school_class", ""),
        whereabouts=page.get("whereabouts", ""),
        whereabouts_municipality=page.get("whereabouts_municipality", ""),
        turvakielto=page["turvakielto"],
    )


def _guardian(page: Mapping[str, Any]) -> Guardian:
    return Guardian(
        name=page.get("name", ""),
        contact=page.get("contact", ""),
        lives_with_child=page.get("lives_with_child", "unknown"),
        suspected_perpetrator=page["suspected_perpetrator"],
    )


def _concern(answers: Mapping[str, Any]) -> Concern:
    kind, urgency = answers["worry"], answers["urgency"]
    protection, seen = answers["protection"], answers["observations"]
    return Concern(
        categories=_ordered(kind["categories"], CATEGORIES),
        primary=kind["primary"],
        child_role=kind["child_role"],
        urgency=urgency["urgency"],
        threat_to_life=urgency["threat_to_life"],
        weapon=urgency["weapon"],
        crime_against_child=protection["crime_against_child"],
        may_need_protection=protection["may_need_protection"],
        made_together=protection["made_together"],
        seen=seen["seen"],
        when=seen.get("when", ""),
        own_view=seen.get("own_view", ""),
        done_already=seen.get("done_already", ""),
    )


def _consent(page: Mapping[str, Any]) -> Consent:
    return Consent(
        child_informed=page["child_informed"],
        guardian_informed=page["guardian_informed"],
        informed_reason=page.get("informed_reason", ""),
        child_consent=page["child_consent"],
        guardian_consent=page["guardian_consent"],
        consent_to=_ordered(page.get("consent_to", ()), CONSENT_KINDS),
    )


def _ordered(chosen: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for value in order if value in chosen)


def _born(text: str | None) -> tuple[date | None, int | None]:
    """The day in ISO form, or the year where it stands alone."""
    if text and text.isdecimal():
        return None, int(text)
    return _date(text), None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
