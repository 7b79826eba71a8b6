"""What is said to somebody whose try to sign in must wait."""

from __future__ import annotations

from math import ceil

from intake.domain.message import Message, mark
from intake.services.tries import SignInTooSoon

BUSY = mark("The service is busy. Wait a moment and try again.")
TOO_SOON = mark("Too many attempts. Wait %(seconds)s seconds and try again.")
LONG = mark(
    "Too many wrong codes. Wait %(minutes)s minutes, or use a passkey or a printed code: they need "
    "no wait."
)
ONE_SECOND = mark("Too many attempts. Wait a moment and try again.")
SECONDS_TOLD = 120


def wait_told(wait: SignInTooSoon) -> Message:
    """How long to wait, as a sentence. An app's code alone waits for minutes."""
    if wait.seconds > SECONDS_TOLD:
        return Message(LONG, {"minutes": ceil(wait.seconds / 60)})
    return Message(TOO_SOON if wait.seconds > 1 else ONE_SECOND, {"seconds": wait.seconds})
