"""Where a command finds rules: a file, a folder, a set by its digest, or what is in force."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import config
from intake.commands.command import InputUnusable
from intake.domain.deadline import local_date
from intake.domain.rule_tables import BESIDE
from intake.parts import utc_now
from intake.services.rulebook import Rulebook, stored_rulebook
from intake.store import rules
from intake.store.database import Database, DatabaseNotReady
from routing_rules.book import VOCABULARY, Book, load_book, make_book
from routing_rules.document import read_document, read_document_file

IN_FORCE = "in-force"
_DIGEST = re.compile(r"[0-9a-f]{8,64}")


@contextmanager
def rulebook_of(settings: config.Settings) -> Iterator[Rulebook | None]:
    """The site's rulebook, None where there is no site or nothing was ever published."""
    database = Database(settings.database)
    try:
        try:
            database.require_current()
        except DatabaseNotReady:
            yield None
        else:
            yield stored_rulebook(database)
    finally:
        database.engine.dispose()


def book_of(source: str | None, at: datetime | None = None) -> Book:
    """The book that ``source`` names at an instant, now by default.

    None or "in-force": the site's, without a site that of the folder of first rules. A folder: its
    sets. A file: that set instead of the one of its id, or beside the others, of its folder if a
    vocabulary lies there, else of the site. A digest or its first 8 letters or more: that set
    instead of the one in force. Raises RulesInvalid, InputUnusable.
    """
    settings, now = config.load(), at or utc_now()
    today = local_date(now)
    path = Path(source) if source and source != IN_FORCE else None
    if path and path.is_dir():
        return load_book(path, today, BESIDE)
    if path and path.is_file() and (path.parent / f"{VOCABULARY}.toml").is_file():
        return _over_folder(path, today_of=now)
    with rulebook_of(settings) as rulebook:
        if path and not path.is_file():
            return _by_digest(str(source), rulebook, now, settings)
        if rulebook is None:
            base = load_book(settings.rules, today, BESIDE)
            if path is None:
                return base
            document = read_document_file(path)
            others = {**base.documents, document.id: document}
            return make_book(base.vocabulary, others.values(), BESIDE)
        if path is None:
            return rulebook.at(now)
        return rulebook.made_of(rulebook.edition(now).digests, [read_document_file(path)])


def _over_folder(path: Path, today_of: datetime) -> Book:
    document = read_document_file(path)
    if path.stem == VOCABULARY:
        return load_book(path.parent, local_date(today_of), BESIDE)
    book = load_book(path.parent, local_date(today_of), BESIDE)
    others = {**book.documents, document.id: document}
    return make_book(book.vocabulary, others.values(), BESIDE)


def _by_digest(
    source: str, rulebook: Rulebook | None, now: datetime, settings: config.Settings
) -> Book:
    if rulebook is None or not _DIGEST.fullmatch(source):
        raise InputUnusable(f"{source} is no file, no folder and no digest of a stored set")
    database = Database(settings.database)
    try:
        with database.read() as connection:
            found = rules.texts_by_prefix(connection, source)
    finally:
        database.engine.dispose()
    if len(found) != 1:
        raise InputUnusable(f"{len(found)} stored sets have a digest that begins with {source}")
    ((digest, (layer, text)),) = found.items()
    document = read_document(text, f"{layer} {digest[:8]}")
    return rulebook.made_of(rulebook.edition(now).digests, [document])
