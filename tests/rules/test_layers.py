"""Sets over sets: what an overlay may do, and that it never weakens the base's law unseen."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest

from routing_rules.finding import Finding, FindingKind
from routing_rules.rule import Give
from routing_rules.ruleset import RuleSet
from routing_rules.verify import verify
from routing_rules.vocabulary import RulesInvalid
from tests.rules.edits import Raw, copied, overlay, rule_in, with_rule, written
from tests.rules.naive import Naive
from tests.rules.shipped import BASE, BOOK, SHIPPED


def law(name: str, edit: Callable[[Raw], object]) -> Raw:
    """A law rule of the base as an overlay would write it anew."""
    rule: Raw = copy.deepcopy(rule_in(dict(BOOK.documents["finland"].raw), name))
    edit(rule)
    return rule


def weakened(rules: RuleSet, base: RuleSet = SHIPPED) -> list[Finding]:
    return [e for e in verify(rules, base).findings if e.kind is FindingKind.WEAKENED]


def lost(finding: Finding, rules: RuleSet, base: RuleSet = SHIPPED) -> Iterator[Give]:
    """What the base's rule gives at the witness, and the set does not."""
    assert finding.witness is not None
    old, new = Naive(base, finding.witness), Naive(rules, finding.witness)
    (name,) = finding.rules
    return (give for give, by in old.credits.items() if name in by and give not in new.credits)


def test_an_overlay_replaces_a_rule_by_its_id_and_keeps_the_others() -> None:
    rule = written("T10-YOU", {"recipients": "HEA"}, basis="consent")
    found = overlay(rule)
    assert found.by_id["T10-YOU"].gives == (Give("recipients", "", "HEA"),)
    assert found.by_id["T10-YOU"].layer == "over"
    assert set(found.by_id) == set(SHIPPED.by_id)
    assert found.layers == ("finland", "ita-uusimaa", "over")


def test_an_overlay_leaves_out_rules_and_cases() -> None:
    found = overlay(without={"rules": ["T10-YOU"], "cases": ["row-16", "adult"]})
    assert set(SHIPPED.by_id) - set(found.by_id) == {"T10-YOU"}
    assert len(SHIPPED.cases) - len(found.cases) == 2


def test_an_overlay_may_not_leave_out_what_is_not_there() -> None:
    with pytest.raises(RulesInvalid, match="T10-YOU"):
        overlay(without={"rules": ["T10-YOO"]})


@pytest.mark.parametrize("tier", ["law", "county"])
def test_an_overlay_uses_no_stronger_tier_than_its_own(tier: str) -> None:
    with pytest.raises(RulesInvalid, match=f'tier "{tier}" is not for this set to use'):
        overlay(written("x", {"alert": True}) | {"tier": tier}, tier="municipality")
    overlay(written("x", {"alert": True}) | {"tier": "default"}, tier="municipality")


def then(**outputs: object) -> Callable[[Raw], object]:
    """An edit that states these outputs anew; None leaves one out."""

    def edit(rule: Raw) -> None:
        rule["then"] = {
            name: value for name, value in (rule["then"] | outputs).items() if value is not None
        }

    return edit


def led_by_social_services(rule: Raw) -> None:
    rule["basis"] = "lsl25"
    then(lead="SOC", notices=None)(rule)


@pytest.mark.parametrize(
    ("name", "edit", "gives"),
    [
        ("R3", then(recipients=None, alert=True), Give("recipients", "", "POL")),
        ("R2", then(recipients="SOC"), Give("recipients", "", "POL")),
        ("R2", then(clocks={"SOC": ["lsl26_start"]}), Give("clocks", "SOC", "lsl26_complete")),
        ("R3-weapon", then(alert=None, notices="call_duty_too"), Give("alert", "", True)),
        (
            "R5-care",
            then(sections={"HEA": ["identity", "concern"]}),
            Give("sections", "HEA", "reporter"),
        ),
        ("R7", then(notices=None), Give("notices", "", "adult_services")),
        ("R7", led_by_social_services, Give("lead", "", "nobody")),
        ("T15", then(lead="POL", clocks=None), Give("lead", "", "SOC")),
        ("R3", lambda rule: rule["when"].update(age="0-17"), Give("recipients", "", "POL")),
        ("R3", lambda rule: rule.update(basis="pol40"), Give("recipients basis", "POL", "rl15_10")),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "output", ""),
)
def test_an_overlay_that_weakens_a_law_rule_is_found_with_a_witness(
    name: str, edit: Callable[[Raw], object], gives: Give
) -> None:
    over = overlay(law(name, edit))
    (finding,) = (each for each in weakened(over) if each.rules == (name,))
    assert gives in lost(finding, over)
    assert finding.message.startswith(f"law rule {name} of finland loses ")


def test_a_law_rule_of_a_weaker_tier_is_weakened_where_another_rule_takes_what_it_gives() -> None:
    rule = law("R3", lambda rule: rule.update(tier="default"))
    stop = written("stop", {"withhold": "POL"}, {"weapon": "no"})
    assert weakened(overlay(rule)) == []
    (finding,) = weakened(overlay(rule, stop))
    assert finding.witness is not None
    assert (finding.rules, finding.witness["weapon"]) == (("R3",), "no")


