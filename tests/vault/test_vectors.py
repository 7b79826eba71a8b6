"""Our ways into the library give what is published: values are of their sources, none our own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from intake.vault import box
from intake.vault.envelope import SUITE
from intake.vault.keyring import PrivateKey
from intake.vault.seal import KeyUnusable, PublicKey

FOLDER = Path(__file__).parent / "vectors"


def cases_of(name: str) -> list[dict[str, Any]]:
    """The published cases of a file; each names where they stand."""
    kept = json.loads((FOLDER / f"{name}.json").read_text("ascii"))
    assert kept["source"]
    tests: list[dict[str, Any]] = kept["tests"]
    assert len(tests) >= 3
    return tests


def raw(case: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def of_x_wing(case: dict[str, Any]) -> PrivateKey:
    """Its 32-byte secret, stretched as the draft says into the halves that we store."""
    return PrivateKey("x-wing", hashlib.shake_256(raw(case, "sk")).digest(96))


def labelled(suite: bytes, label: bytes, content: bytes) -> bytes:
    return b"HPKE-v1" + suite + label + content


def hpke(case: dict[str, Any], content: bytes, info: bytes) -> bytes:
    """What a sender whose encapsulation is the published one would send (RFC 9180 §5.1, base)."""
    suite = b"HPKE" + bytes.fromhex("647a") + b"\0\1" + b"\0\2"  # X-Wing, HKDF-SHA256, AES-256-GCM

    def extract(salt: bytes, label: bytes, key: bytes) -> bytes:
        return HKDF.extract(SHA256(), salt, labelled(suite, label, key))

    def expand(key: bytes, label: bytes, about: bytes, size: int) -> bytes:
        said = size.to_bytes(2, "big") + labelled(suite, label, about)
        return HKDFExpand(SHA256(), size, said).derive(key)

    about = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(raw(case, "ss"), b"secret", b"")
    key, nonce = expand(secret, b"key", about, 32), expand(secret, b"base_nonce", about, 12)
    return raw(case, "ct") + AESGCM(key).encrypt(nonce, content, b"")


@pytest.mark.parametrize("case", cases_of("xwing"), ids=lambda case: case["sk"][:8])
def test_our_keys_are_those_of_x_wing_and_open_what_it_encapsulates(case: dict[str, Any]) -> None:
    private = of_x_wing(case)
    assert private.public().raw == raw(case, "pk")
    sealed = SUITE + hpke(case, b"content", b"place")
    assert private.open(sealed, b"place") == b"content"


@pytest.mark.parametrize("case", cases_of("mlkem_768"), ids=lambda case: str(case["tcId"]))
def test_ml_kem_768_decapsulates_as_published(case: dict[str, Any]) -> None:
    if case["result"] == "invalid":
        with pytest.raises(ValueError, match=r"."):
            MLKEM768PrivateKey.from_seed_bytes(raw(case, "seed")).decapsulate(raw(case, "c"))
        return
    private = MLKEM768PrivateKey.from_seed_bytes(raw(case, "seed"))
    assert private.public_key().public_bytes_raw() == raw(case, "ek")
    assert private.decapsulate(raw(case, "c")) == raw(case, "K")


@pytest.mark.parametrize("case", cases_of("x25519"), ids=lambda case: str(case["tcId"]))
def test_x25519_agrees_as_published_and_refuses_points_of_low_order(case: dict[str, Any]) -> None:
    private = X25519PrivateKey.from_private_bytes(raw(case, "private"))
    public = X25519PublicKey.from_public_bytes(raw(case, "public"))
    if not any(raw(case, "shared")):
        with pytest.raises(ValueError, match=r"."):
            private.exchange(public)
        mlkem = PrivateKey("a", bytes(96)).public().raw[:1184]
        with pytest.raises(KeyUnusable):
            PublicKey("low order", mlkem + raw(case, "public"))
        return
    assert private.exchange(public) == raw(case, "shared")


@pytest.mark.parametrize("case", cases_of("hkdf_sha256"), ids=lambda case: str(case["tcId"]))
def test_what_we_derive_is_hkdf_sha256_without_salt(case: dict[str, Any]) -> None:
    if case["result"] == "valid":
        derived = box.derive(raw(case, "ikm"), raw(case, "info"), case["size"])
        assert derived == raw(case, "okm")
    else:
        with pytest.raises(ValueError, match=r"."):
            box.derive(raw(case, "ikm"), raw(case, "info"), case["size"])


@pytest.mark.parametrize("case", cases_of("aes_256_gcm"), ids=lambda case: str(case["tcId"]))
def test_aes_256_gcm_opens_what_is_published_and_nothing_else(case: dict[str, Any]) -> None:
    cipher, sealed = AESGCM(raw(case, "key")), raw(case, "ct") + raw(case, "tag")
    aad = raw(case, "aad")
    if case["result"] == "valid":
        assert cipher.decrypt(raw(case, "iv"), sealed, aad) == raw(case, "msg")
        assert cipher.encrypt(raw(case, "iv"), raw(case, "msg"), aad) == sealed
    else:
        with pytest.raises(InvalidTag):
            cipher.decrypt(raw(case, "iv"), sealed, aad)


def test_argon2id_hashes_as_in_rfc_9106() -> None:
    """§5.3: the one case of the RFC, with four lanes, which one thread may use."""
    hashed = Argon2id(
        salt=b"\2" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=b"\4" * 12,
        secret=b"\3" * 8,
    ).derive(b"\1" * 32)
    assert hashed.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
