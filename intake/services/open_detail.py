"""Open the sealed detail of a line of the trail."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from intake.services.line_detail import LINE_DETAIL
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey
from intake.vault.open import open_for


def opened_detail(key: PrivateKey, action: str, referral_id: UUID, sealed: bytes) -> dict[str, Any]:
    """What was said with a line; nothing where it was sealed to another line or key."""
    try:
        said: dict[str, Any] = json.loads(
            open_for(key, sealed, LINE_DETAIL, action, referral_id.bytes)
        )
    except EnvelopeDamaged:
        return {}
    return said
