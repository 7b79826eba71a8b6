"""The reader's language: texts, dates and numbers in Finnish, Swedish or English.

Texts are written in English in the code and the templates and looked up in compiled gettext
catalogues. The language is always an argument, never read from a request, so that pages and
letters say the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from intake.domain.message import Message

LANGUAGES: Mapping[str, str] = MappingProxyType({"fi": "suomi", "sv": "svenska", "en": "English"})
"""Code of each language, in the order offered, and its own name for itself."""

DEFAULT = "fi"
SOURCE = "en"
TRANSLATIONS = Path(__file__).parent / "translations"
HELSINKI = ZoneInfo("Europe/Helsinki")

_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
_LOCALES = {"fi": "fi_FI", "sv": "sv_FI", "en": "en_GB"}
_DATES = {"fi": "ccc d.M.y", "sv": "ccc d.M.y", "en": "ccc d MMMM y"}
_TIMES = {"fi": "klo {0.hour}.{0:%M}", "sv": "kl. {0.hour}.{0:%M}", "en": "at {0:%H:%M}"}


class LanguageUnknown(ValueError):
    """The service does not speak this language."""


class CataloguesMissing(RuntimeError):
    """The texts of a language have not been compiled."""


class CatalogueBroken(ValueError):
    """A translation cannot be used; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LanguageNotGiven(RuntimeError):
    """A template speaks without having been told in which language."""


@cache
def _catalogue(code: str, translations: Path) -> NullTranslations:
    if code == SOURCE:
        return NullTranslations()
    path = translations / code / "LC_MESSAGES" / "messages.mo"
    try:
        with path.open("rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError:
        raise CataloguesMissing(
            f"the texts of language {code!r} are not compiled: run `make install`"
        ) from None


class Language:
    """One language of `LANGUAGES`: everything that a page or a letter says goes through it.

    Raises `LanguageUnknown` for another code and `CataloguesMissing` before `make install`.
    """

    def __init__(self, code: str, translations: Path = TRANSLATIONS) -> None:
        if code not in LANGUAGES:
            raise LanguageUnknown(f"no language {code!r}; there are {', '.join(LANGUAGES)}")
        self.code = code
        self.name = LANGUAGES[code]
        self.catalogue = _catalogue(code, translations)

    def gettext(self, text: str, /, **params: object) -> str:
        """The English `text` in this language, `%(name)s` filled in; `%%` is a per cent sign."""
        return self.catalogue.gettext(text) % params if text else ""

    def ngettext(self, one: str, many: str, n: int, /, **params: object) -> str:
        """`one` or `many` as the language counts `n`; `%(num)s` is `n`."""
        return self.catalogue.ngettext(one, many, n) % {"num": n, **params}

    def message(self, message: Message) -> str:
        """The text of a `Message`. Dates, instants, messages and fi/sv/en texts in its parameters
        are said in this language too; other values stand as they are.
        """
        return self.gettext(
            message.key, **{name: self._said(value) for name, value in message.params.items()}
        )

    def _said(self, value: object) -> object:
        match value:
            case Message():
                return self.message(value)
            case datetime():
                return self.date_and_time(value)
            case date():
                return self.date(value)
            case Mapping():
                return self.text(value)
        return value

    def text(self, texts: Mapping[str, str]) -> str:
        """This language's text of data that carries its own (`fi`, `sv`, `en`), or the Finnish."""
        return texts.get(self.code) or texts[DEFAULT]

    def date(self, day: date) -> str:
        """A day with its weekday: ti 2.6.2026. An aware instant gives its day in Helsinki."""
        if isinstance(day, datetime):
            day = _in_helsinki(day).date()
        return _day(self.code, day)

    def date_and_time(self, at: datetime) -> str:
        """An aware instant on Helsinki's clocks: ti 2.6.2026 klo 10.42."""
        return _instant(self.code, _in_helsinki(at))

    def number(self, number: int | float | Decimal) -> str:
        """A number with the language's own separators: 12 345,5."""
        return format_decimal(number, locale=_LOCALES[self.code])


@lru_cache(maxsize=4096)
def _day(code: str, day: date) -> str:
    """A list says the same few days again and again, and Babel takes its time for each."""
    return format_date(day, _DATES[code], locale=_LOCALES[code])


@lru_cache(maxsize=4096)
def _instant(code: str, local: datetime) -> str:
    return f"{_day(code, local.date())} {_TIMES[code].format(local)}"


def _in_helsinki(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("an instant needs its time zone")
    return at.astimezone(HELSINKI)


def _language_of(context: Context) -> Language:
    language = context.get("language")
    if not isinstance(language, Language):
        raise LanguageNotGiven(
            f"{context.name} has no `language`: render it with one; import macros `with context`"
        )
    return language


@pass_context
def _gettext(context: Context, text: str) -> str:
    return _language_of(context).catalogue.gettext(text)


@pass_context
def _ngettext(context: Context, one: str, many: str, n: int) -> str:
    return _language_of(context).catalogue.ngettext(one, many, n)


def install(environment: Environment) -> None:
    """Let templates speak the language given to them as `language`; one environment serves all.

    Call it before the first template is loaded: it also sets how blocks trim their lines.
    """
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        _gettext, _ngettext, newstyle=True
    )


def environment(templates: Path) -> Environment:
    """A Jinja environment outside any web application, for letters; `.html` is escaped."""
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    install(made)
    return made


def compile_catalogues(translations: Path = TRANSLATIONS) -> list[Path]:
    """Compile each `messages.po` beside itself; returns the files written.

    Raises `CatalogueBroken` when a translation's placeholders differ from its source's, and
    writes nothing then.
    """
    catalogues, problems = [], []
    for source in sorted(translations.glob("*/LC_MESSAGES/messages.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
        catalogues.append((source.with_suffix(".mo"), catalogue))
        for message, errors in catalogue.check():
            problems += [f"{source}:{message.lineno}: {error}" for error in errors]
        for message in catalogue:
            problems += [f"{source}:{message.lineno}: {error}" for error in _strayed(message)]
    if problems:
        raise CatalogueBroken(problems)
    for target, catalogue in catalogues:
        with target.open("wb") as file:
            write_mo(file, catalogue)
    return [target for target, _ in catalogues]


def placeholders(text: str) -> list[str]:
    """What a text has filled in, such as ``%(at)s``, in an order of their own."""
    return sorted(_PLACEHOLDER.findall(text))


def _strayed(message: Any) -> Iterator[str]:
    """Babel's own check lets a translation leave a placeholder out."""
    ids, said = (
        each if isinstance(each, tuple) else (each,) for each in (message.id, message.string)
    )
    for text in said:
        if message.id and text and placeholders(text) != placeholders(ids[-1]):
            yield f"{text!r} fills in other things than {ids[-1]!r}"


def main(arguments: list[str]) -> int:
    """`python -m intake.language compile`."""
    if arguments != ["compile"]:
        sys.stderr.write("usage: python -m intake.language compile\n")
        return 2
    try:
        compile_catalogues()
    except CatalogueBroken as broken:
        sys.stderr.write(f"{broken}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
