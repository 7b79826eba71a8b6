"""Around every request: its number, its line in the log and its figures.

Of an address only the name of its page is kept: never the path, the query, a cookie or who came.
"""

from __future__ import annotations

import logging
import random
import time

from flask import Response, g, request

from intake import logs, metrics

NOWHERE = "none"
log = logging.getLogger("intake.request")


def outcome(name: str) -> None:
    """Say how what this request was for ended, such as ``stored``; the last word counts."""
    g.outcome = name


def begin() -> None:
    """Before anything else of a request."""
    g.began = time.monotonic()
    # Nine digits: easy to read aloud, unlike a receipt code, and like no telephone number.
    logs.REQUEST.set(str(random.randrange(10**8, 10**9)))  # noqa: S311  # nosec B311 # a name, no secret


def support_code() -> str:
    """The number of this request as a caller reads it: ``482 193 577``."""
    number = logs.REQUEST.get()
    return " ".join((number[:3], number[3:6], number[6:])) if number else ""


def end(response: Response) -> Response:
    """After everything else of a request."""
    seconds = time.monotonic() - g.began
    named = request.endpoint or NOWHERE
    blueprint, dot, page = named.rpartition(".")
    door, endpoint = (blueprint, page) if dot else ("site", named)
    metrics.REQUESTS.labels(door, endpoint, f"{response.status_code // 100}xx").inc()
    metrics.REQUEST_SECONDS.labels(door, endpoint).observe(seconds)
    told = {
        "method": request.method if request.method in _METHODS else "other",
        "endpoint": named,
        "status": response.status_code,
        "ms": round(1000 * seconds, 1),
    }
    if "outcome" in g:
        metrics.OUTCOMES.labels(door, endpoint, g.outcome).inc()
        told["outcome"] = g.outcome
    # A probe comes every few seconds: only its failure is news.
    usual = request.blueprint == "probe" and response.status_code == 200
    log.log(logging.DEBUG if usual else logging.INFO, "answered", extra={"told": told})
    return response


def forget(_error: BaseException | None) -> None:
    """When a request is over: its thread goes on to others."""
    logs.REQUEST.set("")


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
