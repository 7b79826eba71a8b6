"""Blind marks: equal where agency, kind and value are, and unrelated elsewhere."""

from __future__ import annotations

import pytest

from intake.vault.blind import BLIND_SIZE, IndexSecret, open_index_secret, seal_index_secret
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import PrivateKey, new_key_pair

SECRET = IndexSecret("soc", bytes(range(32)))


def test_equal_values_have_equal_marks_and_no_others_have() -> None:
    mark = SECRET.blind("hetu", "010516A901V")
    assert len(mark) == BLIND_SIZE
    assert mark == SECRET.blind("hetu", "010516A901V")
    others = {
        SECRET.blind("hetu", "010516A902W"),
        SECRET.blind("name_birth", "010516A901V"),
        SECRET.blind("het", "u010516A901V"),
        IndexSecret("pol", SECRET.raw).blind("hetu", "010516A901V"),
        IndexSecret.new("soc").blind("hetu", "010516A901V"),
    }
    assert len(others) == 5
    assert mark not in others


def test_the_secret_opens_with_the_agencys_key_in_its_own_place_alone() -> None:
    key = new_key_pair("soc-1")
    sealed = seal_index_secret(key, SECRET)
    assert open_index_secret(key, "soc", sealed) == SECRET
    renamed = PrivateKey("soc-2", key.raw)
    for other, agency in ((new_key_pair("soc-1"), "soc"), (renamed, "soc"), (key, "pol")):
        with pytest.raises(EnvelopeDamaged):
            open_index_secret(other, agency, sealed)
    for damaged in (sealed[:-1], sealed[:40] + b"\0" + sealed[41:], b""):
        with pytest.raises(EnvelopeDamaged):
            open_index_secret(key, "soc", damaged)


def test_the_secret_is_never_shown() -> None:
    assert "raw" not in repr(SECRET)
