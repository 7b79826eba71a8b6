"""No secret of the vault, or of what holds one, stands in what Python says of its objects."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

import intake.vault
from intake.domain.people import Person
from intake.services.sign_in import HalfOpen, Visit
from intake.services.submit import Receipt
from intake.vault import box
from intake.vault.backup import StreamSealer
from intake.vault.blind import IndexSecret
from intake.vault.directory_key import DirectoryKey
from intake.vault.directory_signing import DirectorySigningKey
from intake.vault.draw import Draws
from intake.vault.keyring import DeviceSecret, InvitationSecret, PrivateKey, SessionSecret
from intake.vault.open import FactsOpener
from intake.vault.own import CheckedCode, CookieSecret, ReceiptCode, VisitorSecret
from intake.vault.passkey import NewPasskey, Passkeys
from intake.vault.passphrase import Cost, HashingQueue
from intake.vault.printed_key import PrintedKey
from intake.vault.recovery import RecoveryCode
from intake.vault.seal import FactsSealer, PublicKey, SealedFacts, SectionKeys
from intake.vault.shares import SET_SIZE, Share
from intake.vault.signed_note import NoteKey, NoteSigner
from intake.vault.totp import TotpSecret
from tests.vault.invented import AGENCY, REPLAY

SECRET = bytes(range(160, 192))
SECRETS = (SECRET, SECRET * 3, SECRET[:20], AGENCY.raw)
CODE = VisitorSecret(SECRET).receipt_code


class _Cookie(CookieSecret):
    label = "test"


MADE: dict[type, Callable[[], Any]] = {
    PrivateKey: lambda: PrivateKey("agency-1", SECRET * 3),
    IndexSecret: lambda: IndexSecret("soc", SECRET),
    TotpSecret: lambda: TotpSecret(SECRET[:20]),
    CheckedCode: lambda: CheckedCode(CODE.symbols),
    RecoveryCode: lambda: RecoveryCode(CODE.symbols),
    Passkeys: lambda: Passkeys("ankkuri.invalid", "https://ankkuri.invalid"),
    NewPasskey: lambda: NewPasskey(b"id", b"public", 1),
    DirectorySigningKey: lambda: DirectorySigningKey(SECRET),
    DirectoryKey: lambda: DirectorySigningKey(SECRET).public(),
    PrintedKey: lambda: PrintedKey(AGENCY.public(), (Share(1, bytes(SET_SIZE), SECRET),)),
    Share: lambda: Share(1, bytes(SET_SIZE), SECRET),
    NoteSigner: lambda: NoteSigner(SECRET),
    NoteKey: lambda: NoteSigner(SECRET).public(),
    DeviceSecret: lambda: DeviceSecret(SECRET),
    PublicKey: lambda: AGENCY.public(),
    CookieSecret: lambda: _Cookie(SECRET),
    SessionSecret: lambda: SessionSecret(SECRET),
    InvitationSecret: lambda: InvitationSecret(SECRET),
    VisitorSecret: lambda: VisitorSecret(SECRET),
    ReceiptCode: lambda: CODE,
    SectionKeys: lambda: SectionKeys({"concern": SECRET}),
    SealedFacts: lambda: FactsSealer(REPLAY.public()).seal(UUID(int=1), SECRET),
    FactsSealer: lambda: FactsSealer(REPLAY.public()),
    FactsOpener: lambda: FactsOpener(AGENCY),
    box.Opener: lambda: box.Opener(SECRET),
    StreamSealer: lambda: StreamSealer(AGENCY.public(), io.BytesIO().write),
    Draws: Draws,
    Cost: Cost,
    HashingQueue: HashingQueue,
}
HOLDERS: dict[str, Callable[[], Any]] = {
    "a visit": lambda: Visit(
        _person(), PrivateKey("p", SECRET * 3), SessionSecret(SECRET), fresh=True
    ),
    "half a session": lambda: HalfOpen(
        _person(), PrivateKey("p", SECRET * 3), SessionSecret(SECRET)
    ),
    "a receipt": lambda: Receipt(CODE, UUID(int=1), datetime(2026, 6, 2, tzinfo=UTC), False, None),
}


def _person() -> Person:
    return Person(UUID(int=1), "Saana Sosiaali", "soc@ankkuri.invalid", "fi", ())


EACH = pytest.mark.parametrize(
    "make",
    [*MADE.values(), *HOLDERS.values()],
    ids=[*(kind.__name__ for kind in MADE), *HOLDERS],
)


def tells(words: str) -> bool:
    """Whether the words hold a secret in any of the forms that Python would give it."""
    forms = [repr(secret)[2:-1] for secret in SECRETS] + [secret.hex() for secret in SECRETS]
    forms += [SessionSecret(SECRET).cookie, CODE.text, CODE.symbols]
    return any(form in words for form in forms)


def classes() -> set[type]:
    """Every class of the vault but its errors."""
    found = set()
    for module in pkgutil.iter_modules(intake.vault.__path__, "intake.vault."):
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if each.__module__ == module.name and not issubclass(each, Exception):
                found.add(each)
    return found


def test_every_class_of_the_vault_is_looked_at() -> None:
    assert classes() == MADE.keys()


@pytest.mark.parametrize(
    "make", [*MADE.values(), *HOLDERS.values()], ids=[*map(str, MADE), *HOLDERS]
)
def test_no_object_shows_its_secret(make: Callable[[], Any]) -> None:
    made = make()
    for words in (repr(made), str(made), f"{made}", f"{[made]}", repr({"a": made})):
        assert not tells(words)


@pytest.mark.parametrize(
    "make", [*MADE.values(), *HOLDERS.values()], ids=[*map(str, MADE), *HOLDERS]
)
def test_no_failure_with_it_shows_it(make: Callable[[], Any]) -> None:
    with pytest.raises(AttributeError) as caught:
        make().nothing_of_this_name  # noqa: B018 (it fails)
    assert not tells("".join(traceback.format_exception(caught.value)) + repr(caught.value))


def test_the_search_finds_a_secret_that_is_shown() -> None:
    assert tells(repr({"key": SECRET}))
    assert tells(SECRET.hex())
    assert tells(f"code {CODE.text}")
