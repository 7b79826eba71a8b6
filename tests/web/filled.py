"""A whole draft as the reporter's pages keep it: each page's answers as they were posted."""

from __future__ import annotations

from typing import Any

from tests.web.reporter_walk import CHILD, WAY


def typed_worry() -> dict[str, Any]:
    """Everything typed, nothing missing, ready to be sent."""
    pages = {name: posted(answers) for name, answers in WAY.items() if "/" not in name}
    return pages | {"children": [posted(CHILD)], "guardians": []}


def posted(answers: dict[str, Any]) -> dict[str, list[str]]:
    """Answers as a form posts them: a list of texts for each name."""
    return {name: value if isinstance(value, list) else [value] for name, value in answers.items()}
