"""One line of the trail and the bytes that stand for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

KEPT_YEARS = 12
"""How long a line is kept: the use and disclosure logs of 703/2023 §10."""


class Action(StrEnum):
    """What was done. Moves are recorded under their own names as ``move:<name>``."""

    SEND = "send"
    CANARY = "canary"
    KEY_IN = "key_in"
    OPEN = "open"
    PRINT = "print"
    LOOK = "look"
    ACCESS = "access"
    RECTIFY = "rectify"
    EXTRACT = "extract"
    DISCLOSE = "disclose"
    NOTE = "note"
    SHOW_PROTECTED = "show_protected"
    RECUSE = "recuse"
    LIFT_RECUSAL = "lift_recusal"
    ASK_SECTIONS = "ask_sections"
    GRANT_SECTIONS = "grant_sections"
    REFUSE_SECTIONS = "refuse_sections"
    WITHDRAW_SECTIONS = "withdraw_sections"
    REFUSED = "refused"
    DAMAGED = "damaged"
    FIRST_STEP = "first_step"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    CONFIRM = "confirm"
    CONFIRM_FAILED = "confirm_failed"
    NOT_FRESH = "not_fresh"
    ADD_FACTOR = "add_factor"
    REMOVE_FACTOR = "remove_factor"
    MAKE_CODES = "make_codes"
    END_SESSION = "end_session"
    FORGET_DEVICE = "forget_device"
    CHANGE_PASSPHRASE = "change_passphrase"  # noqa: S105 # nosec B105 # a word of the trail
    GRANT = "grant"
    CHASE = "chase"
    PRESS = "press"
    TRY_AGAIN = "try_again"
    TAKE_OUT_HALF_YEAR = "take_out_half_year"
    REPORT_HALF_YEAR = "report_half_year"
    UNREPORT_HALF_YEAR = "unreport_half_year"
    RECOUNT = "recount"
    EXTEND = "extend"
    EXPORT = "export"
    ABSENT = "absent"
    ABSENCE_WITHDRAWN = "absence_withdrawn"
    READ_TRAIL = "read_trail"
    CHANGE_DIRECTORY = "change_directory"
    PROPOSE_DIRECTORY = "propose_directory"
    CONFIRM_DIRECTORY = "confirm_directory"
    REFUSE_DIRECTORY = "refuse_directory"
    PROPOSE_RULES = "propose_rules"
    PUBLISH_RULES = "publish_rules"
    WITHDRAW_RULES = "withdraw_rules"
    DISCARD_RULES = "discard_rules"
    REHEARSE_RULES = "rehearse_rules"
    REPLAY_RULES = "replay_rules"
    INVITE = "invite"
    WITHDRAW_INVITATION = "withdraw_invitation"
    JOIN = "join"
    NEW_KEY = "new_key"
    GIVE_ROLE = "give_role"
    END_ROLE = "end_role"
    WITHDRAW_GRANT = "withdraw_grant"
    CHANGE_KEY = "change_key"
    NEW_RECOVERY_CODE = "new_recovery_code"
    RECOVER = "recover"
    RECOVER_FAILED = "recover_failed"
    MAKE_SHEETS = "make_sheets"
    TAKE_SEALED_KEYS = "take_sealed_keys"
    RECOVER_KEY = "recover_key"
    CHANGE_PERSON = "change_person"
    LEAVE = "leave"
    WITHOUT_WORKER = "without_worker"
    DELETE_CONTENT = "delete_content"
    HOLD_CONTENT = "hold_content"
    RELEASE_CONTENT = "release_content"
    PROPOSE_ENTRY = "propose_entry"
    CONFIRM_ENTRY = "confirm_entry"
    REFUSE_ENTRY = "refuse_entry"
    SIGN_ENTRY = "sign_entry"
    BAD_ENTRY = "bad_entry"
    BACK_UP = "back_up"
    RESTORE = "restore"


OF_SIGNING_IN = (
    Action.FIRST_STEP,
    Action.SIGN_IN,
    Action.SIGN_IN_FAILED,
    Action.CONFIRM_FAILED,
    Action.RECOVER,
    Action.RECOVER_FAILED,
)
"""What people are shown of their own signing in."""


PAGE = "page"
TOKEN = "form token, page"  # noqa: S105 # nosec B105 # a word of the trail
"""Before the name of a page that was refused: whose page it is not, and whose form it was not."""
PROOF = "proof of one line"
"""Why an operator read one line."""
HANDLING = "handling the referral"
"""Why a report is read or printed; the parts that were read stand behind it."""


class ReadingBasis(StrEnum):
    """What a reading rests on that is of no one report: defaults, which each controller's lawyer
    confirms. A report itself is read on the basis on which its agency got it.
    """

    TASK = "GDPR 6(1)(e)"
    OVERSIGHT = "GDPR 39(1)(b)"
    EXTRACT = "GDPR 15"


LONGEST_BASIS = 160
"""What a line has room for."""
_MORE = "…"


def joined(references: Iterable[str]) -> str:
    """References to provisions, or consents, as one basis: whole ones alone, as many as fit; at the
    end what says that there are more, also if one of them said so.
    """
    every = list(dict.fromkeys(one for each in references for one in each.split("; ")))
    whole = [one for one in every if one != _MORE]
    told: list[str] = []
    for one in whole:
        if len("; ".join([*told, one, _MORE])) > LONGEST_BASIS:
            break
        told.append(one)
    return "; ".join(told if len(told) == len(every) else [*told, _MORE])


def kept_since(now: datetime) -> datetime:
    """The instant before which lines have had their time."""
    try:
        return now.replace(year=now.year - KEPT_YEARS)
    except ValueError:  # 29 February
        return now.replace(year=now.year - KEPT_YEARS, day=28)


@dataclass(frozen=True)
class TrailLine:
    """Who did what to which referral, when, in which role, why and on which basis.

    ``writer`` and ``sequence`` number the lines of one connection to the database without a gap.
    ``sealed_detail``: what would tell of a child, sealed to the agency's key ``detail_key_id``.
    ``recipient``: the agency to which something of a report was disclosed.
    """

    id: UUID
    writer: UUID
    sequence: int
    at: datetime
    action: str
    person_id: UUID | None = None
    role: str | None = None
    agency_id: str | None = None
    referral_id: UUID | None = None
    purpose: str | None = None
    basis: str | None = None
    detail_key_id: str | None = None
    sealed_detail: bytes | None = None
    recipient: str | None = None

    def canonical(self) -> bytes:
        """The line as bytes that never vary: a JSON array of its fields in their order, UTF-8.

        Instants are UTC with microseconds, identifiers are lower-case hexadecimal with hyphens,
        absent values are null. The sealed detail, where there is one, stands as its SHA-256; the
        recipient stands last, where there is one.
        """
        fields = [
            "ankkuri-trail-1",
            str(self.id),
            str(self.writer),
            self.sequence,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.action,
            str(self.person_id) if self.person_id else None,
            self.role,
            self.agency_id,
            str(self.referral_id) if self.referral_id else None,
            self.purpose,
            self.basis,
        ]
        if self.sealed_detail is not None:
            fields += [self.detail_key_id, hashlib.sha256(self.sealed_detail).hexdigest()]
        elif self.detail_key_id is not None:
            fields += [self.detail_key_id, None]
        if self.recipient is not None:
            fields.append(self.recipient)
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()

    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        return canonical_digest(self.canonical())


def canonical_digest(canonical: bytes) -> bytes:
    """The digest of a line's canonical bytes."""
    return hashlib.sha256(canonical).digest()
