"""The sealed detail of a line of the trail: what would tell of a child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from intake.domain.report import canonical
from intake.vault.seal import PublicKey, seal_for

LINE_DETAIL = "detail of a line of the trail"


def detail(
    key: PublicKey, action: str, referral_id: UUID, said: Mapping[str, Any]
) -> dict[str, Any]:
    """The line's fields for what was said, sealed to the agency's key; it opens with this action
    and this referral alone.
    """
    sealed = seal_for(key, canonical(dict(said)), LINE_DETAIL, action, referral_id.bytes)
    return {"detail_key_id": key.key_id, "sealed_detail": sealed}
