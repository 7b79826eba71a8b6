"""Passkeys (WebAuthn): registration and proof, always with the owner verified by the device."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME = "Ankkuri"
MOST_CHARACTERS = 20_000  # of an answer; a browser's has about a thousand
_CHALLENGE = 32
_VERIFIED = UserVerificationRequirement.REQUIRED
_UNREADABLE = (
    *(WebAuthnException, InvalidSignature),
    *(ValueError, TypeError, KeyError, AttributeError, RecursionError),  # of no browser's answer
)


class PasskeyRefused(Exception):
    """The answer is not one of this passkey to this challenge at this site."""


class PasskeyCopied(PasskeyRefused):
    """The passkey's counter went back: there is another one with its key."""


@dataclass(frozen=True)
class NewPasskey:
    """What is kept of a passkey: nothing of it is secret."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True)
class Passkeys:
    """Of one site: ``rp_id`` is its host, ``origin`` what the browser says it is at."""

    rp_id: str
    origin: str

    @classmethod
    def of(cls, base_url: str) -> Self | None:
        """Those of an address; None where browsers make none: at a bare IP address, or without TLS
        elsewhere than at localhost.
        """
        address = urlsplit(base_url)
        host = address.hostname or ""
        if _is_ip(host) or not host or (address.scheme != "https" and host != "localhost"):
            return None
        port = f":{address.port}" if address.port else ""
        return cls(host, f"{address.scheme}://{host}{port}")

    def to_register(
        self, challenge: bytes, person_id: UUID, name: str, known: Sequence[bytes]
    ) -> str:
        """What a browser is asked, as JSON. ``known``: passkeys that the person has already."""
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name=NAME,
            user_id=person_id.bytes,
            user_name=name,
            challenge=challenge,
            exclude_credentials=_described(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_VERIFIED
            ),
        )
        return options_to_json(options)

    def registered(self, answer: str, challenge: bytes) -> NewPasskey:
        """The passkey that answered. Raises `PasskeyRefused`."""
        try:
            found = verify_registration_response(
                credential=_readable(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except _UNREADABLE:
            raise PasskeyRefused from None
        return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)

    def to_prove(self, challenge: bytes, known: Sequence[bytes]) -> str:
        """What a browser is asked, as JSON."""
        options = generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            allow_credentials=_described(known),
            user_verification=_VERIFIED,
        )
        return options_to_json(options)

    def proven(self, answer: str, challenge: bytes, public_key: bytes, sign_count: int) -> int:
        """The passkey's counter after its answer. Raises `PasskeyRefused`, `PasskeyCopied`."""
        try:
            found = verify_authentication_response(
                credential=_readable(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=public_key,
                credential_current_sign_count=0,  # compared below, so that a copy is told apart
                require_user_verification=True,
            )
        except _UNREADABLE:
            raise PasskeyRefused from None
        count = found.new_sign_count
        if (count or sign_count) and count <= sign_count:
            raise PasskeyCopied
        return count


def new_challenge() -> bytes:
    """32 random bytes, to be answered once."""
    return os.urandom(_CHALLENGE)


def credential_of(answer: str) -> bytes:
    """The id of the passkey that answered. Raises `PasskeyRefused`."""
    try:
        return parse_authentication_credential_json(_readable(answer)).raw_id
    except _UNREADABLE:
        raise PasskeyRefused from None


def _readable(answer: str) -> str:
    if len(answer) > MOST_CHARACTERS or not isinstance(json.loads(answer), dict):
        raise PasskeyRefused
    return answer


def _described(known: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
