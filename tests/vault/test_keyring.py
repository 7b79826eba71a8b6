from __future__ import annotations

import unicodedata
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from intake.vault import passphrase
from intake.vault.envelope import EnvelopeDamaged, context
from intake.vault.keyring import (
    PassphraseWrong,
    PrivateKey,
    SessionSecret,
    grant,
    keyed_secret,
    lock_person_key,
    new_key_pair,
    open_grant,
    open_person_key,
    seal_person_key,
    unlock_nobody,
    unlock_person_key,
)
from intake.vault.own import CookieUnusable, VisitorSecret, open_draft, seal_draft
from intake.vault.passphrase import PRODUCTION, Cost
from intake.vault.seal import KeyUnusable
from tests.vault.invented import (
    AGENCY,
    CHEAP,
    OTHER_AGENCY,
    OTHER_PERSON,
    PASSPHRASE,
    PEPPER,
    PERSON,
    PERSON_KEY,
)

LOCKED = lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP)


def test_a_private_key_is_its_id_and_96_bytes() -> None:
    assert PrivateKey("agency-1", AGENCY.raw) == AGENCY
    assert len(AGENCY.raw) == 96
    assert len(AGENCY.public().raw) == 1216
    assert AGENCY.public().key_id == "agency-1"
    for size in (0, 95, 97):
        with pytest.raises(KeyUnusable):
            PrivateKey("agency-1", bytes(size))


def test_new_keys_differ() -> None:
    assert new_key_pair("k").raw != new_key_pair("k").raw


def test_a_private_key_is_never_shown() -> None:
    assert repr(AGENCY) == str(AGENCY) == "PrivateKey(key_id='agency-1')"


def test_a_locked_key_opens_with_its_passphrase() -> None:
    assert unlock_person_key(LOCKED, PASSPHRASE, PEPPER, PERSON, "person-1") == PERSON_KEY


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_passphrase_is_the_same_from_every_keyboard(form: Any) -> None:
    typed = unicodedata.normalize(form, PASSPHRASE)
    assert unlock_person_key(LOCKED, typed, PEPPER, PERSON, "person-1") == PERSON_KEY


@pytest.mark.parametrize(
    ("words", "pepper", "person", "key_id"),
    [
        (PASSPHRASE + " ", PEPPER, PERSON, "person-1"),
        (PASSPHRASE.upper(), PEPPER, PERSON, "person-1"),
        ("", PEPPER, PERSON, "person-1"),
        (PASSPHRASE, bytes(32), PERSON, "person-1"),
        (PASSPHRASE, PEPPER, OTHER_PERSON, "person-1"),
        (PASSPHRASE, PEPPER, PERSON, "person-2"),
    ],
)
def test_a_locked_key_opens_for_nobody_else(
    words: str, pepper: bytes, person: UUID, key_id: str
) -> None:
    with pytest.raises(PassphraseWrong):
        unlock_person_key(LOCKED, words, pepper, person, key_id)


def test_a_short_pepper_is_refused() -> None:
    with pytest.raises(ValueError, match="pepper"):
        lock_person_key(PERSON_KEY, PASSPHRASE, b"short", PERSON, cost=CHEAP)


def test_locking_twice_gives_two_salts() -> None:
    again = lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP)
    assert again[13:29] != LOCKED[13:29]


def test_a_locked_key_keeps_the_cost_it_was_made_with() -> None:
    dearer = lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=Cost(2, 16))
    assert dearer[1:13] == bytes.fromhex("00000002 00000010 00000001")
    assert unlock_person_key(dearer, PASSPHRASE, PEPPER, PERSON, "person-1") == PERSON_KEY


def test_the_production_cost_is_high_and_has_one_lane() -> None:
    assert Cost() == PRODUCTION
    assert PRODUCTION.lanes == 1
    assert PRODUCTION.iterations >= 4
    assert PRODUCTION.memory_kib >= 65536


@pytest.mark.parametrize(
    "cost",
    ["00000004 00010000 00000002", "00000004 ffffffff 00000001", "ffffffff 00000008 00000001"],
)
def test_a_forged_cost_is_refused_before_it_is_paid(cost: str) -> None:
    forged = LOCKED[:1] + bytes.fromhex(cost) + LOCKED[13:]
    with pytest.raises(EnvelopeDamaged):
        unlock_person_key(forged, PASSPHRASE, PEPPER, PERSON, "person-1")


