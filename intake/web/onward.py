"""Where one goes on to after signing in, or after showing the second factor again."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, url_for

from intake.web.kept import Kept
from intake.web.page import only_this, render


def wanted() -> str:
    """The page of ours that was asked for, else the front."""
    page = request.args.get("next", "")
    ours = page.startswith("/") and not page.startswith(("//", "/\\")) and page.isprintable()
    return page if ours else url_for("account.front")


def go_on(held: Kept | None, owner: str, token: str | None = None) -> Response:
    """To that page; by a button where it is to get back what its ``owner`` typed.

    Without the ``token`` of the session that page shows the text to be checked first.
    """
    if held is None or held.owner != owner:
        return make_response(redirect(wanted(), 303))
    fields = [*held.fields, ("csrf_token", token)] if token else held.fields
    return render(
        "account/kept.html",
        fields=fields,
        next=wanted(),
        checked_first=not token,
        languages=only_this(),
    )
