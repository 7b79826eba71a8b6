"""Whatever comes from outside, its reader takes it or refuses it by its own error, and no other."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import config
from intake.domain.calendar import SCHOOL_CALENDAR, load_calendar
from intake.domain.clock import ClockInvalid
from intake.domain.clock_file import read_clocks
from intake.domain.deadline import ArrivalUnreadable, parse_arrival
from intake.domain.directory_file import DirectoryInvalid, directory_from, read_tables
from intake.domain.half_year import Period, PeriodUnknown
from intake.domain.school_year import SchoolCalendarInvalid
from intake.services.amend import Stored
from intake.services.backup_file import BackupDamaged, BackupFile, BackupUnusable
from intake.services.list_deletions import ListUnreadable, read_list
from intake.services.register import RegisterUnreadable, compare, text_of
from intake.store.deletions import Deletion, DeletionUnreadable
from intake.vault.backup import StreamSealer, new_backup_key
from intake.vault.keyring import DeviceSecret, InvitationSecret, SessionSecret
from intake.vault.own import CodeMistyped, CookieUnusable, ReceiptCode, VisitorSecret
from intake.vault.recovery import RecoveryCode
from intake.vault.totp import TotpSecret
from intake.vault.words import are_words_of

SET = settings(
    deadline=None,
    derandomize=True,
    max_examples=200,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
TEXT = st.text(st.characters(codec=None), max_size=100)
"""Any characters, lone surrogates and NUL among them."""
LIKE_ONE = st.text("0123456789-:+.TZ ٣２²½é\0", max_size=40)
"""Figures of other scripts, which ``str.isdigit`` takes and ``int`` may not."""
ODD = ("", "\0", "\ud800", "\u202e", "٣" * 24, "9" * 5000, "-1", "²" * 4, "ä" * 5000)
JUNK = st.one_of(
    TEXT,
    st.sampled_from(ODD),
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.lists(TEXT, max_size=2),
    st.dictionaries(TEXT, TEXT, max_size=2),
)


LINES = st.one_of(st.binary(max_size=60), JUNK.map(lambda junk: json.dumps(junk).encode()))


def odd(test: Any) -> Any:
    """The texts that have been trouble elsewhere, each time."""
    for text in ODD:
        test = example(text=text)(test)
    return test


class Never(Exception):
    """Raised by nothing."""


APP, NOON = TotpSecret.new(), datetime(2026, 6, 2, 12, tzinfo=UTC)
READERS: dict[str, tuple[Callable[[str], object], type[Exception]]] = {
    "receipt code": (ReceiptCode.parse, CodeMistyped),
    "reporter's cookie": (VisitorSecret.parse, CookieUnusable),
    "session's cookie": (SessionSecret.parse, CookieUnusable),
    "invitation's link": (InvitationSecret.parse, CookieUnusable),
    "browser's cookie": (DeviceSecret.parse, CookieUnusable),
    "recovery code": (RecoveryCode.parse, CodeMistyped),
    "app's code": (lambda text: APP.step_of(text, NOON), Never),
    "words of a key": (lambda text: are_words_of(text, "00" * 32), Never),
    "arrival": (parse_arrival, ArrivalUnreadable),
    "half-year": (Period.read, PeriodUnknown),
}


@pytest.mark.parametrize("name", READERS)
@SET
@given(text=st.one_of(TEXT, LIKE_ONE))
@odd
@example(text="7K3M-2QXD-9F4T-H8WB-5RNC-1PZE")
@example(text="2026-06-02T10:42")
@example(text="9999-12-31T23:59")
@example(text="0001-01-01")
@example(text="2026-10-25T03:30")
@example(text="A" * 43)
def test_a_text_is_read_or_refused(name: str, text: str) -> None:
    read, refusal = READERS[name]
    with suppress(refusal):
        read(text)


def garbled(text: str) -> st.SearchStrategy[str]:
    """A good file with a piece of it left out, doubled, or in the place of another."""

    def cut(at: int, size: int, put: str) -> str:
        return text[:at] + put + text[at + size :]

    places = st.integers(0, len(text))
    pieces = st.one_of(TEXT, places.map(lambda at: text[at : at + 80]))
    return st.builds(cut, places, st.integers(0, 60), pieces)


HOLIDAYS = SCHOOL_CALENDAR.read_text("utf-8")
CLOCKS = """
[[clock]]
id = "accept"
length = { working_days = 2 }
title = { fi = "a", sv = "b", en = "c" }
law = "x"
"""
DIRECTORY = config.DIRECTORY.read_text("utf-8")
FILES: dict[str, tuple[str, Callable[[Path], object], type[Exception]]] = {
    "calendar": (HOLIDAYS, load_calendar, SchoolCalendarInvalid),
    "clocks": (CLOCKS, read_clocks, ClockInvalid),
    "directory": (
        DIRECTORY,
        lambda path: directory_from(read_tables(path)),
        DirectoryInvalid,
    ),
}


@pytest.mark.parametrize("name", FILES)
@settings(SET, max_examples=40)
@given(data=st.data())
def test_a_file_that_was_garbled_is_read_or_refused(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    good, read, refusal = FILES[name]
    path = tmp_path / "file.toml"
    path.write_text(data.draw(garbled(good)), "utf-8", errors="surrogatepass")
    with suppress(refusal):
        read(path)


@pytest.mark.parametrize("name", FILES)
@settings(SET, max_examples=60)
@given(content=st.binary(max_size=300))
@example(content=b"\xff\xfe")
@example(content=b"\xef\xbb\xbfa = 1")
@example(content=b"a = " + b"[" * 5000)
@example(content=b"[[clock]]\nid = 1\n[[school_year]]\n[[holiday]]\n[[agency]]\n")
@example(content=b"clock = [{}]\nschool_year = 1\nholiday = [1]\nagency = {}\n")
def test_any_file_is_read_or_refused(name: str, content: bytes, tmp_path: Path) -> None:
    _, read, refusal = FILES[name]
    path = tmp_path / "file.toml"
    path.write_bytes(content)
    with suppress(refusal):
        read(path)


TABLES: dict[str, Any] = tomllib.loads(DIRECTORY)


@settings(SET, max_examples=80)
@given(data=st.data(), junk=JUNK)
def test_a_directory_with_any_value_anywhere_is_read_or_refused(
    data: st.DataObject, junk: Any
) -> None:
    tables = deepcopy(TABLES)
    name = data.draw(st.sampled_from(sorted(tables)))
    if isinstance(tables[name], list):
        entry = tables[name][data.draw(st.integers(0, len(tables[name]) - 1))]
        entry[data.draw(st.sampled_from(sorted(entry)))] = junk
    else:
        tables[name] = junk
    with suppress(DirectoryInvalid):
        directory_from(tables)


STORED = Stored(TABLES, directory_from(TABLES))
REGISTER = "name_fi;municipality;language\nTikkukiven koulu;vantaa;fi\n"


@settings(SET, max_examples=100)
@given(
    content=st.one_of(
        st.binary(max_size=300), garbled(REGISTER).map(lambda t: t.encode("utf-8", "replace"))
    )
)
@example(content=b'name_fi,municipality\n"a')
@example(content=b"name_fi;municipality;language\n" + b"a" * 200_000 + b";vantaa;fi\n")
@example(content=b"name_fi;municipality;language\na\0b;vantaa;fi\n")
@example(content=b"[[school]]\nname_fi = 1\n")
@example(content=b"[[school]]\n" + b"a = " + b"[" * 5000)
def test_a_register_of_schools_is_read_or_refused(content: bytes) -> None:
    with suppress(RegisterUnreadable):
        compare(text_of(content), STORED, frozenset({"municipality-vantaa"}))


@SET
@given(
    entry=st.one_of(
        JUNK,
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(("id", "of_table", "of_row", "of_column", "value", "at"), JUNK),
        ),
    )
)
@example(entry={"id": "x", "of_table": [], "of_row": 1, "of_column": None, "value": 1, "at": "x"})
@example(
    entry={
        "id": "00000000-0000-0000-0000-000000000001",
        "of_table": "person",
        "of_row": ["\0"],
        "of_column": "email",
        "value": "\ud800",
        "at": "2026-06-02T00:00:00+00:00",
    }
)
def test_an_entry_of_the_deletions_is_read_or_refused(entry: Any) -> None:
    with suppress(DeletionUnreadable):
        Deletion.parse(entry)


@settings(SET, max_examples=100)
@given(
    lines=st.lists(st.one_of(st.binary(max_size=60), JUNK.map(lambda j: json.dumps(j).encode())))
)
@example(lines=[b"[" * 100_000, b""])
def test_a_list_of_deletions_is_read_or_refused(lines: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "deletions"
    path.write_bytes(b"\n".join([*lines, b""]))
    with suppress(ListUnreadable):
        read_list(path)


KEY = new_backup_key()


@settings(SET, max_examples=100)
@given(
    lines=st.lists(LINES, max_size=5),
    sealed=st.booleans(),
)
@example(lines=[b"{}"], sealed=True)
@example(lines=[b'{"parts": [1]}'], sealed=True)
@example(lines=[b"[" * 100_000], sealed=True)
def test_a_backup_is_read_or_refused_also_one_that_anybody_sealed(
    lines: list[bytes], sealed: bool, tmp_path: Path
) -> None:
    content, path = b"\n".join([*lines, b""]), tmp_path / "backup"
    if sealed:
        out = io.BytesIO()
        sealer = StreamSealer(KEY.public(), out.write)
        sealer.add(content)
        sealer.finish()
        content = out.getvalue()
    path.write_bytes(content)
    with suppress(BackupDamaged, BackupUnusable):
        BackupFile(path, KEY).read(lambda _part, _lines: None)
