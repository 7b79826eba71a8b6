"""Why somebody may not handle a matter (esteellisyys, hallintolaki 434/2003 §27–28)."""

from __future__ import annotations

from enum import StrEnum


class Ground(StrEnum):
    """The grounds of §28, in the words of a page; ``other``: item 7, trust is endangered."""

    PARTY = "party"
    ASSISTS = "assists"
    GAIN = "gain"
    SERVICE = "service"
    BODY = "body"
    OTHER = "other"
