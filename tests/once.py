"""What is worked out once in this process, and not again for each test's site: it comes to the
same there, and was more than half of the work of a test that asks for a page.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from intake.services import rulebook
from intake.vault.directory_key import DirectoryKey
from routing_rules import document
from routing_rules.book import Book, make_book
from routing_rules.document import Document
from routing_rules.toml_text import read_toml


class Compiled(BytecodeCache):
    """Templates."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give it its code, if it was compiled before."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep its code."""
        if bucket.code:
            self._kept[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = Compiled()
_compile = Rule.compile
_ROUTES: dict[object, tuple[dict[str, Any], FunctionType, FunctionType]] = {}
_SQL: LRUCache[Any, Any] = LRUCache(10_000)
_BOOKS: LRUCache[object, Book] = LRUCache(100)


def _route(rule: Rule) -> None:
    """What matches a route's addresses and makes them; the makers take the rule as an argument."""
    key = rule.rule, rule.subdomain, rule.host, str(rule.defaults), rule.merge_slashes
    if key not in _ROUTES:
        _compile(rule)
        made = {name: vars(rule)[name] for name in ("_parts", "_trace", "_converters", "arguments")}
        _ROUTES[key] = made, rule._build.__func__, rule._build_unknown.__func__  # type: ignore[attr-defined]  # bound methods, typed as callables
    made, build, build_unknown = _ROUTES[key]
    vars(rule).update(made)
    rule._build, rule._build_unknown = build.__get__(rule), build_unknown.__get__(rule)


def _kind(dialect: DefaultDialect) -> object:
    """What a statement is compiled for; the server is one and the same."""
    return type(dialect), dialect.paramstyle


def _is_alike(dialect: DefaultDialect, other: object) -> bool:
    return isinstance(other, DefaultDialect) and _kind(dialect) == _kind(other)


def _share_sql(engine: Engine) -> None:
    """A statement's words stand in the engine's memory by its dialect."""
    engine._compiled_cache = _SQL


def _book(vocabulary: Document, documents: Iterable[Document], beside: Any = None) -> Book:
    """Of the same texts it is the same."""
    of = list(documents)
    key = tuple((each.name, each.text) for each in (vocabulary, *of)), id(beside)
    if key not in _BOOKS:
        _BOOKS[key] = make_book(vocabulary, of, beside)
    return _BOOKS[key]


# mypy lets nobody replace a method: here it is done on purpose, in the tests' process alone, and
# each gives what the library's own gave.
Rule.compile = _route  # type: ignore[method-assign, assignment]
DefaultDialect.__hash__ = lambda self: hash(_kind(self))  # type: ignore[method-assign, arg-type]
DefaultDialect.__eq__ = _is_alike  # type: ignore[method-assign, assignment]
DefaultDialect.engine_created = _share_sql  # type: ignore[method-assign]
DirectoryKey.has_signed = lru_cache(5000)(DirectoryKey.has_signed)  # type: ignore[method-assign]
vars(document).update(read_toml=lru_cache(200)(read_toml))
vars(rulebook).update(make_book=_book)
