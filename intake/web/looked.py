"""Which pages leave a line of having been looked at, and why the others leave none of this kind."""

from __future__ import annotations

from collections.abc import Mapping

from intake.domain.trail import Action

DOORS = frozenset({"agency", "supervisor", "reminders"})
"""All their pages show something of reports: each leaves a line, but for those named below."""
SAID: Mapping[str, Action] = {
    "agency.referral": Action.OPEN,
    "audit.lines": Action.READ_TRAIL,
    "audit.unusual": Action.READ_TRAIL,
    "audit.extract": Action.EXTRACT,
    "audit.extract_csv": Action.EXTRACT,
    "supervisor.ageing_csv": Action.EXPORT,
    "supervisor.ahead_csv": Action.EXPORT,
    "supervisor.pressing_csv": Action.EXPORT,
    "supervisor.times_csv": Action.EXPORT,
    "supervisor.half_year_file": Action.TAKE_OUT_HALF_YEAR,
    "rules.desk.impact": Action.REHEARSE_RULES,
}
"""Their services leave a line of their own, before anything is shown."""
NOTHING_OF_REPORTS: Mapping[str, str] = {
    "agency.key_in": "what the worker types; the report that comes of it has its lines",
    "absence": "of staff alone",
    "account": "signing in and out have lines of their own",
    "admin": "the directory, which is public",
    "colleagues": "keys and colleagues; each act on them has its line",
    "coordinator": "counts without reports",
    "jobs": "how the jobs ran",
    "joining": "of one's own coming in; each change has its line",
    "people": "of staff alone; each change has its line",
    "recovery": "of one's own coming back; each change has its line",
    "rules": "the rules, which are public",
    "security": "of one's own signing in; each change has its line",
}
"""Doors, or parts of them, whose pages show nothing of a report."""


def leaves_line(endpoint: str) -> bool:
    """Whether a look at this page leaves a line here."""
    door, _, _ = endpoint.partition(".")
    shows = door in DOORS and endpoint.rpartition(".")[0] not in NOTHING_OF_REPORTS
    return shows and endpoint not in SAID
