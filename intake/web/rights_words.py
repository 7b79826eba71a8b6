"""Requests for access and correction, in words."""

from __future__ import annotations

from collections.abc import Mapping

from intake.domain.message import mark
from intake.domain.rights import Outcome, RightBasis
from intake.domain.trail import Action

ASKED: Mapping[str, str] = {
    Action.ACCESS: mark("To see the report, or a part of it"),
    Action.RECTIFY: mark("To have the report corrected"),
}
ASKED_FOR: Mapping[str, str] = {
    Action.ACCESS: mark("Access to the report asked for"),
    Action.RECTIFY: mark("Correction of the report asked for"),
}
OUTCOMES: Mapping[str, str] = {
    Outcome.GIVEN: mark("Given"),
    Outcome.PART: mark("Given in part"),
    Outcome.REFUSED: mark("Refused"),
}
RIGHT_BASES: Mapping[str, str] = {
    RightBasis.ACCESS: mark("Right of access (GDPR art. 15)"),
    RightBasis.RESTRICTED: mark("Restricted right of access (Data Protection Act 1050/2018 §34)"),
    RightBasis.PARTY: mark("A party's right to information (621/1999 §11)"),
    RightBasis.PARTY_LIMITED: mark("A child's very important interest (621/1999 §11.2 item 1)"),
    RightBasis.CORRECTION: mark("Right to rectification (GDPR art. 16)"),
    RightBasis.LAWFUL_AS_IT_IS: mark("Not corrected: what was reported stands (GDPR art. 12.4)"),
}
