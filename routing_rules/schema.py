"""JSON Schemas (2020-12) of the facts and of a rule set's file, generated from a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing_rules.rule import BasisKind
from routing_rules.vocabulary import UNKNOWN, Field, FieldKind, Output, Policy, Vocabulary

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_DAY: Schema = {"type": "string", "format": "date", "description": "In TOML a date."}
_TEXT: Schema = {
    "type": "object",
    "properties": {code: {"type": "string", "minLength": 1} for code in ("fi", "sv", "en")},
    "required": ["fi", "sv"],
    "additionalProperties": False,
}
_RANGE: Schema = {
    "anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+(-[0-9]+)?$"}]
}


def schema_of_facts(vocabulary: Vocabulary) -> Schema:
    """What `decide` takes: a value for each field; of some fields several possible ones."""
    return {
        "$schema": DRAFT,
        "title": "Facts",
        **_object(
            {name: _fact(field) for name, field in vocabulary.fields.items()},
            required=list(vocabulary.fields),
        ),
    }


def schema_of_file(
    vocabulary: Vocabulary, beside: Mapping[str, Mapping[str, Any]] | None = None
) -> Schema:
    """What a set's file holds, as the TOML reads.

    ``beside``: what their owners say of the tables beside the rules, by name; the rest is open.
    """
    facts: Schema = {name: {"$ref": f"#/$defs/fact {name}"} for name in vocabulary.fields}
    rule = {
        "id": _word(),
        "tier": {"enum": list(vocabulary.tiers)},
        "basis": _word(),
        "title": _TEXT,
        "because": _TEXT,
        "fallback": {"type": "boolean"},
        "when": _object({name: _test(field) for name, field in vocabulary.fields.items()}),
        "then": _object(_gives(vocabulary)),
    }
    basis = {
        "id": _word(),
        "kind": {"enum": list(map(str, BasisKind))},
        "law": _word(),
        "text": _TEXT,
        "confirmed": {"type": "boolean"},
        "valid_from": _DAY,
        "valid_to": _DAY,
    }
    case = {
        "id": _word(),
        "title": {"type": "string"},
        "facts": _object(facts),
        "expect": _object(
            {**_gives(vocabulary), "uncertain": _words(list(vocabulary.fields))},
            required=[o.name for o in vocabulary.outputs.values() if o.decided or o.based],
        ),
        "hits": _words(),
    }
    head = {
        "id": _word(),
        "title": _TEXT,
        "valid_from": _DAY,
        "valid_to": _DAY,
        "extends": _word(),
        "tier": {"enum": list(vocabulary.tiers)},
        "areas": _words(),
        "keepers": _words(),
        "without": _object({"rules": _words(), "cases": _words()}),
    }
    return {
        "$schema": DRAFT,
        "title": "Rule set",
        "type": "object",
        "properties": {
            "ruleset": _object(head, required=["id", "title", "valid_from"]),
            "usual": _object(_usual(vocabulary)),
            "basis": _array(_object(basis, required=["id", "kind", "text", "valid_from"])),
            "rule": _array(
                _object(rule, required=["id", "tier", "title", "because", "when", "then"])
            ),
            "case_defaults": _object(facts),
            "case": _array(_object(case, required=["id", "title", "facts", "expect", "hits"])),
            **(beside or {}),
        },
        "required": ["ruleset"],
        "$defs": {
            **{f"fact {name}": _fact(field) for name, field in vocabulary.fields.items()},
            **{f"output {o.name}": _value(o) for o in vocabulary.outputs.values()},
        },
    }


def _object(properties: Mapping[str, Any], required: list[str] | None = None) -> Schema:
    found: Schema = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return found | ({"required": required} if required else {})


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _word() -> Schema:
    return {"type": "string", "minLength": 1}


def _words(known: list[Any] | None = None) -> Schema:
    item: Schema = {"enum": known} if known else {"type": "string"}
    return {"anyOf": [item, {"type": "array", "items": item, "uniqueItems": True}]}


def _fact(field: Field) -> Schema:
    value: Schema = {"enum": list(field.values)}
    if field.kind is FieldKind.SET:
        return {"type": "array", "items": value, "uniqueItems": True}
    choices: list[Schema] = [value, {"type": "array", "items": value, "minItems": 1}]
    if field.unknown:
        choices.append({"const": UNKNOWN})
    return {"anyOf": choices}


def _test(field: Field) -> Schema:
    if field.kind is FieldKind.INTEGER:
        return _RANGE
    if field.kind is FieldKind.SET:
        return _object({how: _words(list(field.values)) for how in ("any", "all", "none")})
    return _words(list(field.values))


def _gives(vocabulary: Vocabulary) -> Schema:
    found: Schema = {}
    for output in vocabulary.outputs.values():
        value = {"$ref": f"#/$defs/output {output.name}"}
        if output.per:
            members = map(str, vocabulary.outputs[output.per].values)
            found[output.name] = _object(dict.fromkeys(members, value))
        else:
            found[output.name] = value
    return found


def _value(output: Output) -> Schema:
    if output.policy is Policy.OR:
        return {"type": "boolean"}
    known = list(output.values)
    return {"enum": known} if output.single else _words(known)


def _usual(vocabulary: Vocabulary) -> Schema:
    found: Schema = {}
    for output in vocabulary.outputs.values():
        if output.beside and output.per:
            for member in map(str, vocabulary.outputs[output.per].values):
                found.setdefault(member, _object({}))["properties"][output.name] = {
                    "$ref": f"#/$defs/output {output.name}"
                }
    return found
