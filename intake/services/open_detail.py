"""Open the sealed detail of a line of the trail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from intake.domain.contents import DETAIL
from intake.services.line_detail import LINE_DETAIL
from intake.services.open_content import content_of
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for


def opened_detail(key: PrivateKey, action: str, referral_id: UUID, sealed: bytes) -> dict[str, Any]:
    """What was said with a line; nothing where it does not open with this line, or is none."""
    try:
        plain = open_for(key, sealed, LINE_DETAIL, action, referral_id.bytes)
        said: dict[str, Any] = content_of(plain, DETAIL)
    except EnvelopeDamaged:
        return {}
    return said
