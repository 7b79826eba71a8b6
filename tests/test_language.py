from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import DictLoader

from intake.domain.message import Message
from intake.language import (
    LANGUAGES,
    TRANSLATIONS,
    CatalogueBroken,
    CataloguesMissing,
    Language,
    LanguageNotGiven,
    LanguageUnknown,
    compile_catalogues,
    environment,
    main,
)
from intake.web.keyed.words import INSTEAD

ROOT = TRANSLATIONS.parent.parent
PARAMETER = re.compile(r"%\(\w+\)s")
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
FINNISH = (
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    'msgid "Send"\nmsgstr "Lähetä"\n\n'
    'msgid "Stored %(at)s"\nmsgstr "Tallennettu %(at)s"\n\n'
    'msgid "opened"\nmsgstr "avattu"\n\n'
    'msgid "%(num)s report"\nmsgid_plural "%(num)s reports"\n'
    'msgstr[0] "%(num)s ilmoitus"\nmsgstr[1] "%(num)s ilmoitusta"\n'
)


@pytest.fixture
def translations(tmp_path: Path) -> Path:
    """Finnish and an empty Swedish catalogue, compiled."""
    for code, texts in (("fi", FINNISH), ("sv", "")):
        folder = tmp_path / code / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "messages.po").write_text(HEADER + texts)
    compile_catalogues(tmp_path)
    return tmp_path


@pytest.fixture
def finnish(translations: Path) -> Language:
    return Language("fi", translations)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("fi", "ti 2.6.2026 klo 10.42"),
        ("sv", "tis 2.6.2026 kl. 10.42"),
        ("en", "Tue 2 June 2026 at 10:42"),
    ],
)
def test_an_instant_is_said_on_helsinkis_clocks(translations: Path, code: str, said: str) -> None:
    at = datetime(2026, 6, 2, 7, 42, tzinfo=UTC)
    assert Language(code, translations).date_and_time(at) == said


def test_a_winter_evening_in_utc_is_the_next_day_in_helsinki(finnish: Language) -> None:
    at = datetime(2026, 12, 31, 22, 5, tzinfo=UTC)
    assert finnish.date_and_time(at) == "pe 1.1.2027 klo 0.05"
    assert finnish.date(at) == "pe 1.1.2027"


def test_an_instant_without_a_time_zone_is_refused(finnish: Language) -> None:
    naive = datetime(2026, 6, 2, 10, 42, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        finnish.date_and_time(naive)
    with pytest.raises(ValueError, match="time zone"):
        finnish.date(naive)


@pytest.mark.parametrize(
    ("code", "said"), [("fi", "12\xa0345,5"), ("sv", "12\xa0345,5"), ("en", "12,345.5")]
)
def test_a_number_has_the_languages_separators(translations: Path, code: str, said: str) -> None:
    assert Language(code, translations).number(12345.5) == said


def test_a_message_says_its_parameters_in_the_language_too(finnish: Language) -> None:
    at = datetime(2026, 6, 2, 7, 42, tzinfo=UTC)
    assert finnish.message(Message("Stored %(at)s", {"at": at})) == (
        "Tallennettu ti 2.6.2026 klo 10.42"
    )
    for value, said in [
        (date(2026, 6, 2), "ti 2.6.2026"),
        (Message("opened"), "avattu"),
        ({"fi": "Vantaa", "sv": "Vanda"}, "Vantaa"),
        (2026, "2026"),
        ("50 %", "50 %"),
    ]:
        assert finnish.message(Message("Stored %(at)s", {"at": value})) == f"Tallennettu {said}"


def test_two_per_cent_signs_are_one_with_and_without_parameters(finnish: Language) -> None:
    assert finnish.message(Message("100 %%")) == "100 %"
    assert finnish.gettext("%(n)s %%", n=5) == "5 %"


def test_data_without_the_language_is_said_in_finnish(translations: Path) -> None:
    swedish = Language("sv", translations)
    assert swedish.text({"fi": "Pukkila", "sv": ""}) == "Pukkila"
    assert swedish.text({"fi": "Sipoo", "sv": "Sibbo"}) == "Sibbo"


def test_plurals_count(finnish: Language) -> None:
    assert finnish.ngettext("%(num)s report", "%(num)s reports", 1) == "1 ilmoitus"
    assert finnish.ngettext("%(num)s report", "%(num)s reports", 3) == "3 ilmoitusta"


def test_no_text_has_no_translation(finnish: Language) -> None:
    assert finnish.gettext("") == ""


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(LanguageUnknown, match="fi, sv, en"):
        Language("de")


def test_an_uncompiled_language_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CataloguesMissing, match="make install"):
        Language("sv", tmp_path)


