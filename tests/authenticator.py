"""A passkey in software: what a browser's authenticator would answer."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.encode_cbor import encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """Holds one passkey for one site. ``verifies``: whether it asks for a finger or a PIN."""

    origin: str
    verifies: bool = True
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))

    def __post_init__(self) -> None:
        self.key = generate_private_key(SECP256R1())

    def create(self, question: str) -> str:
        """The answer to a registration's question."""
        asked = json.loads(question)
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + public
        data = self._data(asked["rp"]["id"], ATTESTED) + attested
        told = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(asked, "webauthn.create", attestationObject=told)

    def get(self, question: str) -> str:
        """The answer to a proof's question."""
        asked = json.loads(question)
        self.count += 1
        data = self._data(asked["rpId"], 0)
        client = self._client(asked, "webauthn.get")
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        return self._answer(asked, "webauthn.get", authenticatorData=data, signature=signature)

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return (
            hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
        )

    def _client(self, asked: dict[str, Any], kind: str) -> bytes:
        told = {"type": kind, "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps(told).encode()

    def _answer(self, asked: dict[str, Any], kind: str, **response: bytes) -> str:
        response["clientDataJSON"] = self._client(asked, kind)
        credential = _text(self.credential_id)
        return json.dumps(
            {
                "id": credential,
                "rawId": credential,
                "type": "public-key",
                "response": {name: _text(value) for name, value in response.items()},
            }
        )


def _text(raw: bytes) -> str:
    text = urlsafe_b64encode(raw).decode().rstrip("=")
    assert base64url_to_bytes(text) == raw
    return text
