"""Whoever types a worry at a door: a secret, a draft under it, and the way back to both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.report import Worry
from intake.language import Language
from intake.services.draft import Answers, Draft, Kept
from intake.services.route import Plan, Route
from intake.services.status import AgencyStatus, Status
from intake.services.submit import Submit
from intake.vault.own import VisitorSecret
from intake.web.cookies import Cookies
from intake.web.forms.base import token_key
from intake.web.forms.report_form import Around
from intake.web.page import reader_language, render
from intake.web.reporter.pages import Typed, Way
from intake.web.reporter.plan_words import Told, tell

COOKIE = "ankkuri_draft"
VISITOR = "ankkuri.visitor"  # of the request's environment: `g` can outlive a request
View = Callable[..., Any]
Add = Callable[..., Callable[[View], View]]
"""Adds a view to a door: its path, then its methods. Who may enter is the door's own."""


@dataclass(frozen=True)
class Door:
    """What the pages of a worry may use. This one is the reporter's; staff have one like it."""

    draft: Draft
    route: Route
    submit: Submit
    status: Status
    directory: Directory
    clocks: Mapping[str, Clock]
    door_secret: bytes
    cookies: Cookies
    now: Callable[[], datetime]
    way: Way

    def visitor(self) -> Visitor:
        """The visitor of this request."""
        if VISITOR not in request.environ:
            request.environ[VISITOR] = self.arrived()
        visitor: Visitor = request.environ[VISITOR]
        return visitor

    def arrived(self) -> Visitor:
        """A visitor by the browser's cookie; a new one gets a cookie with the answer."""
        secret = self.cookies.secret(request, COOKIE, VisitorSecret)
        return Visitor(self, secret or VisitorSecret.new(), known=secret is not None)

    def language(self) -> Language:
        """The language that the pages speak to whoever types."""
        return reader_language()

    def around(self, kind: str = "", topics: Sequence[str] = ()) -> Around:
        """What forms need to know, in the reader's language."""
        today = local_date(self.now())
        return Around(self.language(), self.directory, today, kind, tuple(topics))

    def referral_href(self, _each: AgencyStatus) -> str:
        """Where whoever typed the worry may open this agency's referral: a reporter nowhere."""
        return ""


@dataclass
class Visitor:
    """Whoever holds the secret. ``known``: the browser sent it.

    ``kept`` is the draft as this request last read it: what is saved or sent takes its place only
    if no other window has changed it since.
    """

    door: Door
    secret: VisitorSecret
    known: bool
    kept: Kept = field(default_factory=lambda: Kept({}, None))

    @property
    def token_key(self) -> bytes:
        """The key of this visitor's form tokens."""
        return token_key(self.door.door_secret, self.secret.csrf_key)

    @property
    def has_sent(self) -> bool:
        """Whether the draft of this secret has become a report."""
        return self.known and self.door.submit.was_sent(self.secret)

    @property
    def has_no_cookie(self) -> bool:
        """Whether the browser has none: another site's form or picture comes without the one it
        has, a link there brings it along.
        """
        told = request.headers
        by_link = request.method == "GET" and told.get("Sec-Fetch-Dest") == "document"
        return not self.known and (by_link or told.get("Sec-Fetch-Site") != "cross-site")

    def load(self) -> Typed:
        """What has been typed so far."""
        if self.known:
            self.kept = self.door.draft.load(self.secret)
        return self.kept.answers

    def save(self, typed: Typed) -> None:
        """Keep everything typed; what it raises, see ``Draft.save``."""
        door = self.door
        self.kept = Kept(typed, door.draft.save(self.secret, typed, door.now(), self.kept.sealed))

    def send(self, worry: Worry, answers: Answers, plan: Plan, now: datetime) -> None:
        """Send what the draft holds; what it raises, see ``Submit``."""
        draft, language = self.kept.sealed, self.door.language().code
        self.door.submit(
            self.secret, worry, answers, now, plan=plan, draft=draft, language=language
        )

    def around(self, typed: Mapping[str, Any]) -> Around:
        """What the forms of this draft need to know."""
        kinds = typed.get("who", {}).get("kind") or [""]
        topics = typed.get("worry", {}).get("categories") or []
        return self.door.around(kinds[0], topics)

    def told(self, plan: Plan, worry: Worry, _answers: Answers) -> Told:
        """How the check page tells the plan."""
        return tell(plan, worry, self.door.language())

    def show(
        self, template: str, status: int = 200, *, folder: str = "reporter", **context: Any
    ) -> Any:
        """A page for this visitor."""
        return self.answered(render(f"{folder}/{template}.html", status, **context))

    def answered(self, response: Response | BaseResponse) -> Any:
        """The response, with the cookie where the browser has none yet.

        In answer to another site's form, a new one would lock the visitor out of the draft.
        """
        if self.has_no_cookie:
            self.door.cookies.keep(response, COOKIE, self.secret)  # type: ignore[arg-type]  # Flask's own response
        return response

    def forgotten(self, response: Response | BaseResponse) -> Any:
        """The response, with the cookie taken back."""
        self.door.cookies.forget(response, COOKIE)  # type: ignore[arg-type]  # Flask's own response
        return response