def test_english_needs_no_catalogue(tmp_path: Path) -> None:
    assert Language("en", tmp_path).gettext("Send") == "Send"


def test_one_environment_speaks_to_each_reader_in_turn(translations: Path) -> None:
    made = environment(translations)
    made.loader = DictLoader(
        {
            "page.html": '{% import "part.html" as part with context %}{{ part.said(name) }}',
            "part.html": '{% macro said(at) %}{{ _("Stored %(at)s", at=at) }}{% endmacro %}',
            "letter.txt": '{{ _("Stored %(at)s", at=name) }}\n'
            "{% trans num=2 %}{{ num }} report{% pluralize %}{{ num }} reports{% endtrans %}\n",
        }
    )
    page, letter = made.get_template("page.html"), made.get_template("letter.txt")
    for code, text in (("fi", "Tallennettu"), ("en", "Stored"), ("fi", "Tallennettu")):
        language = Language(code, translations)
        assert page.render(language=language, name="<b>") == f"{text} &lt;b&gt;"
        assert letter.render(language=language, name="<b>").startswith(f"{text} <b>\n2 ")


def test_a_template_without_a_language_says_so(translations: Path) -> None:
    made = environment(translations)
    made.loader = DictLoader(
        {
            "page.html": '{% import "part.html" as part %}{{ part.said() }}',
            "part.html": '{% macro said() %}{{ _("Send") }}{% endmacro %}',
        }
    )
    with pytest.raises(LanguageNotGiven, match="with context"):
        made.get_template("page.html").render(language=Language("fi", translations))


def test_a_translation_that_lost_a_placeholder_is_not_compiled(tmp_path: Path) -> None:
    folder = tmp_path / "fi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    broken = '\n#, python-format\nmsgid "Stored %(at)s"\nmsgstr "Tallennettu %(kun)s"\n'
    (folder / "messages.po").write_text(HEADER + broken)
    with pytest.raises(CatalogueBroken) as refused:
        compile_catalogues(tmp_path)
    assert refused.value.problems
    assert not (folder / "messages.mo").exists()


def test_a_translation_that_leaves_a_placeholder_out_is_not_compiled(tmp_path: Path) -> None:
    folder = tmp_path / "fi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(HEADER + '\nmsgid "Stored %(at)s"\nmsgstr "Tallennettu"\n')
    with pytest.raises(CatalogueBroken, match="fills in other things"):
        compile_catalogues(tmp_path)


def test_the_command_line_knows_one_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate"]) == 2
    assert "compile" in capsys.readouterr().err


def texts_of_the_service() -> Iterator[tuple[str, str]]:
    """Where each text stands, and the text."""
    with (ROOT / "babel.cfg").open() as file:
        # Babel says no types of this function.
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {**DEFAULT_KEYWORDS, "mark": None, "Message": None}
    for name, line, text, _comments, _context in extract_from_dir(
        str(ROOT), methods, options, keywords
    ):
        yield f"{name}:{line}", text[0] if isinstance(text, tuple) else text


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_text_of_the_service_is_translated(code: str) -> None:
    source = TRANSLATIONS / code / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as file:
        catalogue = read_po(file, locale=code)
    asked, missing = list(texts_of_the_service()), []
    assert len(asked) > 1000
    for place, key in asked:
        message = catalogue.get(key)
        said = (message and message.string) or ""
        forms = (said,) if isinstance(said, str) else said  # of a number: one, and several
        if message is None or message.fuzzy or not all(forms):
            missing.append(f"{place}: {key}")
    assert missing == []


def test_what_staff_read_instead_takes_the_place_of_a_text_that_is_there() -> None:
    texts = {text for _place, text in texts_of_the_service()}
    assert set(INSTEAD) <= texts
    for said, told in INSTEAD.items():
        assert PARAMETER.findall(said) == PARAMETER.findall(told)
