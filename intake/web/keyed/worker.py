"""A member of an agency who types what somebody told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from intake.domain.directory import Kind
from intake.domain.keyed import Channel, KeyedIn
from intake.domain.message import Message, mark
from intake.domain.people import Permission
from intake.domain.report import Worry
from intake.language import Language
from intake.services.draft import Answers
from intake.services.route import Plan
from intake.services.sign_in import Visit
from intake.services.status import AgencyStatus
from intake.vault.keyring import keyed_secret
from intake.web.forms.base import token_key
from intake.web.forms.report_form import Around, Taking
from intake.web.keyed.words import StaffLanguage
from intake.web.page import reader_language
from intake.web.reporter.plan_words import Told
from intake.web.reporter.visitor import Door, Visitor

DRAFT = "ankkuri.keyed_draft"  # of the request's environment: the id in the draft's address
ITS_OWN = mark(
    "Your agency (%(agency)s) knows this worry already and is one of its recipients. Its deadlines "
    "count from the arrival, %(at)s, and you may take the report up as soon as it is sent."
)
NOT_NAMED = mark(
    "Your agency (%(agency)s) knows this worry already, but the routing rules do not name it. The "
    "report goes to the recipients below. Your agency gets no copy from this service, only the "
    "receipt: record in its own client system what it must record."
)
NOBODY = mark(
    "Your agency (%(agency)s) knows this worry already. Nothing is sent to anybody: handle the "
    "worry at your agency and in its own client system."
)
SAME_AUTHORITY = mark(
    "%(agency)s is another unit of the same authority: deadlines set by law count there from the "
    "arrival, %(at)s."
)


def bookmark_of(visit: Visit) -> str:
    """The name of the cookie that remembers which draft this person had open."""
    return f"ankkuri_keyed_{visit.person.id.hex}"


@dataclass(frozen=True)
class StaffDoor(Door):
    """The pages of a worry for those who key in what others told."""

    def arrived(self) -> Visitor:
        """The person who is signed in, at the draft that the address names."""
        visit: Visit = current_user.visit
        draft: UUID = request.environ[DRAFT]
        secret = keyed_secret(visit.key, draft)
        return Worker(self, secret, known=True, visit=visit, draft=draft)

    def language(self) -> Language:
        """The reader's language, which speaks of the reporter."""
        return StaffLanguage(reader_language().code)

    def around(self, kind: str = "", topics: Sequence[str] = ()) -> Around:
        """Also: the agencies that may have got the worry, and the time."""
        theirs = current_user.visit.person.agencies(Permission.KEY_IN)
        agencies = tuple(self.directory.agency(agency) for agency in sorted(theirs))
        return replace(super().around(kind, topics), taking=Taking(agencies, self.now()))

    def referral_href(self, each: AgencyStatus) -> str:
        """The referral of one's own agency."""
        if each.agency.id not in current_user.visit.person.agencies(Permission.READ_REFERRALS):
            return ""
        return url_for("agency.referral", referral_id=each.referral_id)


@dataclass(kw_only=True)
class Worker(Visitor):
    """Its secret comes of the person's own key and the draft's address."""

    visit: Visit
    draft: UUID

    @property
    def token_key(self) -> bytes:
        """The key of the session's form tokens, as on every page of staff."""
        return token_key(self.door.door_secret, self.visit.secret.csrf_key)

    def send(self, worry: Worry, answers: Answers, plan: Plan, now: datetime) -> None:
        """Send it as keyed in by this person."""
        self.door.submit(
            self.secret,
            worry,
            answers,
            now,
            plan=plan,
            draft=self.kept.sealed,
            keyed=self.keyed_in(answers),
            language=self.door.language().code,
        )

    def told(self, plan: Plan, worry: Worry, answers: Answers) -> Told:
        """Also: what the agency that knows the worry gets, and the duty of who keys it in.

        A professional's report by telephone to social services has met the duty to notify; anybody
        else's member of staff has that duty too (417/2007 §25).
        """
        keyed, kinds = self.keyed_in(answers), {share.agency.kind for share in plan.shares}
        return replace(
            super().told(plan, worry, answers),
            duty_unmet=not {Kind.SOC} & {keyed.agency.kind, *kinds},
            known_already=tuple(self._known_already(plan, keyed)),
        )

    def keyed_in(self, answers: Answers) -> KeyedIn:
        """Who keys it in, of checked answers."""
        arrival, person = answers["arrival"], self.visit.person
        role = person.role_at(arrival["agency"])
        assert role is not None  # noqa: S101 # nosec B101 # the form offers one's own agencies alone
        return KeyedIn(
            person.id,
            person.name,
            role,
            self.door.directory.agency(arrival["agency"]),
            Channel(arrival["channel"]),
            datetime.fromisoformat(arrival["arrived_at"]),
            arrival["late_reason"].strip(),
        )

    def answered(self, response: Response | BaseResponse) -> Any:
        """The response, with a bookmark at a draft that has been begun."""
        if self.kept.sealed is not None:
            self.door.cookies.bookmark(response, bookmark_of(self.visit), self.draft)  # type: ignore[arg-type]  # Flask's own response
        return response

    def forgotten(self, response: Response | BaseResponse) -> Any:
        """The response, with the bookmark taken out."""
        self.door.cookies.forget(response, bookmark_of(self.visit))  # type: ignore[arg-type]  # Flask's own response
        return response

    def _known_already(self, plan: Plan, keyed: KeyedIn) -> list[str]:
        agencies = [share.agency for share in plan.shares]
        if not agencies:
            said = [Message(NOBODY, {"agency": keyed.agency.name})]
        else:
            own = any(keyed.is_known_at(agency) for agency in agencies)
            params = {"agency": keyed.agency.name, "at": keyed.arrived_at}
            said = [Message(ITS_OWN if own else NOT_NAMED, params)]
        said += [
            Message(SAME_AUTHORITY, {"agency": agency.name, "at": keyed.arrived_at})
            for agency in agencies
            if keyed.arrived_at_authority(agency) and not keyed.is_known_at(agency)
        ]
        return [self.door.language().message(message) for message in said]