def test_an_unknown_account_costs_the_same_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[dict[str, object]] = []

    def recorded(**parameters: Any) -> object:
        paid.append({name: parameters[name] for name in parameters if name != "salt"})
        return Argon2id(**parameters)

    monkeypatch.setattr(passphrase, "Argon2id", recorded)
    with pytest.raises(PassphraseWrong):
        unlock_person_key(LOCKED, "wrong", PEPPER, PERSON, "person-1")
    with pytest.raises(PassphraseWrong):
        unlock_nobody("wrong", PEPPER, cost=CHEAP)
    assert len(paid) == 2
    assert paid[0] == paid[1]


def test_a_granted_key_is_the_agency_key() -> None:
    sealed = grant(AGENCY, PERSON_KEY.public(), PERSON)
    assert open_grant(PERSON_KEY, sealed, "agency-1", PERSON) == AGENCY


def test_a_grant_opens_only_for_its_person_and_agency() -> None:
    sealed = grant(AGENCY, PERSON_KEY.public(), PERSON)
    for key, key_id, person in (
        (OTHER_AGENCY, "agency-1", PERSON),
        (PERSON_KEY, "agency-2", PERSON),
        (PERSON_KEY, "agency-1", OTHER_PERSON),
    ):
        with pytest.raises(EnvelopeDamaged):
            open_grant(key, sealed, key_id, person)


def test_a_forged_grant_that_holds_no_key_does_not_open() -> None:
    info = context("grant", "agency-1", "person-1", PERSON.bytes)
    with pytest.raises(EnvelopeDamaged):
        open_grant(PERSON_KEY, PERSON_KEY.public().seal(b"x", info), "agency-1", PERSON)


def test_a_session_needs_both_its_row_and_its_cookie() -> None:
    cookie = SessionSecret.new()
    row = seal_person_key(cookie, PERSON_KEY, PERSON)
    again = SessionSecret.parse(cookie.cookie)
    assert again.session_id == cookie.session_id
    assert open_person_key(again, row, "person-1", PERSON) == PERSON_KEY
    for guess in (SessionSecret.new(), SessionSecret(cookie.session_id)):
        with pytest.raises(EnvelopeDamaged):
            open_person_key(guess, row, "person-1", PERSON)
    with pytest.raises(EnvelopeDamaged):
        open_person_key(
            cookie, seal_person_key(SessionSecret.new(), PERSON_KEY, PERSON), "person-1", PERSON
        )


def test_a_session_row_moved_to_another_person_does_not_open() -> None:
    cookie = SessionSecret.new()
    row = seal_person_key(cookie, PERSON_KEY, PERSON)
    with pytest.raises(EnvelopeDamaged):
        open_person_key(cookie, row, "person-1", OTHER_PERSON)
    with pytest.raises(EnvelopeDamaged):
        open_person_key(cookie, row, "person-2", PERSON)


def test_a_session_cookie_is_parsed_as_strictly_as_a_visitors() -> None:
    with pytest.raises(CookieUnusable):
        SessionSecret.parse(SessionSecret.new().cookie + "=")


def test_a_draft_keyed_in_opens_by_its_writers_key_and_its_address_together() -> None:
    draft, other = UUID(int=31), UUID(int=32)
    secret = keyed_secret(PERSON_KEY, draft)
    sealed = seal_draft(secret, b"typed")
    assert open_draft(keyed_secret(PERSON_KEY, draft), sealed) == b"typed"
    guesses = (
        keyed_secret(new_key_pair("person-1"), draft),
        keyed_secret(PERSON_KEY, other),
        VisitorSecret(draft.bytes * 2),
        VisitorSecret(PERSON_KEY.raw[:32]),
    )
    for guess in guesses:
        assert guess.draft_id != secret.draft_id
        assert guess.receipt_code != secret.receipt_code
        with pytest.raises(EnvelopeDamaged):
            open_draft(guess, sealed)
