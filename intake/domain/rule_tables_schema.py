"""The JSON Schema of the tables beside the rules, as far as they are described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.domain.clock import MOST, Kind, Starts
from routing_rules.vocabulary import Vocabulary

_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}
_DAY = {"type": "string", "format": "date", "description": "In TOML a date."}


def schemas(vocabulary: Vocabulary) -> Mapping[str, Mapping[str, Any]]:
    """By the table's name."""
    return {"clock": {"type": "array", "items": _clock(vocabulary)}}


def _clock(vocabulary: Vocabulary) -> Mapping[str, Any]:
    length = {
        "kind": {"enum": list(map(str, Kind))},
        "count": {"type": "integer", "minimum": 0, "maximum": max(MOST.values())},
    }
    moves = {"enum": list(vocabulary.names.get("moves", ()))}
    properties = {
        "id": {"enum": [str(name) for name in vocabulary.outputs["clocks"].values]},
        "title": {
            "type": "object",
            "properties": dict.fromkeys(("fi", "sv", "en"), _TEXT),
            "required": ["fi", "sv"],
            "additionalProperties": False,
        },
        "law": {"type": "string", "description": "Empty: local practice."},
        **length,
        "today": {
            "type": "object",
            "properties": length,
            "required": ["kind"],
            "additionalProperties": False,
            "description": "How long it runs for an urgent report, where that differs.",
        },
        "met_by": {
            "anyOf": [moves, {"type": "array", "items": moves, "minItems": 1, "uniqueItems": True}]
        },
        "valid_from": _DAY,
        "valid_to": _DAY,
        "starts": {
            "enum": list(map(str, Starts)),
            "description": "Left out: authority for a law's clock that is not same_day.",
        },
        "calendar": {
            "type": "string",
            "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
            "default": "FI",
            "description": "Whose public holidays count.",
        },
        "extend": {
            "type": "integer",
            "minimum": 0,
            "maximum": max(MOST.values()),
            "default": 0,
            "description": "How many more of its kind a supervisor may give, once; no law's clock.",
        },
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["id", "title", "law", "kind", "met_by", "valid_from"],
        "additionalProperties": False,
    }
