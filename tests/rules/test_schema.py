from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import config
from intake.domain.rule_tables_schema import schemas
from routing_rules.canonical import plain
from routing_rules.schema import schema_of_facts, schema_of_file
from tests.rules.shipped import SHIPPED

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
MADE = {
    "facts": schema_of_facts(SHIPPED.vocabulary),
    "rule-set": schema_of_file(SHIPPED.vocabulary, schemas(SHIPPED.vocabulary)),
}


def written(name: str) -> Any:
    """A shipped set as JSON has it."""
    return plain(tomllib.loads((config.RULES / f"{name}.toml").read_text("utf-8")))


@pytest.mark.parametrize("name", MADE)
def test_the_schemas_in_the_docs_are_those_of_the_vocabulary(name: str) -> None:
    assert json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")) == MADE[name]
    jsonschema.Draft202012Validator.check_schema(MADE[name])


@pytest.mark.parametrize("name", ["finland", "ita-uusimaa"])
def test_the_shipped_sets_fit_their_schema(name: str) -> None:
    jsonschema.validate(written(name), MADE["rule-set"])


@pytest.mark.parametrize(
    ("old", "new"), [('"bullying"', '"bulying"'), ('"lead"', '"leed"'), ('"7-17"', '"7 to 17"')]
)
def test_a_misspelt_set_does_not_fit(old: str, new: str) -> None:
    text = json.dumps(written("ita-uusimaa"), ensure_ascii=False)
    assert old in text
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(text.replace(old, new, 1)), MADE["rule-set"])


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("starts", "agencie"), ("calendar", "finland"), ("extend", "2"), ("kind", "week"), ("x", 1)],
)
def test_a_misspelt_clock_does_not_fit(key: str, wrong: object) -> None:
    said = written("finland")
    said["clock"][0][key] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(said, MADE["rule-set"])


def test_the_facts_of_every_case_fit_their_schema() -> None:
    for case in SHIPPED.cases:
        jsonschema.validate(plain(case.facts), MADE["facts"])
    unsure = {**SHIPPED.cases[0].facts, "age": [6, 7], "residence": "unknown"}
    jsonschema.validate(plain(unsure), MADE["facts"])
    wrongs: list[dict[str, object]] = [
        {"age": 40},
        {"age": "unknow"},
        {"payed": "yes"},
        {"weapon": []},
    ]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(plain({**SHIPPED.cases[0].facts, **wrong}), MADE["facts"])


def test_days_are_dates_in_the_file() -> None:
    head = tomllib.loads((config.RULES / "finland.toml").read_text("utf-8"))["ruleset"]
    assert isinstance(head["valid_from"], date)
