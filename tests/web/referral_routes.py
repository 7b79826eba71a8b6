"""Every route of the agency's door that names a referral."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

from intake.web.forms.moves import FORMS
from tests.site import TRIAGE, Site


def addresses(site: Site, referral: str) -> Iterator[tuple[str, str]]:
    """Each route that names a referral, with each method."""
    values = {"move": tuple(FORMS), "clock": ("lsl26_start", "nonsense"), "agency_id": (TRIAGE,)}
    for rule in site.app.url_map.iter_rules():
        if "referral_id" not in rule.arguments or not rule.endpoint.startswith("agency."):
            continue
        others = sorted(rule.arguments - {"referral_id"})
        for chosen in product(*(values.get(other, (referral,)) for other in others)):
            given: dict[str, Any] = dict(zip(others, chosen, strict=True))
            path = site.app.url_map.bind("").build(
                rule.endpoint, {"referral_id": UUID(referral), **given}
            )
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, path
