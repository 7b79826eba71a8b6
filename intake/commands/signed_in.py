"""A member of staff who signs in for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from intake.commands.command import InputUnusable
from intake.parts import Parts

if TYPE_CHECKING:
    from intake.services.sign_in import Visit


@contextmanager
def signed_in(parts: Parts, name: str) -> Iterator[Visit]:
    """Ask for this person's passphrase and code; their session ends with the block.

    Raises InputUnusable for a wrong one, too many tries, and what an act refuses in it.
    """
    import getpass

    from intake.services.enrol import GrantRefused
    from intake.services.second_step import FactorRefused
    from intake.services.sign_in import SignInRefused
    from intake.services.tries import SignInTooSoon
    from intake.vault.passphrase import HashingBusy

    passphrase = getpass.getpass(f"Passphrase of {name}: ")
    try:
        code = getpass.getpass("Code of the app, or a printed code: ")
        first = parts.sign_in(name, passphrase, parts.now(), printed_code=code)
        half = parts.sign_in.half(first, parts.now())
        if half is None:
            raise SignInRefused
        session = parts.second_step.by_code(half, code, parts.now(), None)
        visit = parts.sign_in.resume(session, parts.now()) if session else None
        if visit is None:
            raise FactorRefused
        try:
            yield visit
        finally:
            parts.sign_in.out(visit, parts.now())
    except SignInTooSoon as wait:
        raise InputUnusable(
            f"Too many attempts: wait {wait.seconds} seconds, or take a printed code"
        ) from None
    except HashingBusy:
        raise InputUnusable("The service is busy: try again in a moment") from None
    except SignInRefused:
        raise InputUnusable("The sign-in name or the passphrase is wrong") from None
    except FactorRefused:
        raise InputUnusable("The code is wrong, or it has been used") from None
    except GrantRefused as refused:
        raise InputUnusable(str(refused)) from None
