"""Who may enter where: every route declares one permission, and nothing opens without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, url_for
from flask_login import current_user

from intake.domain.people import Permission
from intake.domain.trail import PAGE, TOKEN, Action
from intake.web.forms.base import FORGED
from intake.web.looked import leaves_line

if TYPE_CHECKING:  # the reporter's door imports this module and must not bring the keyring in
    from intake.services.sign_in import Visit

View = TypeVar("View", bound=Callable[..., Any])


_FILES = "static"  # Flask's own


class Refusal(Protocol):
    """Leaves the lines of those who come to a staff door."""

    def __call__(
        self,
        visit: Visit,
        what: str,
        action: Action = Action.REFUSED,
        *,
        referral_id: UUID | None = None,
        deadline_id: UUID | None = None,
        why: str = PAGE,
    ) -> None:
        """Of a page that is not theirs, that asks for a fresh factor first, or whose form's token
        is not theirs.
        """
        ...

    def looked(
        self,
        visit: Visit,
        what: str,
        *,
        referral_id: UUID | None,
        deadline_id: UUID | None,
        agency: str | None,
    ) -> None:
        """Of a page that shows something of reports."""
        ...


class StaffUser:
    """A signed-in person as Flask-Login knows one."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    def get_id(self) -> str:
        """The person's id; sessions are ours, so nothing is loaded by it."""
        return str(self.visit.person.id)


@dataclass(frozen=True)
class Entrance:
    """Adds staff routes to a blueprint; ``refused`` leaves a line in the trail."""

    blueprint: Blueprint
    refused: Refusal

    def route(
        self,
        path: str,
        permission: Permission,
        methods: tuple[str, ...] = ("GET",),
        *,
        fresh: bool = False,
    ) -> Callable[[View], View]:
        """Register a view that only ``permission`` may enter; it is called with the visit first.

        ``fresh``: of an act of weight, which takes a second factor shown a short while ago.
        """

        def register(view: View) -> View:
            @wraps(view)
            def guarded(**arguments: Any) -> Any:
                if not current_user.is_authenticated:
                    if "GET" not in methods:
                        return redirect(url_for("account.sign_in"), 303)
                    # 307: the browser posts what was typed on to the sign-in page, which keeps it
                    code = 303 if request.method == "GET" else 307
                    return redirect(url_for("account.sign_in", next=request.path), code)
                visit: Visit = current_user.visit
                if not visit.person.may(permission):
                    self.refused(visit, request.endpoint or path, **_asked(arguments))
                    abort(403)
                if fresh and not visit.fresh:
                    self.refused(
                        visit, request.endpoint or path, Action.NOT_FRESH, **_asked(arguments)
                    )
                    code = 303 if request.method == "GET" else 307
                    return redirect(url_for("security.confirm", next=_here()), code)
                try:
                    answer = view(visit, **arguments)
                finally:
                    if g.pop(FORGED, False):
                        self.refused(
                            visit, request.endpoint or path, why=TOKEN, **_asked(arguments)
                        )
                if leaves_line(request.endpoint or "") and _is_shown(answer):
                    self._looked(visit, arguments)
                return answer

            guarded.permission = permission  # type: ignore[attr-defined]  # read by the walk
            guarded.fresh = fresh  # type: ignore[attr-defined]  # read by the walk
            self.blueprint.add_url_rule(
                path, endpoint=view.__name__, view_func=guarded, methods=methods
            )
            return view

        return register

    def _looked(self, visit: Visit, arguments: Mapping[str, Any]) -> None:
        agency = request.args.get("agency", "")
        own = visit.person.agencies(Permission.READ_REFERRALS)
        self.refused.looked(
            visit,
            request.endpoint or "",
            **_asked(arguments),
            agency=agency if agency in own else None,
        )


def _asked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Of which referral the address is."""
    return {name: arguments.get(name) for name in ("referral_id", "deadline_id")}


def _is_shown(answer: Any) -> bool:
    return request.method == "GET" and getattr(answer, "status_code", 200) == 200


def _here() -> str:
    """The page that was asked for, with what of its address is ours."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def shut_what_declares_nothing() -> None:
    """Before a request: a view that was added without a permission opens to nobody."""
    if request.endpoint in (None, _FILES):  # nothing is there, or a file of the look
        return
    if not hasattr(current_app.view_functions[request.endpoint], "permission"):
        abort(403)


def open_route(
    blueprint: Blueprint | Flask, path: str, methods: tuple[str, ...] = ("GET",)
) -> Callable[[View], View]:
    """Register a view that anyone may enter."""

    def register(view: View) -> View:
        @wraps(view)
        def anyone(**arguments: Any) -> Any:
            return view(**arguments)

        anyone.permission = Permission.ANYONE  # type: ignore[attr-defined]  # read by the walk
        blueprint.add_url_rule(path, endpoint=view.__name__, view_func=anyone, methods=methods)
        return view

    return register
