"""Proofs of a running process: one at a time, and the last ones remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from threading import Lock
from time import monotonic

from intake.services.prove import Agencies, Proof, prove, unresolvable
from routing_rules.book import Book
from routing_rules.finding import FindingKind

MOST_WAIT_SECONDS = 10.0
REMEMBERED = 16
GIVEN_UP_SECONDS = 60.0
"""How long it is remembered that a proof was given up: the machine may have been busy."""


class ProofsBusy(Exception):
    """Another proof takes too long to be waited for."""


@dataclass(frozen=True)
class Proving:
    """Proves books. A proof may take a core for seconds: others wait for their turn."""

    wait_seconds: float = MOST_WAIT_SECONDS
    _turn: Lock = field(default_factory=Lock, compare=False)
    _known: OrderedDict[str, tuple[float, Proof]] = field(
        default_factory=OrderedDict, compare=False
    )

    def __call__(self, book: Book, agencies: Agencies) -> Proof:
        """Prove a book, and that each recipient is somewhere. Raises ProofsBusy."""
        with self.turn():
            until, proof = self._known.get(book.digest, (0.0, None))
            if proof is None or until < monotonic():
                proof = prove(book)
                given_up = any(flaw.kind == FindingKind.NOT_PROVED for flaw in proof.flaws)
                until = monotonic() + GIVEN_UP_SECONDS if given_up else inf
                self._known[book.digest] = until, proof
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        flaws = proof.flaws
        if not any(flaw.kind == "vocabulary" for flaw in flaws):
            flaws = (*flaws, *unresolvable(book, agencies))
        return replace(proof, flaws=flaws, agencies=True)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let nothing else be proved or compared meanwhile. Raises ProofsBusy."""
        if not self._turn.acquire(timeout=self.wait_seconds):
            raise ProofsBusy
        try:
            yield
        finally:
            self._turn.release()
