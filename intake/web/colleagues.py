"""An agency's members: who can open, who waits for the key, and giving it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask_login import current_user

from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.people import Permission
from intake.services.colleagues import AgencyMembers, Colleague, Colleagues
from intake.services.enrol import Enrol, GrantRefused
from intake.services.rotate import Rotate
from intake.services.sign_in import Visit
from intake.web.forms.base import PageForm, token_key
from intake.web.forms.people import ButtonForm, GiveKeyForm
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock, reader_language, render

AT_ONCE_SECONDS = 1.0  # of work in one request


@dataclass(frozen=True)
class _Members:
    colleagues: Colleagues
    enrol: Enrol
    rotate: Rotate
    directory: Directory
    refuse: Refusal
    door_secret: bytes
    now: Clock

    def keys(self, visit: Visit) -> Response:
        """The members of one's own agencies, and the words of one's keys while one waits."""
        agencies = self.colleagues(visit, local_date(self.now()))
        mine = [m for a in agencies for m in a.members if m.id == visit.person.id]
        return render(
            "agency/keys.html",
            agencies=[(self.directory.agency(one.agency), one) for one in agencies],
            waits=not all(member.opens for member in mine),
            words=self.colleagues.words(visit),
            given=request.args.get("given", ""),
        )

    def give_key(self, visit: Visit, agency_id: str, person_id: UUID) -> Any:
        """Give the agency's key to a colleague who waits for it."""
        agency = self._agency(visit, agency_id)
        colleague = next((m for m in agency.waiting if m.id == person_id), None)
        if not agency.opens or colleague is None:
            self.refuse(visit, "colleagues.give_key")
            abort(404)
        form = self._form(visit, GiveKeyForm)
        status = self._act(
            form,
            lambda: self.enrol.grant(
                visit, agency_id, colleague.sign_in_name, self.now(), words=form.words.cleaned
            ),
        )
        if status == 303:
            return redirect(url_for("colleagues.keys", given=agency_id), 303)
        return self._page("agency/give_key.html", status, form, agency, colleague)

    def new_key(self, visit: Visit, agency_id: str) -> Any:
        """Make a key for an agency whose key nobody has."""
        agency = self._agency(visit, agency_id)
        if agency.held:
            self.refuse(visit, "colleagues.new_key")
            abort(404)
        form = self._form(visit, ButtonForm)
        status = self._act(form, lambda: self.enrol.new_key(visit, agency_id, self.now()))
        if status == 303:
            return redirect(url_for("colleagues.keys", given=agency_id), 303)
        return self._page("agency/new_key.html", status, form, agency, None)

    def change_key(self, visit: Visit, agency_id: str) -> Any:
        """Make a new key in the place of the one in use; then the page that goes on by itself."""
        agency = self._opened(visit, agency_id)
        form = self._form(visit, ButtonForm)
        begun: list[bool] = []
        status = self._act(
            form, lambda: begun.append(self.rotate.begin(visit, agency_id, self.now()))
        )
        if status == 303 and not all(begun):
            return redirect(url_for("colleagues.keys"), 303)  # which says what the key waits for
        if status == 303:
            return redirect(url_for("colleagues.changing", agency_id=agency_id), 303)
        return self._page("agency/change_key.html", status, form, agency, None)

    def changing(self, visit: Visit, agency_id: str) -> Response:
        """Seal anew for about a second, and say how far it is. The browser asks again by itself."""
        agency = self._opened(visit, agency_id)
        stands = "stand" in request.args
        ended, damaged = (False, 0) if stands else self._seal_anew(visit, agency_id)
        progress = self.rotate.progress(visit, agency_id)
        goes_on = not (stands or ended) and progress.left > 0
        response = render(
            "agency/changing.html",
            agency=self.directory.agency(agency.agency),
            progress=progress,
            goes_on=goes_on,
            damaged=damaged if ended else 0,
        )
        if goes_on:
            response.headers["Refresh"] = "1"
        return response

    def _seal_anew(self, visit: Visit, agency_id: str) -> tuple[bool, int]:
        """Whether it came to its end, and how much was met that does not open."""
        enough = monotonic() + AT_ONCE_SECONDS
        damaged = 0
        try:
            for reached in self.rotate.steps(visit, agency_id, self.now()):
                damaged = reached.damaged
                if monotonic() > enough:
                    return False, damaged
        except GrantRefused:
            self.refuse(visit, request.endpoint or "")
            abort(404)
        return True, damaged

    def _opened(self, visit: Visit, agency_id: str) -> AgencyMembers:
        """One of one's own agencies whose key one has."""
        agency = self._agency(visit, agency_id)
        if not agency.opens:
            self.refuse(visit, request.endpoint or "")
            abort(404)
        return agency

    def _agency(self, visit: Visit, agency_id: str) -> AgencyMembers:
        """One of one's own agencies."""
        agencies = {one.agency: one for one in self.colleagues(visit, local_date(self.now()))}
        if agency_id not in agencies:
            self.refuse(visit, request.endpoint or "")
            abort(404)
        return agencies[agency_id]

    def _form(self, visit: Visit, kind: type[PageForm]) -> Any:
        key = token_key(self.door_secret, visit.secret.csrf_key)
        typed = request.form if request.method == "POST" else None
        return kind(typed, language=reader_language(), token_key=key)

    def _act(self, form: PageForm, act: Callable[[], None]) -> int:
        """Do it; 303, or the status of the page that says why not."""
        if request.method == "GET":
            return 200
        if not form.validate():
            return 422
        try:
            act()
        except GrantRefused as refused:
            told = form.say(refused.message)
            if "words" in form:
                form["words"].errors = [told]
            else:
                form.form_errors.append(told)
            return 422
        return 303

    def _page(
        self,
        template: str,
        status: int,
        form: PageForm,
        agency: AgencyMembers,
        colleague: Colleague | None,
    ) -> Response:
        return render(
            template,
            status,
            form=form,
            agency=self.directory.agency(agency.agency),
            colleague=colleague,
            back_href=url_for("colleagues.keys"),
        )


def make_blueprint(
    *,
    colleagues: Colleagues,
    enrol: Enrol,
    rotate: Rotate,
    directory: Directory,
    refuse: Refusal,
    door_secret: bytes,
    now: Clock,
) -> Blueprint:
    """The routes, and the lines that an agency's inbox shows above its reports."""
    blueprint = Blueprint("colleagues", __name__)
    entrance = Entrance(blueprint, refuse)
    members = _Members(colleagues, enrol, rotate, directory, refuse, door_secret, now)
    give = Permission.GIVE_KEYS
    entrance.route("/keys", give)(members.keys)
    both, one = ("GET", "POST"), "/keys/<agency_id>/<uuid:person_id>"
    entrance.route("/keys/<agency_id>/new", give, both, fresh=True)(members.new_key)
    entrance.route("/keys/<agency_id>/change", give, both, fresh=True)(members.change_key)
    entrance.route("/keys/<agency_id>/changing", give)(members.changing)
    entrance.route(one, give, both, fresh=True)(members.give_key)

    @blueprint.app_context_processor
    def news() -> dict[str, Any]:
        def of_members() -> Any:
            return colleagues.news(current_user.visit, local_date(now()))

        return {"news_of_members": of_members}

    return blueprint
