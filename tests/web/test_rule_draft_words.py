"""What is wrong with a draft is said in the reader's language, and where it stands."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest

import config
from intake import cli
from intake.language import Language
from intake.services.prove import Flaw
from intake.web.rule_desk import differing as texts
from intake.web.rule_desk.findings import findings
from intake.web.rule_desk.problems import say, say_of
from intake.web.rule_desk.told import Words
from routing_rules.problem import Problem
from tests.site import Site, environment
from tests.web.rule_desk import LAYER, PARISH, Editor, in_force

FINNISH, ENGLISH = Language("fi"), Language("en")
MISSPELT = PARISH.replace("sector =", "sektor =", 1)


def shown(one: Editor, draft: str, code: str, until: str = "</ul>") -> str:
    """What a draft's page says is wrong, in a language."""
    one.client.set_cookie("ankkuri_language", code)
    page = unescape(one.get(draft))
    return page.partition("<h2>")[2].partition(until)[0]


def test_a_misspelt_field_is_told_with_its_line_and_what_was_meant(site: Site) -> None:
    one = Editor(site)
    text = in_force(site) + MISSPELT
    draft = one.drafted(text)
    line = text[: text.index('[[rule]]\nid = "test-parish"')].count("\n") + 1
    place = f'{line}: {LAYER}: %s "test-parish": when: %s "sektor" (%s "sector"?)'
    for code, said in (
        ("fi", "rivi " + place % ("välityssääntö", "tuntematon kenttä", "tarkoititko")),
        ("sv", "rad " + place % ("förmedlingsregel", "okänt fält", "menade du")),
        ("en", "line " + place % ("rule", "unknown field", "did you mean")),
    ):
        assert f"<li>{said}</li>" in shown(one, draft, code)


def test_a_text_that_is_no_toml_is_told_with_its_line_and_column(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted("[ruleset]\nid = \n")
    assert "rivi 2, sarake 6: teksti ei ole TOML-muodossa" in shown(one, draft, "fi")
    assert "rad 2, kolumn 6: texten är inte TOML" in shown(one, draft, "sv")


def test_why_a_worked_case_fails_is_told_in_each_language(site: Site) -> None:
    one = Editor(site)
    wrong = PARISH.replace('recipients = ["SOC", "POL"]', 'recipients = ["SOC"]')
    draft = one.drafted(in_force(site) + wrong)
    for code, said in (
        ("fi", "esimerkkitapaus test-parish: recipients: pitäisi tulla SOC, tulee POL, SOC"),
        ("sv", "exempelfall test-parish: recipients: ska bli SOC, blir POL, SOC"),
        ("en", "case test-parish: recipients should be SOC, is POL, SOC"),
    ):
        assert said in shown(one, draft, code, "</table>")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('primary = "neglect", sector', 'primary = "neglct", sector'),
        ('age = "0-17"', 'age = "17-0"'),
        ('"POL" }', '"POLICE" }'),
        ('tier = "county"', 'tier = "law"'),
        ('basis = "pol_safety"\n', ""),
        ("because.sv", "because.se"),
        ("hits = [", "hits = [3, "),
        ('sector = "parish" }\nexpect', "age = 99 }\nexpect"),
        ('id = "test-parish"\ntier', "tier"),
        ('then = { recipients = "POL" }', "then = {}"),
    ],
)
def test_what_does_not_load_is_nowhere_left_in_english(site: Site, right: str, wrong: str) -> None:
    assert right in PARISH
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH.replace(right, wrong, 1))
    english, *others = (
        re.findall("<li>(.*?)</li>", shown(one, draft, code)) for code in ("en", "fi", "sv")
    )
    assert english
    for told in others:
        assert len(told) == len(english)
        assert not set(told) & set(english)


def test_a_line_is_told_only_where_it_is_sure() -> None:
    place = Problem("%(noun)s", noun="rule", table="rule", number=2, of=2)
    problem = Problem("gives nothing").at("a", place)

    def told(text: str, name: str = "a") -> list[str]:
        return list(say_of(ENGLISH, [problem], name, text))

    sure = f"line 3: {problem}"
    assert told("[[rule]]\n\n [[ rule ]] # x\n[[case]]\n") == [sure]
    for unsure in ("rule = [{}, {}]", "[[rule]]\n" * 3, "[[rule]]\n[[case]]"):
        assert told(unsure) == [str(problem)]
    assert told("[[rule]]\n[[rule]]", "another") == [str(problem)]
    assert list(say_of(ENGLISH, ["plain"], "a", "")) == ["plain"]


def test_a_word_of_the_file_stays_as_it_is_written_and_harmless() -> None:
    problem = Problem('unknown key "%(key)s"', key="%(key)s\n<b>100 %")
    assert say(FINNISH, problem) == 'tuntematon avain "%(key)s <b>100 %"'


def test_findings_without_a_sentence_of_their_own_are_told_by_their_parts(site: Site) -> None:
    book = site.parts.book
    flaws = [
        Flaw("clock", (), None, None, Problem('unknown key "%(key)s"', key="x")),
        Flaw("weakened", ("R1",), None, None, "basis", ("soc_care",)),
        Flaw("not_proved", (), None, None, "one: more than 5 steps"),
        Flaw("not_proved", (), None, None, "two: more than 5 steps"),
        Flaw("another", (), None, None, Problem("gives nothing")),
    ]
    found = findings(Words(FINNISH, (book,)), site.parts.directory, book, flaws, UUID(int=1))
    assert [each.details for each in found] == [('tuntematon avain "x"',), (), (), ()]
    assert "oikeusperuste on kuvattu toisin: " in found[1].said
    assert found[3].said == "ei anna mitään"


def test_the_command_line_says_it_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(tmp_path / "data").items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "set.toml"
    path.write_text((config.RULES / f"{LAYER}.toml").read_text("utf-8") + MISSPELT, "utf-8")
    assert cli.main(["rules", "check", str(path)]) == 2
    assert capsys.readouterr().err == (
        'ankkuri: set.toml: rule "test-parish": when: unknown field "sektor" '
        '(did you mean "sector"?)\n'
    )


def test_texts_that_differ_nearly_everywhere_are_shown_as_one_place(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the texts were compared line by line")

    monkeypatch.setattr(texts, "SequenceMatcher", refuse)
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.begin()
    seen = dict(re.findall(r'name="(seen)" value="([^"]+)"', two.get(draft)))
    site.hands.move(minutes=1)
    lines = [f"# {number % 97} x\n# {number}\n" for number in range(2_000)]
    one.post(draft, content="# head\n" + "".join(lines))
    mine = "# head\n" + "".join(lines).replace("x", "y")
    page = two.post(draft, 409, content=mine, **seen)
    differing = page.partition("Where your text differs")[2].partition("</table>")[0]
    assert re.findall(r'<th[^>]*scope="row"[^>]*>\s*(\d+)', differing) == ["2"]
    assert "# 0 x" in differing
    assert "# 0 y" in differing
