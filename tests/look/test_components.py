from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.look.gallery import STATIC, TEMPLATES, gallery
from tests.look.page_faults import page_faults

ERRORS = sorted(p.stem for p in (TEMPLATES / "errors").glob("*.html") if p.stem != "frame")
PAIRS = [  # text on ground, as the style sheet uses them
    ("ink", "paper"),
    ("ink", "wash"),
    ("ink", "amber-wash"),
    ("ink", "focus"),
    ("soft", "paper"),
    ("soft", "wash"),
    ("link", "paper"),
    ("link", "wash"),
    ("blue", "blue-wash"),
    ("paper", "blue"),
    ("paper", "green"),
    ("paper", "green-dark"),
    ("green-dark", "green-wash"),
    ("paper", "red"),
    ("paper", "red-dark"),
    ("red", "paper"),
    ("amber", "amber-wash"),
]


@pytest.fixture
def client() -> FlaskClient:
    return gallery().test_client()


def typed(client: FlaskClient, **answers: object) -> str:
    """The gallery after a post: five fields are wrong whatever was typed."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").text)
    assert token
    chosen = {"csrf_token": token[1], "protected": "no", "state": "all", "order": "due"}
    return client.post("/", data={**chosen, **answers}).text


def test_every_component_is_whole_without_errors(client: FlaskClient) -> None:
    assert page_faults(client.get("/").text) == []


def test_every_component_is_whole_with_errors(client: FlaskClient) -> None:
    page = typed(client)
    assert page_faults(page) == []
    assert page.count('class="field wrong"') == 5
    assert "<title>Error: Gallery — Ankkuri</title>" in page


@pytest.mark.parametrize("name", ["name", "born", "danger", "topics", "seen"])
def test_each_error_is_linked_to_a_control_and_told_beside_it(
    client: FlaskClient, name: str
) -> None:
    page = typed(client)
    assert f'<a href="#{name}">' in page
    assert re.search(
        rf'<(input|textarea)[^>]* id="{name}"', page.replace("<input id", "<input  id")
    )
    assert re.search(rf'aria-describedby="{name}-hint {name}-error"', page)


def test_the_summary_takes_the_focus_without_a_script(client: FlaskClient) -> None:
    assert re.search(r'<div class="summary" tabindex="-1" autofocus', typed(client))


def test_what_was_typed_comes_back_as_it_was(client: FlaskClient) -> None:
    page = typed(
        client,
        name='Aino "<b>',
        born=["31", "", "2o12"],
        danger="today",
        topics=["substances"],
        seen="\nrivi & rivi",
        passphrase="salaisuus",
    )
    assert 'value="Aino &#34;&lt;b&gt;"' in page
    assert re.findall(r'name="born"[^>]*value="([^"]*)"', page) == ["31", "", "2o12"]
    assert re.search(r'value="today"[^>]* checked', page)
    assert re.search(r'value="substances"[^>]* checked', page)
    assert not re.search(r'value="violence"[^>]* checked', page)
    assert ">\n\nrivi &amp; rivi</textarea>" in page
    assert "salaisuus" not in page


@pytest.mark.parametrize(
    ("macro", "name"),
    [
        ("text_input", "name"),
        ("textarea", "seen"),
        ("select", "state"),
        ("radios", "danger"),
        ("checkboxes", "topics"),
        ("date_input", "born"),
    ],
)
def test_a_question_can_be_the_heading_of_its_page(
    client: FlaskClient, macro: str, name: str
) -> None:
    page = client.get(f"/question/{macro}/{name}").text
    assert page_faults(page) == []
    assert '<h1 class="question">' in page


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_page_is_whole(client: FlaskClient, name: str) -> None:
    assert page_faults(client.get(f"/errors/{name}").text) == []


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "not_stored"])
def test_an_error_page_needs_nothing_but_a_language(client: FlaskClient, name: str) -> None:
    assert page_faults(client.get(f"/bare/{name}").text) == []


def test_the_page_of_a_failed_write_shows_the_text_and_sends_it_again(client: FlaskClient) -> None:
    page = client.get("/errors/not_stored").text
    assert "readonly>\n\nEnsimmäinen\nrivi &lt;b&gt;</textarea>" in page
    assert 'name="seen" value="\nEnsimmäinen\nrivi &lt;b&gt;"' in page
    assert 'name="topic" value="violence"' in page


@pytest.mark.parametrize(
    ("fault", "page"),
    [
        ("<input name='a'> has no label", '<input name="a" id="a">'),
        ("<a> points to #gone, which is not there", '<a href="#gone">x</a>'),
        ("id 'a' stands 2 times", '<p id="a"></p><p id="a"></p>'),
        ("<p> is styled inline", '<p style="color:red"></p>'),
        ("a script stands inline", "<script></script>"),
        ("<p> has onclick", '<p onclick="x"></p>'),
        ("2 <h1>", "<h1>second</h1>"),
        (
            "<img> loads https://elsewhere.example/a",
            '<img alt="" src="https://elsewhere.example/a">',
        ),
        ("</b> stands where ['i'] is open", "<b><i></b>"),
        ("<i> is never closed", "</main></body></html><i>"),
        ("radio 'r' stands outside a fieldset", '<input type="radio" name="r" aria-label="x">'),
        ("<p> is aria-describedby 'z', which is not there", '<p aria-describedby="z"></p>'),
    ],
)
def test_a_fault_in_a_page_is_found(fault: str, page: str) -> None:
    sound = (
        "<!doctype html><html lang=fi><head><title>t</title></head>"
        "<body><main><h1>h</h1>{}</main></body></html>"
    )
    assert page_faults(sound.format("")) == []
    assert fault in page_faults(sound.format(page))


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_keeps_seven_to_one_on_its_ground(text: str, ground: str) -> None:
    css = (STATIC / "ankkuri.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split("}")[0]))
    dark, light = sorted(luminance(colours[name]) for name in (text, ground))
    assert (light + 0.05) / (dark + 0.05) >= 7


def test_the_style_sheet_stays_small_and_asks_for_nothing_else() -> None:
    css = (STATIC / "ankkuri.css").read_text()
    assert len(css.encode()) < 16_000
    assert "url(" not in css
    assert "@import" not in css
