"""An entry's text never varies, and a role counts only as far as its entry goes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.entry import (
    LONGEST,
    EntryUnreadable,
    KeyEntry,
    RoleEntry,
    fingerprint,
    last_day,
)

DAY = date(2026, 6, 2)
ROLE = RoleEntry(
    membership=UUID(int=1),
    person=UUID(int=2),
    person_key=fingerprint(b"key"),
    role="worker",
    agency="pol-office",
    controller=None,
    valid_from=DAY,
    valid_to=DAY + timedelta(days=30),
    until=DAY + timedelta(days=30),
)
KEY = KeyEntry("pol-office-1", "pol-office", "POL", "police", fingerprint(b"key"))
names = st.text(max_size=20)
keys = st.builds(KeyEntry, names, names, names, names, names, st.integers(0, 10**6))
roles = st.builds(
    RoleEntry,
    membership=st.uuids(),
    person=st.uuids(),
    person_key=names,
    role=names,
    agency=st.none() | names,
    controller=st.none() | names,
    valid_from=st.dates(),
    valid_to=st.none() | st.dates(),
    until=st.dates(),
)


@given(keys, roles)
def test_a_text_is_read_back_as_it_was_written_and_as_no_other_kind(
    key: KeyEntry, role: RoleEntry
) -> None:
    assert KeyEntry.parse(key.body()) == key
    assert RoleEntry.parse(role.body()) == role
    with pytest.raises(EntryUnreadable):
        RoleEntry.parse(key.body())
    with pytest.raises(EntryUnreadable):
        KeyEntry.parse(role.body())


@given(roles, roles)
def test_different_roles_have_different_texts(one: RoleEntry, other: RoleEntry) -> None:
    assert (one == other) == (one.body() == other.body())


def test_the_texts_never_change() -> None:
    assert KEY.body() == (
        '{"format":"ankkuri-directory-1","kind":"agency_key","agency":"pol-office",'
        '"agency_kind":"POL","controller":"police","key":"pol-office-1","public_key":'
        '"2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"}'
    )
    numbered = replace(KEY, number=2).body()
    assert numbered == KEY.body().replace(',"public_key"', ',"number":"2","public_key"')
    assert list(json.loads(ROLE.body())) == [
        *("format", "kind", "agency", "controller", "membership", "person", "person_key"),
        *("role", "until", "valid_from", "valid_to"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", "{}", ROLE.body() + " ", ROLE.body().replace(":", ": ")),
        ROLE.body().replace("ankkuri-directory-1", "ankkuri-directory-2"),
        ROLE.body().replace('"role"', '"more":"","role"'),
        ROLE.body().replace("2026-06-02", "20260602"),
        ROLE.body().replace(',"role":"worker"', ""),
    ],
)
def test_a_text_written_otherwise_is_none(text: str) -> None:
    with pytest.raises(EntryUnreadable):
        RoleEntry.parse(text)


@pytest.mark.parametrize("number", ["", "0", "02", "2 ", "two", "2.0"])
def test_a_keys_number_is_written_in_one_way(number: str) -> None:
    text = KEY.body().replace(',"public_key"', f',"number":"{number}","public_key"')
    with pytest.raises(EntryUnreadable):
        KeyEntry.parse(text)


def test_a_key_is_covered_whatever_its_number_while_nothing_else_differs() -> None:
    signed = replace(KEY, number=3)
    assert signed.covers(KEY)
    for other in (
        replace(KEY, key="pol-office-2"),
        replace(KEY, agency="soc-office"),
        replace(KEY, agency_kind="SOC"),
        replace(KEY, controller="county"),
        replace(KEY, public_key=fingerprint(b"other")),
    ):
        assert not signed.covers(other), other


def test_a_role_is_covered_while_nothing_but_an_earlier_end_differs() -> None:
    assert ROLE.covers(ROLE)
    assert ROLE.covers(replace(ROLE, valid_to=DAY))
    for changed in (
        {"valid_to": None},
        {"valid_to": DAY + timedelta(days=31)},
        {"valid_from": DAY - timedelta(days=1)},
        {"valid_from": DAY + timedelta(days=1)},
        {"role": "head"},
        {"agency": "soc-office"},
        {"controller": "police"},
        {"person": UUID(int=3)},
        {"membership": UUID(int=3)},
        {"person_key": fingerprint(b"other")},
    ):
        assert not ROLE.covers(replace(ROLE, **changed)), changed
    without_end = replace(ROLE, valid_to=None)
    assert without_end.covers(ROLE)
    assert without_end.covers(without_end)


def test_an_entry_counts_to_the_roles_last_day_and_for_400_days_at_most() -> None:
    soon, far = DAY + timedelta(days=9), DAY + timedelta(days=999)
    assert last_day(DAY, soon, DAY) == soon
    assert last_day(DAY, far, DAY) == last_day(DAY, None, DAY) == DAY + LONGEST
    assert last_day(DAY - timedelta(days=900), None, DAY) == DAY + LONGEST
    assert last_day(soon, None, DAY) == soon + LONGEST
