"""What opened, read as what it must be. Anyone may seal to a public key, so it may be anything."""

from __future__ import annotations

import json
from typing import Any

from intake.domain.shape import Shape
from intake.vault.envelope import EnvelopeDamaged


def content_of(plain: bytes, shape: Shape) -> Any:
    """The JSON that was sealed. Raises EnvelopeDamaged where it is none, or not of this shape."""
    try:
        content = json.loads(plain)
        json.dumps(content, ensure_ascii=False).encode()  # half a character can be escaped in JSON
    except (ValueError, RecursionError):
        raise EnvelopeDamaged("no JSON") from None
    if not shape(content):
        raise EnvelopeDamaged("shape")
    return content


def text_of(plain: bytes) -> str:
    """The text that was sealed. Raises EnvelopeDamaged where it is none."""
    try:
        return plain.decode()
    except UnicodeDecodeError:
        raise EnvelopeDamaged("no text") from None
