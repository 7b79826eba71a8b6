"""Take a worry in: sealed, routed and stored in one transaction, or not at all."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from intake.domain.canary import MET_BY, STEP
from intake.domain.chase import ChaseAt
from intake.domain.contents import TYPED
from intake.domain.deadline import local_date
from intake.domain.decision import brief
from intake.domain.keyed import KeyedIn
from intake.domain.people import Role
from intake.domain.referral import State
from intake.domain.report import Worry, canonical, kinds_of
from intake.domain.row_id import new_id
from intake.domain.trail import Action, joined
from intake.services.draft import Answers, DraftChanged
from intake.services.notify import seal_notice
from intake.services.open_content import content_of
from intake.services.refer import Refer, Referred
from intake.services.route import Plan, Route, Share
from intake.store import drafts, reports, trail
from intake.store.database import Database
from intake.store.prepared import NothingToErase
from intake.vault.draw import Draws
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.own import ReceiptCode, VisitorSecret, open_copy, seal_copy
from intake.vault.seal import FactsSealer, PublicKey, seal_sections

KEYED_IN = "keyed in"
log = logging.getLogger(__name__)


class NobodyMayGetThis(Exception):
    """The rules give this worry to no agency as it stands; ``plan`` says why."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("no recipient")
        self.plan = plan


@dataclass(frozen=True)
class Receipt:
    """Proof that a report is stored."""

    code: ReceiptCode
    report_id: UUID
    received_at: datetime
    acknowledged: bool
    copy: Answers | None


@dataclass(frozen=True)
class Submit:
    """Sends a draft. Sending the same draft again gives the same receipt."""

    database: Database
    route: Route
    refer: Refer
    facts: FactsSealer
    replay_key: PublicKey

    def __call__(
        self,
        secret: VisitorSecret,
        worry: Worry,
        answers: Answers,
        now: datetime,
        *,
        plan: Plan | None = None,
        draft: bytes | None = None,
        keyed: KeyedIn | None = None,
        language: str = "fi",
        canary: UUID | None = None,
    ) -> None:
        """Returns once the report is durably stored and the draft is gone.

        ``plan``: how the worry is routed at ``now``, if the caller knows already; ``draft``: the
        seal of the draft that the answers were read from, None to take any that is there;
        ``keyed``: who took the worry elsewhere: they get no copy, and the trail names them;
        ``language``: that of letters to the reporter; ``canary``: what an invented report that only
        tries a route becomes.

        Raises NobodyMayGetThis or NobodyCanOpen before anything is written, and DraftChanged where
        another window has saved the draft meanwhile; these and a database error leave it as it is.
        """
        plan = plan or self.route(worry, now)
        if not plan.shares:
            raise NobodyMayGetThis(plan)
        for last_try in (False, True):
            filing = self._filing(secret, worry, answers, plan, now, keyed, language, canary)
            try:
                self._store(secret, filing, plan, draft, now, keyed, canary)
            except (IntegrityError, NothingToErase) as error:
                if self.was_sent(secret):
                    return
                if isinstance(error, NothingToErase):
                    raise DraftChanged from None
                if last_try:
                    raise
            else:
                return

    def was_sent(self, secret: VisitorSecret) -> bool:
        """Whether this visitor's draft has become a report."""
        with self.database.read() as connection:
            return reports.was_sent(connection, secret.draft_id)

    def receipt(self, secret: VisitorSecret) -> Receipt | None:
        """The receipt of this visitor's draft, as often as it is asked for."""
        with self.database.read() as connection:
            row = reports.receipt_of_draft(connection, secret.draft_id)
        if row is None:
            return None
        return Receipt(
            code=secret.receipt_code,
            report_id=row.report_id,
            received_at=row.created_at,
            acknowledged=row.acknowledged_at is not None,
            copy=_opened(secret, row.sealed_copy) if row.sealed_copy else None,
        )

    def acknowledge(self, secret: VisitorSecret, now: datetime) -> None:
        """The reporter has noted the code: the own copy is erased."""
        with self.database.write() as connection:
            reports.acknowledge(connection, secret.draft_id, now)

    def _store(
        self,
        secret: VisitorSecret,
        filing: reports.Filing,
        plan: Plan,
        draft: bytes | None,
        now: datetime,
        keyed: KeyedIn | None,
        canary: UUID | None,
    ) -> None:
        by = {"person_id": keyed.person_id, "role": keyed.role} if keyed else {}
        shares = {share.agency.id: share for share in plan.shares}
        sent = [
            {
                "agency_id": referral["agency_id"],
                "referral_id": referral["id"],
                "recipient": referral["agency_id"],
                **_disclosed(shares[referral["agency_id"]]),
                **by,
            }
            for referral in filing.referrals
        ]
        action = Action.CANARY if canary else Action.SEND
        with self.database.write_alone() as connection:
            lines = trail.lines(connection, at=now, action=action, about=sent)
            if keyed:
                disclosed = [
                    line
                    | {
                        "agency_id": keyed.agency.id,
                        "purpose": f"{KEYED_IN}: {line['purpose']}",
                    }
                    for line in sent
                ]
                lines += trail.lines(connection, at=now, action=Action.KEY_IN, about=disclosed)
            erasure = drafts.erasure(secret.draft_id, unchanged=draft)
            reports.file(connection, filing, lines, erasure)

    def _filing(
        self,
        secret: VisitorSecret,
        worry: Worry,
        answers: Answers,
        plan: Plan,
        now: datetime,
        keyed: KeyedIn | None,
        language: str,
        canary: UUID | None,
    ) -> reports.Filing:
        report_id = canary or new_id(now)
        read_by_some = {slot for share in plan.shares for slot in share.slots}
        contents = {
            slot: content for slot, content in worry.sections().items() if slot in read_by_some
        }
        draw = Draws()
        sealed, keys = seal_sections(report_id, contents, draw)
        facts = self.facts.seal(report_id, canonical(_replayable(plan)), draw)
        referred = self.refer(report_id, worry, plan, keys, now, keyed, draw)
        if canary:
            _make_canary(referred, now)
        return reports.Filing(
            report={"id": report_id, "received_at": now},
            sections=[
                {"report_id": report_id, "slot": slot, "sealed_content": content}
                for slot, content in sealed.items()
            ],
            receipt={
                "lookup_id": secret.receipt_code.lookup_id,
                "report_id": report_id,
                "draft_id": secret.draft_id,
                "sealed_copy": None if keyed else seal_copy(secret, canonical(answers), draw),
                "created_at": now,
            },
            notice=self._notice(report_id, answers, now, language),
            facts_key={
                "id": facts.key_id,
                "sealed_key": facts.sealed_key,
                "created_at": now,
            },
            decision={
                "report_id": report_id,
                "facts_key_id": facts.key_id,
                "sealed_facts": facts.sealed_facts,
                "rules_digest": plan.rules_digest,
                "calendar_version": self.route.calendar.version,
                "decided_at": now,
            },
            referrals=referred.referrals,
            wraps=referred.wraps,
            deadlines=referred.deadlines,
        )

    def _notice(
        self, report_id: UUID, answers: Answers, now: datetime, language: str
    ) -> dict[str, Any] | None:
        address = answers["reporter"].get("notice_address", "").strip()
        if not address:
            return None
        sealed = seal_notice(self.replay_key, report_id, address, language)
        return {"report_id": report_id, "sealed_address": sealed, "created_at": now}


