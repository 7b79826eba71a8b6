"""What the software says to a person, before it is in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Message:
    """A sentence by its English catalogue key and the values of its %(name)s placeholders.

    Only pages and letters make text of it (``Language.message``).
    """

    key: str
    params: Mapping[str, object] = field(default_factory=dict)


def mark(key: str) -> str:
    """Return ``key`` unchanged; the catalogue extractor finds texts by this name."""
    return key
