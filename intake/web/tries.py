"""What is said to somebody whose try to sign in must wait."""

from __future__ import annotations

from intake.domain.message import Message, mark
from intake.services.tries import SignInTooSoon

BUSY = mark("The service is busy. Wait a moment and try again.")
TOO_SOON = mark("Too many attempts. Wait %(seconds)s seconds and try again.")
ONE_SECOND = mark("Too many attempts. Wait a moment and try again.")


def wait_told(wait: SignInTooSoon) -> Message:
    """How long to wait, as a sentence."""
    return Message(TOO_SOON if wait.seconds > 1 else ONE_SECOND, {"seconds": wait.seconds})