def _disclosed(share: Share) -> dict[str, str]:
    """Which parts a recipient gets, and on which provisions or whose consent (703/2023 §10)."""
    return {
        "purpose": kinds_of(sorted(share.slots)),
        "basis": joined(basis.law or basis.id for basis in share.bases),
    }


def _make_canary(referred: Referred, now: datetime) -> None:
    """Nobody is to do anything; the sweep alone must come by, at once."""
    for referral in referred.referrals:
        referral["state"] = State.CANARY.value
    step = ChaseAt(STEP, Role.WORKER, now, allows_standby=False)
    for deadline in referred.deadlines:
        deadline |= {"met_at": now, "met_on": local_date(now), "met_by": MET_BY}
        deadline |= {"steps": [step.entry], "next_chase_at": now}


def digest_of(plan: Plan) -> str:
    """SHA-256 (hex) of who gets what: agencies in their order, which of them lead, their slots.

    What the reader was shown and what is sent have the same, or it is not sent.
    """
    shares = [[share.agency.id, share.lead, sorted(share.slots)] for share in plan.shares]
    return hashlib.sha256(canonical(shares)).hexdigest()


def _replayable(plan: Plan) -> dict[str, Any]:
    """What a replay needs and compares: the facts as they went in, whose tables decided and where
    the child is, and what came out by name. Titles and texts follow from the rule set's digest.
    """
    return {
        "facts": list(plan.facts),
        "areas": list(plan.areas),
        "places": list(plan.places),
        "outcomes": [brief(decision) for decision in plan.outcomes],
    }


def _opened(secret: VisitorSecret, sealed: bytes) -> Answers | None:
    """The own copy; None where it is damaged, for the code is worth more than the copy."""
    try:
        answers: Answers = content_of(open_copy(secret, sealed), TYPED)
    except EnvelopeDamaged:
        log.error("a reporter's own copy does not open")
        return None
    return answers
