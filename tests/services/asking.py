"""Asking the lead for further sections, for tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from intake.services.answer_request import AnswerRequest, Given
from intake.services.ask_sections import AskSections, Wanted
from tests.services.sending import at
from tests.site import ANK, YOU, Site, child_answers, worry_answers

WHY = "Huoltajan kanssa on sovittava tapaaminen."
CONSENT = "Nuori ja huoltaja."


def worry(*, children: int = 1, **pages: Any) -> dict[str, Any]:
    """The Ankkuri team leads, and youth services get neither the guardians nor the place."""
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        consent={"child_consent": "given", "consent_to": ["ANK", "YOU"]},
        **pages,
    )
    answers["guardians"] = [
        {
            "name": "Kari Keksitty",
            "contact": "040 000 0009",
            "lives_with_child": "yes",
            "suspected_perpetrator": "no",
        }
    ]
    answers["children"] += [child_answers(name=f"Sisarus {n}") for n in range(2, children + 1)]
    return answers


def services(site: Site) -> tuple[AskSections, AnswerRequest]:
    """As the agency's door makes them."""
    parts = site.parts
    ask = AskSections(parts.database, parts.directory, parts.read, parts.hand_over)
    return ask, AnswerRequest(parts.database, ask)


def sent(site: Site, **how: Any) -> tuple[UUID, UUID]:
    """The lead's referral and that of youth services."""
    site.hands.move(minutes=1)
    site.send(worry(**how))
    return at(site, ANK).id, at(site, YOU).id


def asked(site: Site, lead: UUID, asker: UUID, *sections: str, reason: str = WHY) -> UUID:
    """Youth services ask; the request."""
    wanted = Wanted(lead, "consent", sections or ("guardians",), reason, CONSENT)
    return services(site)[0](site.visit("you"), asker, wanted, site.hands.move(minutes=1))


def granted(site: Site, lead: UUID, asker: UUID, *sections: str) -> UUID:
    """Asked for and given; the request."""
    chosen = sections or ("guardians",)
    request = asked(site, lead, asker, *chosen)
    given = Given("consent", chosen, "", CONSENT)
    now = site.hands.move(minutes=1)
    services(site)[1].grant(site.visit("ank"), lead, request, given, now)
    return request


def sections(site: Site, name: str, referral: UUID) -> set[str]:
    """What a person opens of a referral."""
    return set(site.parts.read(site.visit(name), referral, site.hands()).sections)
