"""Whose rules a page shows: the municipality that its address names."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

from intake.domain.directory import Directory
from intake.language import Language
from intake.web.forms.fields import Choices
from routing_rules.book import Book


def places(book: Book, directory: Directory, language: Language) -> Choices:
    """Every municipality of the directory, or with rules of its own, by name."""
    names = {place: place for place in book.tables}
    names |= {each: language.text(m.name) for each, m in directory.municipalities.items()}
    return sorted(names.items(), key=lambda named: named[1])


def place_asked(offered: Choices) -> str:
    """The one that the address names, else the first."""
    known = [place for place, _ in offered]
    asked = request.args.get("municipality", "")
    return asked if asked in known or not known else known[0]


def address_kept() -> str:
    """What of the address stays when the language changes."""
    pairs = request.args.items(multi=True)
    return urlencode([(name, value) for name, value in pairs if name != "lang"])
