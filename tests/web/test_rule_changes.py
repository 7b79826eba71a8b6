"""What a draft would change, and what it would have done: in words, with small numbers hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import REPLAY_PRIVATE
from intake.services.past import Past
from tests.site import Site, worry_answers
from tests.web.rule_desk import PARISH, WORD, Editor, changed, in_force
from tests.web.test_rule_drafts import links


def of_a_parish(site: Site, count: int) -> None:
    for _ in range(count):
        site.send(worry_answers(reporter={"sector": "parish"}))


def test_every_change_is_told_in_words(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    page = one.get(f"{draft}/difference")
    for told in (
        "Gets it: Police",
        "No → Yes",
        "Main topic:",
        "Lack of care",
        "Parish or religious community",
        "of all possible facts",
        "Written otherwise",
        "Parish: police",
        "added",
    ):
        assert told in page, told
    for code in ("sector", "neglect", "SOC", "recipients"):
        assert f">{code}" not in page
        assert f" {code} " not in page
    assert next(links(page))["sector"] == ["parish"]
    for language in ("fi", "sv"):
        one.client.set_cookie("ankkuri_language", language)
        assert "Written otherwise" not in one.get(f"{draft}/difference")


def test_words_alone_change_no_report(site: Site) -> None:
    one = Editor(site)
    draft = one.drafted(changed(site))
    page = one.get(f"{draft}/difference")
    assert "No report would be decided otherwise." in page
    assert "Written otherwise" in page
    assert "today" in page
    page = one.get(f"{one.begin()}/difference")
    assert "Nothing: no report would be decided otherwise" in page


def test_the_impact_counts_who_gains(site: Site) -> None:
    of_a_parish(site, 6)
    site.send()
    one = Editor(site)
    draft = one.drafted(in_force(site) + PARISH)
    page = one.get(f"{draft}/impact?newest=500")
    assert "6 of the last 7 would move" in page
    gains = page.partition("Who gains, who loses")[2].partition("</table>")[0]
    assert "Police" in gains
    assert ">6<" in gains
    assert ">0<" in gains
    load = page.partition("Reports of each agency")[2].partition("</table>")[0]
    assert "<svg" in load
    assert ">7<" in load
    for told in ("Kaisla", "neglect", "eväitä"):
        assert told not in page


def test_small_numbers_of_the_impact_are_hidden(site: Site) -> None:
    of_a_parish(site, 3)
    one = Editor(site)
    page = one.get(f"{one.drafted(in_force(site) + PARISH)}/impact")
    assert "&lt;5 of the last" in page
    assert ">3<" not in page


@pytest.mark.parametrize("asked", ["1", "-1", "x", "499", ""])
def test_single_reports_cannot_be_asked_for(site: Site, asked: str) -> None:
    one = Editor(site)
    page = one.get(f"{one.begin()}/impact?newest={asked}")
    assert '<option value="500" selected>' in page


def test_without_the_replay_key_the_page_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path(site.parts.settings.keys) / REPLAY_PRIVATE).unlink()
    monkeypatch.setattr(Past, "kept", None)
    one = Editor(site)
    page = one.get(f"{one.drafted(changed(site, WORD, 'x'))}/impact")
    assert "is not kept where this page is served" in page


def test_every_page_of_the_desk_is_whole_in_every_language(site: Site) -> None:
    of_a_parish(site, 6)
    one, two = Editor(site), Editor(site, "rules-2")
    draft = one.proposed(in_force(site) + PARISH)
    faulty = one.drafted(changed(site, 'then = { lead = "PRI" }', 'then = { lead = "YOU" }'))
    for language in ("fi", "sv", "en"):
        for editor in (one, two):
            editor.client.set_cookie("ankkuri_language", language)
            for path in ("/rules/sets", draft, faulty):
                editor.get(path)
            for name in ("propose", "publish", "throw-away", "difference", "impact"):
                editor.get(f"{draft}/{name}")
