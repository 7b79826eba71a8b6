"""How tests read what a check says."""

from __future__ import annotations

from collections.abc import Iterable

from intake.doctor.finding import Level, Said


def bad(said: Iterable[Said]) -> dict[Level, str]:
    """What is not well, by how bad it is."""
    return {level: text for level, text in said if level is not Level.OK}


def well(said: Iterable[Said]) -> bool:
    (only,) = said
    return only[0] is Level.OK
