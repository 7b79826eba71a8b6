"""Is the process alive, and can it serve? For a proxy or a watcher; open to anyone, and bare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response

from intake.web.guards import open_route

Ready = Callable[[], str | None]
"""What keeps the process from serving, in a word or two; None if nothing does."""


def make_blueprint(ready: Ready, notice: Callable[[], str]) -> Blueprint:
    """``/healthz`` and ``/readyz``: one short line of text each.

    ``notice``: what is wrong elsewhere, if anything. It stands in a second line and does not make
    the process unready: it serves all the same.
    """
    blueprint = Blueprint("probe", __name__)

    @open_route(blueprint, "/healthz")
    def alive() -> Any:
        return _line("alive", 200)

    @open_route(blueprint, "/readyz")
    def serves() -> Any:
        fault = ready()
        if fault:
            return _line(f"not ready: {fault}", 503)
        wrong = notice()
        return _line(f"ready\n{wrong}" if wrong else "ready", 200)

    return blueprint


def _line(text: str, status: int) -> Response:
    response = make_response(f"{text}\n", status)
    response.mimetype = "text/plain"
    return response
