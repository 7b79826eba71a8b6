from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path

from hypothesis import given, settings

from routing_rules.canonical import canonical
from routing_rules.cases import run_cases
from routing_rules.decide import decide, matched
from routing_rules.load import load
from routing_rules.rule import SetTest
from tests.rules.shipped import PATH, SHIPPED, facts_of

NORMAL = {case.id: case for case in SHIPPED.cases}["row-16"].facts
PLACEHOLDER = {
    "fi": "Oikeusperuste on vahvistettava.",
    "sv": "Den rättsliga grunden ska bekräftas.",
    "en": "The legal basis is to be confirmed.",
}


def test_every_shipped_case_holds() -> None:
    problems = [line for result in run_cases(SHIPPED) for line in result.problems]
    assert problems == []


def test_every_rule_shapes_the_outcome_of_some_case_and_is_named_by_one() -> None:
    ids = {rule.id for rule in SHIPPED.rules}
    shaped = {rule for result in run_cases(SHIPPED) for rule in result.shaped}
    named = {rule for case in SHIPPED.cases for rule in case.hits}
    assert ids - shaped == set()
    assert ids - named == set()


def test_a_case_that_expects_something_else_fails(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.toml").write_text(
        (PATH.parent / "vocabulary.toml").read_text("utf-8"), "utf-8"
    )
    text = PATH.read_text("utf-8")
    right = 'lead = "HEA", recipients = ["HEA", "YOU"]'
    assert text.count(right) == 1
    (tmp_path / "rules.toml").write_text(
        text.replace(right, 'lead = "SOC", recipients = ["HEA"]'), "utf-8"
    )
    failed = [result for result in run_cases(load(tmp_path / "rules.toml")) if not result.holds]
    assert [(result.case, len(result.problems)) for result in failed] == [("row-2-older", 2)]


def test_an_unconfirmed_basis_is_said_in_the_reason() -> None:
    for rule in SHIPPED.rules:
        unsure = rule.basis is not None and not rule.basis.confirmed
        for language, sentence in PLACEHOLDER.items():
            assert (sentence in rule.because[language]) == unsure, rule.id


def test_no_rule_says_who_leads_since_that_is_weighed_over_all_of_them() -> None:
    claims = {
        "fi": re.compile(r"vastuu|vastaa\b|vastaavat", re.I),
        "sv": re.compile(r"ansvar", re.I),
        "en": re.compile(r"\blead|responsible", re.I),
    }
    for rule in SHIPPED.rules:
        for language, claim in claims.items():
            said = f"{rule.title[language]} {rule.because[language]}"
            assert not claim.search(said), f"{rule.id}: {said}"


def test_every_text_of_the_shipped_rules_is_there_in_three_languages() -> None:
    raw = tomllib.loads(PATH.read_text("utf-8"))
    texts = [rule[key] for rule in raw["rule"] for key in ("title", "because")]
    texts += [each["text"] for each in raw["basis"]] + [each["title"] for each in raw["clock"]]
    assert all(set(text) == {"fi", "sv", "en"} for text in texts)


def test_the_digest_names_the_content_and_not_the_layout(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.toml").write_text(
        (PATH.parent / "vocabulary.toml").read_text("utf-8"), "utf-8"
    )

    def digest(text: str) -> str:
        (tmp_path / "rules.toml").write_text(text, "utf-8")
        return load(tmp_path / "rules.toml").digest

    text = PATH.read_text("utf-8")
    assert digest(text) == SHIPPED.digest
    head = 'id = "R9"\ntier = "county"\n'
    assert head in text
    turned = text.replace(head, '# moved\ntier = "county"\n\nid   =   "R9"\n')
    assert digest(turned) == SHIPPED.digest
    for old, new in [
        (head, 'id = "R9"\ntier = "municipality"\n'),
        ("Kunnalla ei ole", "Kunnalla ei nyt ole"),
        ("count = 7", "count = 8"),
        ('working_days = -3\nat = "09:00"', 'working_days = -3\nat = "10:00"'),
        ('desk = "duty", basis = "shl29"', 'desk = "triage", basis = "shl29"'),
    ]:
        assert old in text
        assert digest(text.replace(old, new, 1)) != SHIPPED.digest, new


def test_the_canonical_form_is_plain_sorted_json() -> None:
    value = {"b": frozenset({"z", "a"}), "a": (1, None, "ä")}
    assert canonical(value) == '{"a":[1,null,"ä"],"b":["a","z"]}'.encode()


def test_the_clocks_are_those_of_the_law_and_local_practice() -> None:
    clocks = {
        str(clock["id"]): (clock["kind"], clock["count"], clock["met_by"])
        for clock in SHIPPED.clocks
    }
    started = ("assessment_started", "assessment_not_needed", "already_client")
    complete = ("assessment_complete", "assessment_not_needed", "already_client")
    assert clocks == {
        "urgency": ("same_day", 0, ("record_urgency",)),
        "accept": ("working_days", 2, ("accept", "return", "hand_over")),
        "lsl26_start": ("working_days", 7, started),
        "lsl26_complete": ("months", 3, complete),
        "school_talk": ("school_days", 7, ("respond",)),
        "ankkuri_meeting": ("working_days", 10, ("respond",)),
    }


