"""Every kind of thing that the vault seals, locks or signs: how it is made, and how it opens.

A kind has the parts of its place: the value it is made with, and others that it must not open with.
``wanted`` is what made it open, in the form that opening gives.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from intake.services.ask_sections import place as request_place
from intake.services.history import note_place
from intake.services.hold import REASON as HOLD
from intake.services.line_detail import LINE_DETAIL
from intake.services.notify import NOTICE_ADDRESS, seal_notice
from intake.services.record import MOVE_REASON
from intake.services.recuse import REASON as RECUSAL
from intake.vault.backup import StreamSealer, backup_private, open_stream
from intake.vault.blind import IndexSecret, open_index_secret, seal_index_secret
from intake.vault.directory_signing import (
    DirectorySigningKey,
    lock_directory_key,
    unlock_directory_key,
)
from intake.vault.envelope import EnvelopeDamaged, facts_key_context, note_context, wrap_context
from intake.vault.keyring import (
    PassphraseWrong,
    PrivateKey,
    SessionSecret,
    _grant_context,
    grant,
    is_vouched,
    keyed_secret,
    lock_person_key,
    new_key_pair,
    open_grant,
    open_person_key,
    seal_person_key,
    unlock_person_key,
    voucher,
)
from intake.vault.open import FactsOpener, open_facts, open_for, open_section, open_wrap, rewrap
from intake.vault.own import VisitorSecret, open_copy, open_draft, seal_copy, seal_draft
from intake.vault.printed_key import (
    _sealed_place,
    open_with_printed,
    seal_to_printed,
    vouch,
    vouched,
)
from intake.vault.recovery import (
    RecoveryCode,
    RecoveryCodeWrong,
    lock_for_recovery,
    unlock_for_recovery,
)
from intake.vault.seal import (
    FactsSealer,
    SealedFacts,
    SectionKeys,
    seal_for,
    seal_section,
    seal_sections,
    wrap,
)
from intake.vault.signed_note import NoteForged, NoteSigner
from intake.vault.totp import TotpSecret, keep_totp, kept_totp, open_totp, seal_totp
from intake.vault.totp import _place as totp_place
from tests.vault.invented import (
    AGENCY,
    CHEAP,
    OTHER_AGENCY,
    OTHER_PERSON,
    OTHER_REFERRAL,
    OTHER_REPORT,
    PASSPHRASE,
    PEPPER,
    PERSON,
    PERSON_KEY,
    REFERRAL,
    REPLAY,
    REPORT,
)

DAMAGED: tuple[type[Exception], ...] = (EnvelopeDamaged,)
KEY, OTHER_KEY = bytes(32), bytes(range(1, 33))
ROW, OTHER_ROW = UUID(int=31), UUID(int=32)
VISITOR, OTHER_VISITOR = VisitorSecret(KEY), VisitorSecret(OTHER_KEY)
SESSION, OTHER_SESSION = SessionSecret(KEY), SessionSecret(OTHER_KEY)
CODE, OTHER_CODE = (RecoveryCode.of(bytes([number]) * 15) for number in (1, 2))
APP = TotpSecret(b"twenty bytes of test")


def others_of(key: PrivateKey) -> tuple[PrivateKey, ...]:
    """Another agency's or person's key, the next one under the same name, and this one renamed."""
    return OTHER_AGENCY, new_key_pair(key.key_id), PrivateKey("another-name", key.raw)


TO_AGENCY = (AGENCY, *others_of(AGENCY))
TO_PERSON = (PERSON_KEY, *others_of(PERSON_KEY))
TO_REPLAY = (REPLAY, *others_of(REPLAY))
REPORTS, REFERRALS = (REPORT, OTHER_REPORT), (REFERRAL, OTHER_REFERRAL)
PEOPLE, ROWS = (PERSON, OTHER_PERSON), (ROW, OTHER_ROW)
PLACED = {"report_id": REPORTS, "referral_id": REFERRALS, "key": TO_AGENCY}


@dataclass(frozen=True)
class Kind:
    """``by`` names what makes it; ``info`` gives the context of an HPKE envelope, which anyone may
    seal to. Of what is refused by another error than the vault's one the errors are told.
    """

    by: tuple[str, ...]
    make: Callable[..., bytes]
    reopen: Callable[..., object]
    wanted: object
    place: Mapping[str, tuple[Any, ...]]
    info: Callable[..., bytes] | None = None
    refused: tuple[type[Exception], ...] = DAMAGED

    def at(self, **other: Any) -> dict[str, Any]:
        """The place, with other parts of it."""
        return {name: values[0] for name, values in self.place.items()} | other


def _wrap(purpose: Any) -> Kind:
    def make(report_id: UUID, referral_id: UUID, key: PrivateKey, purpose: Any) -> bytes:
        return wrap(
            {"concern": KEY},
            report_id=report_id,
            referral_id=referral_id,
            purpose=purpose,
            recipient=key.public(),
        )

    others = tuple(each for each in ("recipient", "standby", "further") if each != purpose)
    place = PLACED | {"purpose": (purpose, *others)}
    return Kind(("seal.wrap",), make, _open_wrap, {"concern": KEY}, place, _wrap_info)


def _open_wrap(sealed: bytes, key: PrivateKey, **place: Any) -> object:
    return dict(open_wrap(key, sealed, key_id=key.key_id, **place))


def _wrap_info(report_id: UUID, referral_id: UUID, key: PrivateKey, purpose: Any) -> bytes:
    return wrap_context(report_id, referral_id, purpose, key.key_id)


FORMER = new_key_pair("agency-0")


def _wrap_anew(key: PrivateKey, **place: Any) -> bytes:
    first = wrap({"concern": KEY}, recipient=FORMER.public(), **place)
    return rewrap(FORMER, first, recipient=key.public(), **place)


def _through_another(sealed: bytes, key: PrivateKey, **place: Any) -> object:
    """Opened by who seals it anew for the next key, and then with that."""
    return _open_wrap(rewrap(key, sealed, recipient=FORMER.public(), **place), FORMER, **place)


def _note(
    to: tuple[PrivateKey, ...], named: Callable[..., tuple[str | bytes, ...]], **place: Any
) -> Kind:
    """Something sealed directly to one key, with the context that its service gives it."""
    return Kind(
        ("seal.seal_for",),
        lambda key, **parts: seal_for(key.public(), b"said", *named(**parts)),
        lambda sealed, key, **parts: open_for(key, sealed, *named(**parts)),
        b"said",
        {"key": to, **place},
        lambda key, **parts: note_context(key.key_id, named(**parts)),
    )


@cache
def _sections(report_id: UUID) -> tuple[Mapping[str, bytes], SectionKeys]:
    return seal_sections(report_id, {"place_1": b"said"})


@cache
def _facts(key: PrivateKey, report_id: UUID) -> SealedFacts:
    return FactsSealer(key.public()).seal(report_id, b"said")


def _stream(key: PrivateKey) -> bytes:
    out = io.BytesIO()
    sealer = StreamSealer(key.public(), out.write)
    sealer.add(b"said")
    sealer.finish()
    return out.getvalue()


def _true(holds: bool) -> str:
    if not holds:
        raise EnvelopeDamaged("what answers yes or no said no")
    return "holds"


BACKUP, OTHER_BACKUP = (backup_private(each.raw) for each in (AGENCY, OTHER_AGENCY))
SIGNING, OTHER_SIGNING = DirectorySigningKey(KEY), DirectorySigningKey(OTHER_KEY)
NOTES, OTHER_NOTES = NoteSigner(KEY), NoteSigner(OTHER_KEY)
WRONG_PASSPHRASE = (PASSPHRASE, f"{PASSPHRASE} ", "")

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "section": Kind(
            ("seal.seal_section", "box.close"),
            lambda key, report_id, slot: seal_section(key, report_id, slot, b"said"),
            lambda sealed, key, report_id, slot: open_section(key, report_id, slot, sealed),
            b"said",
            {"key": (KEY, OTHER_KEY), "report_id": REPORTS, "slot": ("place_1", "place_2")},
        ),
        "a report's sections": Kind(
            ("seal.seal_sections",),
            lambda report_id, slot: _sections(report_id)[0][slot],
            lambda sealed, report_id, slot: open_section(
                _sections(REPORT)[1]["place_1"], report_id, slot, sealed
            ),
            b"said",
            {"report_id": REPORTS, "slot": ("place_1", "place_2", "reporter")},
        ),
        "wrap": _wrap("recipient"),
        "standby wrap": _wrap("standby"),
        "wrap of further sections": _wrap("further"),
        "wrap sealed anew": Kind(
            ("open.rewrap",),
            lambda key, **place: _wrap_anew(key, purpose="recipient", **place),
            lambda sealed, **place: _open_wrap(sealed, purpose="recipient", **place),
            {"concern": KEY},
            PLACED,
            lambda **place: _wrap_info(purpose="recipient", **place),
        ),
        "wrap to be sealed anew": Kind(
            ("seal.wrap",),
            _wrap("recipient").make,
            _through_another,
            {"concern": KEY},
            PLACED | {"purpose": ("recipient", "standby")},
            _wrap_info,
        ),
        "move's reason": _note(
            TO_AGENCY,
            lambda referral, move: (MOVE_REASON, referral.bytes, move.bytes),
            referral=REFERRALS,
            move=ROWS,
        ),
        "note": _note(
            TO_AGENCY,
            lambda referral, note, person: note_place(referral, note, person),
            referral=REFERRALS,
            note=ROWS,
            person=PEOPLE,
        ),
        "detail of a line": _note(
            TO_AGENCY,
            lambda action, referral: (LINE_DETAIL, action, referral.bytes),
            action=("recuse", "hold"),
            referral=REFERRALS,
        ),
        "hold's reason": _note(TO_AGENCY, lambda row: (HOLD, row.bytes), row=ROWS),
        "recusal's reason": _note(
            TO_AGENCY,
            lambda report, row: (RECUSAL, report.bytes, row.bytes),
            report=REPORTS,
            row=ROWS,
        ),
        "request for sections": _note(
            TO_AGENCY,
            lambda what, row: request_place(what, row),
            what=("asked", "own", "answer", "given"),
            row=ROWS,
        ),
        "notice address": Kind(
            ("seal.seal_for",),
            lambda key, report: seal_notice(key.public(), report, "outi@ankkuri.invalid", "sv"),
            lambda sealed, key, report: open_for(key, sealed, NOTICE_ADDRESS, report.bytes),
            b'{"address": "outi@ankkuri.invalid", "language": "sv"}',
            {"key": TO_REPLAY, "report": REPORTS},
            lambda key, report: note_context(key.key_id, (NOTICE_ADDRESS, report.bytes)),
        ),
        "facts for replay": Kind(
            ("seal.FactsSealer.seal",),
            lambda key, report: _facts(key, report).sealed_facts,
            lambda sealed, key, report: open_facts(
                key,
                _facts(REPLAY, REPORT).sealed_key,
                sealed,
                _facts(REPLAY, REPORT).key_id,
                report,
            ),
            b"said",
            {"key": TO_REPLAY, "report": REPORTS},
        ),
        "data key of facts": Kind(
            ("seal.FactsSealer.seal",),
            lambda key, **_: _facts(key, REPORT).sealed_key,
            lambda sealed, key, name: FactsOpener(key)(
                sealed, _facts(REPLAY, REPORT).sealed_facts, name, REPORT
            ),
            b"said",
            {"key": TO_REPLAY, "name": (_facts(REPLAY, REPORT).key_id,)},
            lambda key, name: facts_key_context(key.key_id, name),
        ),
        "draft": Kind(
            ("own.seal_draft",),
            lambda visitor: seal_draft(visitor, b"said"),
            lambda sealed, visitor: open_draft(visitor, sealed),
            b"said",
            {"visitor": (VISITOR, OTHER_VISITOR, keyed_secret(PERSON_KEY, ROW))},
        ),
        "draft of what staff key in": Kind(
            ("own.seal_draft",),
            lambda key, draft: seal_draft(keyed_secret(key, draft), b"said"),
            lambda sealed, key, draft: open_draft(keyed_secret(key, draft), sealed),
            b"said",
            {"key": TO_PERSON, "draft": ROWS},
        ),
        "own copy": Kind(
            ("own.seal_copy",),
            lambda visitor: seal_copy(visitor, b"said"),
            lambda sealed, visitor: open_copy(visitor, sealed),
            b"said",
            {"visitor": (VISITOR, OTHER_VISITOR)},
        ),
        "grant": Kind(
            ("keyring.grant", "seal.PublicKey.seal"),
            lambda key, agency, person: grant(agency, key.public(), person),
            lambda sealed, key, agency, person: open_grant(key, sealed, agency.key_id, person).raw,
            AGENCY.raw,
            {"key": TO_PERSON, "agency": (AGENCY, TO_AGENCY[3]), "person": PEOPLE},
            lambda key, agency, person: _grant_context(agency.key_id, key.key_id, person),
        ),
        "voucher of a grant": Kind(
            ("keyring.voucher",),
            lambda agency, key, person: voucher(agency, key.public(), person),
            lambda sealed, agency, key, person: _true(
                is_vouched(agency, key.public(), person, sealed)
            ),
            "holds",
            {"agency": TO_AGENCY, "key": TO_PERSON[:3], "person": PEOPLE},
        ),
        "session": Kind(
            ("keyring.seal_person_key",),
            lambda session, key, person: seal_person_key(session, key, person),
            lambda sealed, session, key, person: (
                open_person_key(session, sealed, key.key_id, person).raw
            ),
            PERSON_KEY.raw,
            {
                "session": (SESSION, OTHER_SESSION),
                "key": (PERSON_KEY, TO_PERSON[3]),
                "person": PEOPLE,
            },
        ),
        "locked key": Kind(
            ("keyring.lock_person_key",),
            lambda passphrase, pepper, person, key: lock_person_key(
                key, passphrase, pepper, person, cost=CHEAP
            ),
            lambda sealed, passphrase, pepper, person, key: (
                unlock_person_key(sealed, passphrase, pepper, person, key.key_id).raw
            ),
            PERSON_KEY.raw,
            {
                "passphrase": WRONG_PASSPHRASE,
                "pepper": (PEPPER, bytes(32)),
                "person": PEOPLE,
                "key": (PERSON_KEY, TO_PERSON[3]),
            },
            refused=(EnvelopeDamaged, PassphraseWrong),  # only its form tells damage from a slip
        ),
        "key locked for recovery": Kind(
            ("recovery.lock_for_recovery",),
            lambda code, pepper, person, key: lock_for_recovery(key, code, pepper, person),
            lambda sealed, code, pepper, person, key: (
                unlock_for_recovery(sealed, code, pepper, person, key.key_id).raw
            ),
            PERSON_KEY.raw,
            {
                "code": (CODE, OTHER_CODE),
                "pepper": (PEPPER, bytes(32)),
                "person": PEOPLE,
                "key": (PERSON_KEY, TO_PERSON[3]),
            },
            refused=(RecoveryCodeWrong,),
        ),
        "an app's secret": Kind(
            ("totp.seal_totp",),
            lambda key, person, factor: seal_totp(key.public(), APP, person, factor),
            lambda sealed, key, person, factor: open_totp(key, sealed, person, factor),
            APP,
            {"key": TO_PERSON, "person": PEOPLE, "factor": ROWS},
            lambda key, person, factor: totp_place(key.key_id, person, factor),
        ),
        "an app's secret that waits": Kind(
            ("totp.keep_totp",),
            lambda session: keep_totp(session, APP),
            lambda sealed, session: kept_totp(session, sealed),
            APP,
            {"session": (SESSION, OTHER_SESSION)},
        ),
        "agency's key to the recovery key": Kind(
            ("printed_key.seal_to_printed",),
            lambda agency, key: seal_to_printed(agency, key.public()),
            lambda sealed, agency, key: open_with_printed(key, sealed, agency.key_id).raw,
            AGENCY.raw,
            {"key": TO_PERSON, "agency": (AGENCY, TO_AGENCY[3])},
            lambda agency, key: _sealed_place(agency.key_id, key.key_id),
        ),
        "vouched recovery key": Kind(
            ("printed_key.vouch",),
            lambda agency, key: vouch(agency, key.public()),
            lambda sealed, agency, key: vouched(agency, sealed, key.key_id).raw,
            PERSON_KEY.public().raw,
            {"agency": TO_AGENCY, "key": (PERSON_KEY, TO_PERSON[3])},
        ),
        "secret of the index": Kind(
            ("blind.seal_index_secret",),
            lambda key, agency: seal_index_secret(key, IndexSecret(agency, KEY)),
            lambda sealed, key, agency: open_index_secret(key, agency, sealed).raw,
            KEY,
            {"key": TO_AGENCY, "agency": ("soc", "pol")},
        ),
        "backup": Kind(
            ("backup.StreamSealer.add", "backup.StreamSealer.finish"),
            _stream,
            lambda sealed, key: b"".join(open_stream(key, io.BytesIO(sealed))),
            b"said",
            {"key": (BACKUP, OTHER_BACKUP, PrivateKey(BACKUP.key_id, OTHER_BACKUP.raw))},
        ),
        "directory key": Kind(
            ("directory_signing.lock_directory_key",),
            lambda passphrase: lock_directory_key(SIGNING, passphrase, cost=CHEAP),
            lambda sealed, passphrase: unlock_directory_key(sealed, passphrase).seed,
            SIGNING.seed,
            {"passphrase": WRONG_PASSPHRASE},
            refused=(EnvelopeDamaged, PassphraseWrong),  # as of the locked key
        ),
        "signed entry": Kind(
            ("directory_signing.DirectorySigningKey.sign",),
            lambda key, kind, body: key.sign(kind, body),
            lambda sealed, key, kind, body: _true(key.public().has_signed(kind, body, sealed)),
            "holds",
            {
                "key": (SIGNING, OTHER_SIGNING),
                "kind": ("membership", "agency_key"),
                "body": ("said", "said "),
            },
        ),
        "signed note": Kind(
            ("signed_note.NoteSigner.sign",),
            lambda key: key.sign("ankkuri.invalid", "said\n").encode(),
            lambda sealed, key: key.public().read(sealed.decode("utf-8", "surrogateescape")),
            ("ankkuri.invalid", "said\n"),
            {"key": (NOTES, OTHER_NOTES)},
            refused=(NoteForged,),
        ),
    }
)
