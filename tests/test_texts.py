"""Finnish and Swedish whole: pages, letters, errors of forms, rules, and the names of places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.lexer import TOKEN_BLOCK_BEGIN, TOKEN_BLOCK_END, TOKEN_DATA, TOKEN_NAME

import config
from intake.language import TRANSLATIONS, environment, placeholders
from tests.site import Site
from tests.web.reporter_walk import WAY, Walk, errors_in

TEMPLATES = config.PROJECT / "templates"
COMPLETE = ("fi", "sv")
NOT_WORDS = re.compile(
    r"""<[^>]*>|\b[a-z-]+="[^"]*|\{#.*?#\}|&\w+;|https?://\S+|Ankkuri""", re.DOTALL
)
SPOKEN = {"aria-label", "alt", "title", "placeholder"}
LITERAL = re.compile(r'\b([a-z-]+)="([^"{]*)"')
BILINGUAL = {  # 616/2021; the others have one name in both languages
    "Vantaa": "Vanda",
    "Kerava": "Kervo",
    "Hyvinkää": "Hyvinge",
    "Järvenpää": "Träskända",
    "Tuusula": "Tusby",
    "Pornainen": "Borgnäs",
    "Lapinjärvi": "Lappträsk",
    "Loviisa": "Lovisa",
    "Myrskylä": "Mörskom",
    "Porvoo": "Borgå",
    "Sipoo": "Sibbo",
}


def words_outside_texts(made: Environment, source: str) -> list[str]:
    """What a template says without asking the catalogue."""
    found, translated, name_next = [], False, False
    for _, token, value in made.lex(source):
        if name_next and token == TOKEN_NAME:
            translated = value == "trans" or (translated and value != "endtrans")
            name_next = False
        elif token == TOKEN_BLOCK_BEGIN:
            name_next = True
        elif token == TOKEN_BLOCK_END:
            name_next = False
        elif token == TOKEN_DATA and not translated:
            found += [text for name, text in LITERAL.findall(value) if name in SPOKEN]
            found.append(value)
    whole = "\x00".join(found)
    return re.findall(r"[^\W\d_]{2,}", NOT_WORDS.sub(" ", whole))


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.*")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_a_template_says_nothing_of_its_own(path: Path) -> None:
    source = path.read_text("utf-8")
    assert words_outside_texts(environment(TEMPLATES), source) == []


def test_words_outside_texts_would_be_found() -> None:
    made = environment(TEMPLATES)
    source = '<p>Hei</p>{% trans %}Hello{% endtrans %}<b title="Sanat">{{ _("x") }}</b>'
    assert words_outside_texts(made, source) == ["Hei", "Sanat"]


@cache
def catalogue(code: str) -> Any:
    with (TRANSLATIONS / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


@pytest.mark.parametrize("code", COMPLETE)
def test_nothing_is_fuzzy_and_every_placeholder_is_there(code: str) -> None:
    for message in catalogue(code):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        given = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in said:
            assert placeholders(text) == placeholders(given[-1]), message.id


@pytest.mark.parametrize("code", COMPLETE)
def test_every_error_of_the_report_is_said_in_the_readers_language(site: Site, code: str) -> None:
    spoken = [
        re.compile(re.sub(r"%%|%\\\(\w+\\\)[sd]", ".+", re.escape(text)), re.DOTALL)
        for message in catalogue(code)
        for text in (message.string if isinstance(message.string, tuple) else (message.string,))
        if text
    ]
    client = site.client()
    client.set_cookie("ankkuri_language", code)
    walk = Walk(client)
    seen = set()
    for name in WAY:
        for garbage in ("", "x" * 20_001, "-1", "31.2.2026", "010101-123"):
            if name != "who":
                walk.post("/report/who", WAY["who"])
            answers = {
                field: [garbage] * 3 if isinstance(value, list) else garbage
                for field, value in WAY[name].items()
            }
            page = client.get(f"/report/{name}").text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            assert token, name
            answer = client.post(f"/report/{name}", data=answers | {"csrf_token": token[1]})
            seen |= set(errors_in(answer.text))
    assert len(seen) > 15, "too few errors to prove anything"
    assert [text for text in seen if not any(each.fullmatch(text) for each in spoken)] == []


def texts_in(content: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text that data carries in its languages, and where."""
    if isinstance(content, Mapping):
        if "fi" in content:
            yield place, content
            return
        for key, value in content.items():
            yield from texts_in(value, f"{place}.{key}")
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from texts_in(value, f"{place}[{number}]")


@pytest.mark.parametrize(
    "path",
    [config.RULES / "finland.toml", config.RULES / "ita-uusimaa.toml", config.DIRECTORY],
    ids=lambda path: path.name,
)
def test_data_says_every_name_title_and_reason_in_both_languages(path: Path) -> None:
    texts = list(texts_in(tomllib.loads(path.read_text("utf-8"))))
    assert len(texts) > 20
    for place, text in texts:
        for code in COMPLETE:
            assert text.get(code, "").strip(), f"{place} says nothing in {code}"
            assert not placeholders(text[code]), place


def test_municipalities_have_their_names_in_both_languages(site: Site) -> None:
    names = [each.name for each in site.parts.directory.municipalities.values()]
    assert len(names) == 15
    for name in names:
        assert name["sv"] == BILINGUAL.get(name["fi"], name["fi"])
