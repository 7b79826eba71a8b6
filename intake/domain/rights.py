"""What guardians and children ask of what is stored: to see it, or to have it corrected."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from intake.domain.trail import Action


class Outcome(StrEnum):
    """What came of it."""

    GIVEN = "right given"
    PART = "right given in part"
    REFUSED = "right refused"


class RightBasis(StrEnum):
    """The law on which it was decided: a closed list, so that nothing of a child is told by it."""

    ACCESS = "GDPR 15"
    RESTRICTED = "1050/2018 §34"
    PARTY = "621/1999 §11"
    PARTY_LIMITED = "621/1999 §11.2"
    CORRECTION = "GDPR 16"
    LAWFUL_AS_IT_IS = "GDPR 12.4"


BASES: Mapping[Action, tuple[RightBasis, ...]] = {
    Action.ACCESS: (
        RightBasis.ACCESS,
        RightBasis.RESTRICTED,
        RightBasis.PARTY,
        RightBasis.PARTY_LIMITED,
    ),
    Action.RECTIFY: (RightBasis.CORRECTION, RightBasis.LAWFUL_AS_IT_IS),
}
"""By what was asked for."""
