"""A backup opens whole and with its own key, or not at all."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from intake.vault import backup
from intake.vault.backup import (
    BackupKeyWrong,
    NotABackup,
    StreamSealer,
    backup_private,
    backup_public,
    new_backup_key,
    open_stream,
)
from intake.vault.envelope import EnvelopeDamaged, EnvelopeFromNewerVersion, context
from intake.vault.seal import KeyUnusable

GOLDEN = Path(__file__).parent / "golden_backup" / "stream_1.json"
KEY = new_backup_key()
CHUNK = 32
SEALED_CHUNK = CHUNK + 16


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "CHUNK", CHUNK)


def sealed(content: bytes) -> bytes:
    out = io.BytesIO()
    sealer = StreamSealer(KEY.public(), out.write)
    for start in range(0, len(content), 7):
        sealer.add(content[start : start + 7])
    sealer.finish()
    return out.getvalue()


def opened(stream: bytes) -> bytes:
    return b"".join(open_stream(KEY, io.BytesIO(stream)))


def chunks_of(stream: bytes) -> tuple[bytes, list[bytes]]:
    """The head, and the sealed chunks."""
    start = len(sealed(b"")) - 16
    body = stream[start:]
    return stream[:start], [
        body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)
    ]


CONTENT = bytes(range(256)) * CHUNK  # a whole number of chunks


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 5 * CHUNK + 3])
def test_what_was_sealed_opens(size: int) -> None:
    assert opened(sealed(CONTENT[:size])) == CONTENT[:size]


def test_nothing_of_the_content_or_of_the_public_key_can_be_seen() -> None:
    stream = sealed(b"salaisuus" * 100)
    assert b"salaisuus" not in stream
    assert KEY.public().raw[:32] not in stream


def test_a_stream_cut_anywhere_is_refused() -> None:
    stream = sealed(CONTENT[: 3 * CHUNK])
    for length in range(len(stream)):
        with pytest.raises(EnvelopeDamaged):
            opened(stream[:length])


def test_a_stream_with_anything_behind_it_is_refused() -> None:
    for size in (CHUNK - 1, CHUNK):
        for more in (b"x", bytes(SEALED_CHUNK)):
            with pytest.raises(EnvelopeDamaged):
                opened(sealed(CONTENT[:size]) + more)


def test_any_one_changed_byte_is_refused() -> None:
    stream = sealed(CONTENT[: 3 * CHUNK])
    for place in range(len(stream)):
        changed = bytearray(stream)
        changed[place] ^= place % 255 + 1
        with pytest.raises(EnvelopeDamaged):
            opened(bytes(changed))


def test_chunks_that_are_moved_doubled_or_left_out_are_refused() -> None:
    head, chunks = chunks_of(sealed(CONTENT[: 4 * CHUNK]))
    assert len(chunks) == 4
    assert opened(head + b"".join(chunks)) == CONTENT[: 4 * CHUNK]
    for order in ([1, 0, 2, 3], [0, 1, 1, 2, 3], [0, 2, 3], [1, 2, 3], [0, 1, 2], [0, 1, 3, 2]):
        with pytest.raises(EnvelopeDamaged):
            opened(head + b"".join(chunks[number] for number in order))


def test_a_chunk_of_another_backup_to_the_same_key_is_refused() -> None:
    head, chunks = chunks_of(sealed(CONTENT[: 2 * CHUNK]))
    _, others = chunks_of(sealed(CONTENT[: 2 * CHUNK]))
    with pytest.raises(EnvelopeDamaged):
        opened(head + chunks[0] + others[1])


def test_another_key_is_told_apart_from_damage() -> None:
    stream = io.BytesIO(sealed(b"content"))
    with pytest.raises(BackupKeyWrong, match=KEY.key_id):
        list(open_stream(new_backup_key(), stream))


def test_a_file_of_another_kind_is_told() -> None:
    for content in (b"", b"SQLite format 3\0" + bytes(4000)):
        with pytest.raises(NotABackup):
            opened(content)


def test_a_suite_of_a_newer_version_is_told() -> None:
    stream = bytearray(sealed(b"content"))
    stream[len(backup.MAGIC) + 16 + 4] = 9
    with pytest.raises(EnvelopeFromNewerVersion):
        opened(bytes(stream))


def test_the_stream_key_is_bound_to_the_name_of_its_backup_key() -> None:
    envelope = sealed(b"content")[len(backup.MAGIC) + 16 + 4 :][: 1 + 1120 + 32 + 16]
    assert len(KEY.open(envelope, context("backup", KEY.key_id))) == 32
    with pytest.raises(EnvelopeDamaged):
        KEY.open(envelope, context("backup", "another"))


def test_a_key_of_another_size_that_anyone_sealed_is_refused() -> None:
    envelope = KEY.public().seal(b"short", context("backup", KEY.key_id))
    head = backup.MAGIC + KEY.key_id.encode() + len(envelope).to_bytes(4, "big") + envelope
    with pytest.raises(EnvelopeDamaged, match="key"):
        opened(head + bytes(200))


def test_the_commitment_is_checked_before_anything_is_decrypted() -> None:
    head, (chunk,) = chunks_of(sealed(b"content"))
    with pytest.raises(EnvelopeDamaged, match="commitment"):
        opened(head[:-1] + bytes([head[-1] ^ 1]) + chunk)


def test_a_key_is_named_by_its_public_half() -> None:
    assert backup_private(KEY.raw) == KEY
    assert backup_public(KEY.public().raw) == KEY.public()
    assert new_backup_key().key_id != KEY.key_id
    with pytest.raises(KeyUnusable):
        backup_private(KEY.raw[:-1])
    with pytest.raises(KeyUnusable):
        backup_public(KEY.raw)


def test_the_first_formats_stream_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    golden = json.loads(GOLDEN.read_text("ascii"))
    private = backup_private(bytes.fromhex(golden["private"]))
    stream = io.BytesIO(bytes.fromhex(golden["stream"]))
    assert b"".join(open_stream(private, stream)) == golden["content"].encode()
