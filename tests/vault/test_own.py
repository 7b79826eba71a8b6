from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import SessionSecret
from intake.vault.own import (
    CodeMistyped,
    CookieUnusable,
    ReceiptCode,
    VisitorSecret,
    open_copy,
    open_draft,
    seal_copy,
    seal_draft,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET = VisitorSecret(bytes(range(32)))

secrets = st.binary(min_size=32, max_size=32).map(VisitorSecret)
codes = secrets.map(lambda secret: secret.receipt_code)


def test_the_same_cookie_always_gives_the_same_draft_and_code() -> None:
    again = VisitorSecret.parse(SECRET.cookie)
    assert again == SECRET
    assert again.draft_id == SECRET.draft_id
    assert again.receipt_code == SECRET.receipt_code
    assert again.csrf_key == SECRET.csrf_key


def test_two_visitors_share_nothing() -> None:
    one, other = VisitorSecret.new(), VisitorSecret.new()
    assert one.draft_id != other.draft_id
    assert one.receipt_code != other.receipt_code
    assert one.csrf_key != other.csrf_key


def test_no_two_purposes_share_bytes() -> None:
    code = SECRET.receipt_code
    derived = [SECRET.raw, SECRET.csrf_key, code.lookup_id, code.key, SECRET.draft_id.bytes]
    derived += [SECRET.derive(purpose) for purpose in ("draft key", "copy key")]
    derived += [SessionSecret(SECRET.raw).csrf_key, SessionSecret(SECRET.raw).derive("draft key")]
    assert len({value[:16] for value in derived}) == len(derived)


@settings(deadline=None)
@given(secrets)
def test_every_secret_survives_its_cookie(secret: VisitorSecret) -> None:
    assert len(secret.cookie) == 43
    assert VisitorSecret.parse(secret.cookie) == secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        SECRET.cookie[:-1],
        SECRET.cookie + "A",
        SECRET.cookie + "=",
        " " + SECRET.cookie,
        SECRET.cookie[:-1] + "9",  # the same bytes, spelt another way
        SECRET.cookie[:20] + "\n" + SECRET.cookie[20:],
        SECRET.cookie[:-1] + "ä",
        "\ud800" * 43,
        "A" * 44,
        "A" * 100_000,
    ],
)
def test_a_cookie_that_was_not_handed_out_is_refused(text: str) -> None:
    with pytest.raises(CookieUnusable):
        VisitorSecret.parse(text)


@pytest.mark.parametrize(("seal", "reopen"), [(seal_draft, open_draft), (seal_copy, open_copy)])
def test_only_its_visitor_opens_a_draft_or_a_copy(
    seal: Callable[[VisitorSecret, bytes], bytes], reopen: Callable[[VisitorSecret, bytes], bytes]
) -> None:
    sealed = seal(SECRET, "Ärtyisä ja väsynyt.".encode())
    assert reopen(SECRET, sealed).decode() == "Ärtyisä ja väsynyt."
    with pytest.raises(EnvelopeDamaged):
        reopen(VisitorSecret.new(), sealed)


def test_a_draft_is_no_copy() -> None:
    with pytest.raises(EnvelopeDamaged):
        open_copy(SECRET, seal_draft(SECRET, b"text"))
    with pytest.raises(EnvelopeDamaged):
        open_draft(SECRET, seal_copy(SECRET, b"text"))


def test_short_drafts_have_one_size() -> None:
    assert {len(seal_draft(SECRET, b"x" * size)) for size in (0, 1, 8188)} == {8192 + 61}


def test_a_code_is_six_fours_of_readable_characters() -> None:
    groups = SECRET.receipt_code.text.split("-")
    assert [len(group) for group in groups] == [4] * 6
    assert set("".join(groups)) <= set(ALPHABET)


@settings(deadline=None)
@given(codes)
def test_a_code_is_found_by_what_the_person_reads(code: ReceiptCode) -> None:
    assert ReceiptCode.parse(code.text) == code
    assert len(code.lookup_id) == len(code.key) == 32
    assert code.lookup_id != code.key


@settings(deadline=None)
@given(codes, st.data())
def test_a_code_is_forgiven_case_spaces_hyphens_and_lookalikes(
    code: ReceiptCode, data: st.DataObject
) -> None:
    lookalikes = {"1": "1iIlL", "0": "0oO"}
    typed = ""
    for symbol in code.symbols:
        typed += data.draw(
            st.sampled_from(["", "", " ", "-", " - ", "\t", "\u00a0", "–", "\u2011"])
        )
        typed += data.draw(st.sampled_from(lookalikes.get(symbol, symbol + symbol.lower())))
    assert ReceiptCode.parse(typed + " \n") == code


@settings(deadline=None)
@given(codes)
def test_every_single_wrong_character_shows(code: ReceiptCode) -> None:
    for place in range(24):
        for wrong in ALPHABET.replace(code.symbols[place], ""):
            with pytest.raises(CodeMistyped):
                ReceiptCode.parse(code.symbols[:place] + wrong + code.symbols[place + 1 :])


@settings(deadline=None)
@given(codes)
def test_any_two_characters_that_changed_places_show(code: ReceiptCode) -> None:
    for one in range(24):
        for other in range(one):
            symbols = list(code.symbols)
            symbols[one], symbols[other] = symbols[other], symbols[one]
            if symbols[one] != symbols[other]:
                with pytest.raises(CodeMistyped):
                    ReceiptCode.parse("".join(symbols))


def test_one_in_thirty_two_random_codes_would_pass() -> None:
    stem = SECRET.receipt_code.symbols[:23]
    passing = []
    for last in ALPHABET:
        try:
            passing.append(ReceiptCode.parse(stem + last))
        except CodeMistyped:
            continue
    assert passing == [SECRET.receipt_code]


@pytest.mark.parametrize(
    "text", ["", "-", "0", "0" * 23, "0" * 25, "U" * 24, "*" * 24, "ä" * 24, "0" * 23 + "ß"]
)
def test_what_is_no_code_is_said_to_be_mistyped(text: str) -> None:
    with pytest.raises(CodeMistyped):
        ReceiptCode.parse(text)


@settings(deadline=None)
@given(st.text())
def test_whatever_is_typed_is_a_code_or_mistyped(text: str) -> None:
    try:
        code = ReceiptCode.parse(text)
    except CodeMistyped:
        return
    assert ReceiptCode.parse(code.text) == code


def test_secrets_are_never_shown() -> None:
    code = SECRET.receipt_code
    for secret in (SECRET, SessionSecret(SECRET.raw), code):
        for shown in (repr(secret), str(secret), f"{secret}"):
            assert shown in {"VisitorSecret()", "SessionSecret()", "ReceiptCode()"}
