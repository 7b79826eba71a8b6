"""Signed notes are those of other tools, and nothing of one can be changed."""

from __future__ import annotations

from base64 import b64decode

import pytest

from intake.vault.seal import KeyUnusable
from intake.vault.signed_note import NoteForged, NoteKey, NoteSigner, new_signer

NAME = "PeterNeumann"
SIGNER = NoteSigner(b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:])
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    f"{TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "ngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of Go's package ``golang.org/x/mod/sumdb/note``."""


def test_a_note_is_the_one_that_another_implementation_makes() -> None:
    assert SIGNER.public().verifier(NAME) == VERIFIER
    assert SIGNER.sign(NAME, TEXT) == NOTE
    assert SIGNER.public().read(NOTE) == (NAME, TEXT)


@pytest.mark.parametrize("at", range(0, len(NOTE), 3))
def test_a_note_that_was_changed_anywhere_is_forged(at: int) -> None:
    changed = NOTE[:at] + chr(ord(NOTE[at]) ^ 1) + NOTE[at + 1 :]
    with pytest.raises(NoteForged):
        SIGNER.public().read(changed)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        NOTE[:-1],
        NOTE + "\n",
        NOTE + NOTE,
        NOTE.replace("\n\n", "\n"),
        "\n\n— a b\n",
    ],
)
def test_what_is_not_one_whole_note_is_forged(note: str) -> None:
    with pytest.raises(NoteForged):
        SIGNER.public().read(note)


def test_a_note_of_another_key_or_name_is_forged() -> None:
    with pytest.raises(NoteForged):
        new_signer().public().read(NOTE)
    with pytest.raises(NoteForged):
        SIGNER.public().read(NOTE.replace("— PeterNeumann", "— PeterNewmann"))


def test_a_key_of_another_length_is_unusable_and_a_private_one_shows_nowhere() -> None:
    for kind in (NoteKey, NoteSigner):
        with pytest.raises(KeyUnusable):
            kind(b"short")
    assert repr(SIGNER.raw) not in repr(SIGNER)