def test_each_chase_plan_climbs_to_the_supervisor_and_lets_the_standby_in_once() -> None:
    for plan in ("days", "same_day"):
        steps = [step for step in SHIPPED.chases if step["plan"] == plan]
        assert [step["to"] for step in steps][-4:] == ["worker", "deputy", "head", "supervisor"]
        assert [step["to"] for step in steps if step["allows_standby"]] == ["head"]


def test_the_masks_match_what_a_naive_reading_matches() -> None:
    chance = random.Random(20260602)  # noqa: S311  (examples, not secrets)
    fields = SHIPPED.vocabulary.fields
    for _ in range(3_000):
        facts: dict[str, object] = {
            name: chance.choice(field.values)
            for name, field in fields.items()
            if name != "categories"
        }
        several = chance.sample(fields["categories"].values, chance.randrange(4))
        categories = frozenset([*several, facts["primary"]])
        facts["categories"] = categories
        naive = tuple(
            rule.id
            for rule in SHIPPED.rules
            if all(
                (not test.any_of or test.any_of & categories)
                and not test.all_of - categories
                and not test.none_of & categories
                if isinstance(test, SetTest)
                else facts[name] in test
                for name, test in rule.when.items()
            )
        )
        assert matched(SHIPPED, facts) == naive


LEAVE_SENT = {"accept", "lsl26_start", "lsl26_complete"}
"""Clocks that no move meets while a referral is still unaccepted."""


@settings(max_examples=400, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_every_set_of_facts_has_a_lead_or_advice(facts: dict[str, object]) -> None:
    outcome = decide(SHIPPED, facts)
    kinds = [recipient.kind for recipient in outcome.recipients]
    assert kinds[:1] == ([outcome.lead] if outcome.lead else [])
    assert outcome.lead or outcome.notices
    assert len(set(kinds)) == len(kinds)
    assert not set(kinds) & {gone.kind for gone in outcome.withheld}
    assert all(each.bases and each.sections for each in outcome.recipients)
    for each in outcome.recipients:
        assert set(each.clocks) & LEAVE_SENT, "urgency alone would fall silent once recorded"
    if facts["age"] == 18 and facts["unborn"] == "no":
        assert kinds == (["POL"] if facts["threat_to_life"] == "to_others" else [])
        assert "adult_services" in outcome.notices
    if facts["unborn"] == "yes":
        assert set(kinds) <= {"SOC", "POL"}


@settings(max_examples=400, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_the_duty_to_notify_always_reaches_social_services(facts: dict[str, object]) -> None:
    if "R1" not in matched(SHIPPED, facts):
        facts |= {"reporter_kind": "professional", "may_need_protection": "dont_know"}
        facts |= {"age": 17 if facts["age"] == 18 else facts["age"], "unborn": "no"}
    social = decide(SHIPPED, facts).recipient("SOC")
    assert social is not None
    assert {"urgency", "lsl26_start", "lsl26_complete"} <= set(social.clocks)


@settings(max_examples=400, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_who_is_withheld_gets_it_by_law_only(facts: dict[str, object]) -> None:
    rules = {rule.id: rule for rule in SHIPPED.rules}
    hit = [rules[name] for name in matched(SHIPPED, facts)]
    outcome = decide(SHIPPED, facts)
    for kind in {kind for rule in hit for kind in rule.then.withhold}:
        recipient = outcome.recipient(kind)
        if recipient is not None:
            adders = [rules[n] for n in recipient.rules if kind in rules[n].then.kinds]
            assert {rule.tier for rule in adders} == {"law"}
    if facts["protected"] == "yes":
        for recipient in outcome.recipients:
            assert "place" not in recipient.sections or recipient.kind in ("SOC", "POL")


@settings(max_examples=100, deadline=None)
@given(facts=facts_of(SHIPPED.vocabulary))
def test_an_unknown_age_is_never_milder_than_a_known_one(facts: dict[str, object]) -> None:
    unknown = decide(SHIPPED, facts | {"age": "unknown"})
    for age in range(18):
        known = decide(SHIPPED, facts | {"age": age})
        for recipient in known.recipients:
            wide = unknown.recipient(recipient.kind)
            assert wide is not None
            assert set(recipient.sections) <= set(wide.sections)
            assert set(recipient.clocks) <= set(wide.clocks)
        assert known.alert <= unknown.alert
        assert set(known.notices) <= set(unknown.notices)


def test_a_change_of_age_that_changes_nothing_is_not_uncertain() -> None:
    assert decide(SHIPPED, {**NORMAL, "age": [8, 9]}).uncertain == ()
    assert decide(SHIPPED, {**NORMAL, "age": [17, 18]}).uncertain == ("age",)