@pytest.mark.parametrize("name", ["R5-HEA", "R5-ANK"])
@pytest.mark.parametrize("narrow", ["gone", "narrower"])
def test_an_overlay_that_no_longer_withholds_is_found(name: str, narrow: str) -> None:
    kind = name[3:]
    if narrow == "gone":
        rule = law(name, then(withhold=None, notices="call_duty_too"))
    else:
        rule = law(name, lambda rule: rule["when"].update(urgency="normal"))
    over = overlay(rule)
    (finding,) = (each for each in weakened(over) if each.rules == (name,))
    assert finding.witness is not None
    assert finding.message == f'law rule {name} of finland loses "withhold" {kind}'
    target = Give("recipients", "", kind)
    assert target in Naive(SHIPPED, finding.witness).taken
    assert target not in Naive(over, finding.witness).taken


def test_an_overlay_that_no_longer_hides_a_section_is_found() -> None:
    change = then(withhold_sections={"ANK": "place", "PRI": "place"})
    over = overlay(law("turvakielto", change))
    (finding,) = (each for each in weakened(over) if each.rules == ("turvakielto",))
    assert '"withhold_sections"' in finding.message
    assert finding.witness is not None
    assert Naive(SHIPPED, finding.witness).taken - Naive(over, finding.witness).taken


def test_an_overlay_that_leaves_a_law_rule_out_is_found_unless_others_give_the_same() -> None:
    assert {each.rules for each in weakened(overlay(without={"rules": ["R3-weapon"]}))} == {
        ("R3-weapon",)
    }
    (finding,) = weakened(overlay(without={"rules": ["R3-school"]}))
    assert finding.named == ("recipients basis", "pol40", "POL"), "R3 gives the rest, wider"
    wider = written("mine", {"recipients": "POL"}, {"threat_to_life": "to_others"}, basis="pol40")
    assert weakened(overlay(wider, without={"rules": ["R3-school"]})) == []


@pytest.mark.parametrize("changed", ["law", "kind", "text", "confirmed"])
def test_an_overlay_that_describes_the_basis_of_law_rules_otherwise_is_found(changed: str) -> None:
    (basis,) = (b for b in copied("finland")["basis"] if b["id"] == "rl15_10")
    basis[changed] = {
        "law": "1/2026 §1",
        "kind": "consent",
        "text": {"fi": "Muu", "sv": "Annan"},
        "confirmed": not basis["confirmed"],
    }[changed]
    (finding,) = weakened(overlay(basis=[basis]))
    assert set(finding.rules) == {
        r.id for r in SHIPPED.rules if r.tier == "law" and r.basis and r.basis.id == "rl15_10"
    }
    assert finding.named == ("rl15_10",)
    assert "basis rl15_10" in finding.message


def test_an_overlay_describes_a_basis_of_its_own_or_the_same_once_more() -> None:
    (basis,) = (b for b in copied("finland")["basis"] if b["id"] == "rl15_10")
    own = {**basis, "id": "own", "law": "1/2026 §1"}
    assert weakened(overlay(basis=[basis, own])) == []


def test_an_overlay_that_takes_from_weaker_rules_weakens_no_law() -> None:
    stop = written("stop", {"withhold": ["POL", "SOC"]}, tier="law")
    assert weakened(overlay(stop)) == []


@pytest.mark.parametrize(
    "rule",
    [
        written("x", {"alert": True}),
        written("x", {"recipients": "POL"}, {"weapon": "yes"}, basis="pol_safety"),
        written("x", {"withhold": "YOU"}),
        written("x", {"notices": "nothing_to_guardians"}),
        written("x", {"desk": {"SOC": "duty", "POL": "duty"}}),
        law("R3", then(alert=True)),
        law("R3", then(recipients=["POL", "SOC"])),
        law("R3-weapon", lambda rule: rule.update(when={"weapon": "yes"})),
        law("R2", lambda rule: rule["when"].update(age="0-18")),
        law("R5-HEA", then(withhold=["HEA", "YOU"])),
        law("R3", lambda rule: rule.update(title={"fi": "Uhka", "sv": "Hot"})),
    ],
    ids=lambda rule: f"{rule['id']} {rule['then']}",
)
def test_an_overlay_that_only_tightens_weakens_nothing(rule: Raw) -> None:
    assert weakened(overlay(rule)) == []


def test_the_area_s_set_does_not_weaken_the_base() -> None:
    assert weakened(SHIPPED, BASE) == []


def test_a_change_of_the_base_itself_is_weighed_against_the_old_one() -> None:
    def edit(rule: Raw) -> None:
        rule["when"]["age"] = "0-16"

    changed = with_rule("R1", edit)
    (finding,) = weakened(changed, BASE)
    assert finding.rules == ("R1",)
    assert finding.witness is not None
    assert finding.witness["age"] == 17
    assert list(lost(finding, changed, BASE))
