"""Whatever happens to an envelope, opening it says `EnvelopeDamaged` and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import (
    PassphraseWrong,
    SessionSecret,
    grant,
    lock_person_key,
    open_grant,
    open_person_key,
    seal_person_key,
    unlock_person_key,
)
from intake.vault.open import open_facts, open_for, open_section, open_wrap
from intake.vault.own import VisitorSecret, open_draft, seal_draft
from intake.vault.seal import FactsSealer, seal_for, seal_section, wrap
from tests.vault.invented import (
    AGENCY,
    CHEAP,
    PASSPHRASE,
    PEPPER,
    PERSON,
    PERSON_KEY,
    REFERRAL,
    REPLAY,
    REPORT,
)

KEY = bytes(32)
VISITOR, SESSION = VisitorSecret(KEY), SessionSecret(KEY)
FACTS = FactsSealer(REPLAY.public()).seal(REPORT, b"{}")


def open_recipient_wrap(sealed: bytes) -> object:
    return open_wrap(
        AGENCY,
        sealed,
        report_id=REPORT,
        referral_id=REFERRAL,
        purpose="recipient",
        key_id="agency-1",
    )


KINDS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "section": (
        seal_section(KEY, REPORT, "place_1", b"x"),
        lambda sealed: open_section(KEY, REPORT, "place_1", sealed),
    ),
    "wrap": (
        wrap(
            {"concern": KEY},
            report_id=REPORT,
            referral_id=REFERRAL,
            purpose="recipient",
            recipient=AGENCY.public(),
        ),
        open_recipient_wrap,
    ),
    "note": (seal_for(AGENCY.public(), b"x", "n"), lambda sealed: open_for(AGENCY, sealed, "n")),
    "facts": (
        FACTS.sealed_facts,
        lambda sealed: open_facts(REPLAY, FACTS.sealed_key, sealed, FACTS.key_id, REPORT),
    ),
    "facts key": (
        FACTS.sealed_key,
        lambda sealed: open_facts(REPLAY, sealed, FACTS.sealed_facts, FACTS.key_id, REPORT),
    ),
    "draft": (seal_draft(VISITOR, b"x"), lambda sealed: open_draft(VISITOR, sealed)),
    "grant": (
        grant(AGENCY, PERSON_KEY.public(), PERSON),
        lambda sealed: open_grant(PERSON_KEY, sealed, "agency-1", PERSON),
    ),
    "session": (
        seal_person_key(SESSION, PERSON_KEY, PERSON),
        lambda sealed: open_person_key(SESSION, sealed, "person-1", PERSON),
    ),
    "locked key": (
        lock_person_key(PERSON_KEY, PASSPHRASE, PEPPER, PERSON, cost=CHEAP),
        lambda sealed: unlock_person_key(sealed, PASSPHRASE, PEPPER, PERSON, "person-1"),
    ),
}


def refuse(kind: str, sealed: bytes) -> None:
    # No change to a locked key can be told from a wrong passphrase, save to its form.
    expected = (EnvelopeDamaged, PassphraseWrong) if kind == "locked key" else EnvelopeDamaged
    with pytest.raises(expected):
        KINDS[kind][1](sealed)


@pytest.mark.parametrize("kind", KINDS)
def test_an_untouched_envelope_opens(kind: str) -> None:
    sealed, reopen = KINDS[kind]
    assert reopen(sealed) is not None


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_damage(kind: str, data: st.DataObject) -> None:
    sealed = bytearray(KINDS[kind][0])
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    refuse(kind, bytes(sealed))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(data=st.data())
def test_a_cut_or_lengthened_envelope_is_damage(kind: str, data: st.DataObject) -> None:
    sealed = KINDS[kind][0]
    refuse(kind, sealed[: data.draw(st.integers(0, len(sealed) - 1))])
    refuse(kind, sealed + data.draw(st.binary(min_size=1, max_size=64)))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(anything=st.binary(max_size=2000))
def test_bytes_from_nowhere_are_damage(kind: str, anything: bytes) -> None:
    refuse(kind, anything)
    refuse(kind, b"\x01" + anything)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_of_envelope_never_opens_as_another(kind: str) -> None:
    for other in KINDS:
        if other != kind:
            refuse(kind, KINDS[other][0])
