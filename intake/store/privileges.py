"""What each door may do in PostgreSQL, as a role of its own; what is not said here is refused.

The role of a door is ``ankkuri_`` and the door's name; that of the jobs is ``ankkuri_jobs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from intake.domain.trail import OF_SIGNING_IN, Action
from intake.store import erasing

Rights = Mapping[str, Sequence[str]]
"""Of a table: statements, each for the whole row or with its columns: ``SELECT (id, state)``."""

_READ, _ADD, _CHANGE, _ERASE = "SELECT", "INSERT", "UPDATE", "DELETE"
_WHO_IS_SHUT_OUT = "SELECT (report_id, person_id, lifted_at)"
_NOBODY_SEALED_REFERRAL = (
    "SELECT (id, report_id, agency_id, reference, state, is_lead, came_from, arrived_at, "
    "opened_at, moved_at, worker_id)"
)
_LISTED = """CASE WHEN of_column IS NULL AND value IS NOT NULL
    THEN has_table_privilege('public.' || quote_ident(of_table), 'INSERT')
    WHEN of_column IS NULL
    THEN has_table_privilege('public.' || quote_ident(of_table), 'DELETE')
    ELSE has_column_privilege('public.' || quote_ident(of_table), of_column::text, 'UPDATE')
END"""
"""What a role may list as erased, ended or put in, for restores to replay: what it may itself."""
_SEEN = """(SELECT has_column_privilege('public.trail', 'digest', 'SELECT'))
    OR action IN ({signing_in})
    OR action = '{rehearse}' AND (SELECT has_table_privilege('public.rule_draft', 'INSERT'))
""".format(
    signing_in=", ".join(f"'{action}'" for action in OF_SIGNING_IN), rehearse=Action.REHEARSE_RULES
)
"""Which lines a role reads: of those that read no whole lines, those of signing in; and the role of
rules how often somebody has rehearsed.
"""
_EVERYWHERE: Rights = {
    "alembic_version": (_READ,),
    "directory": (_READ,),
    "directory_stamp": (_READ,),
    "agency": (_READ,),
    "directory_entry": (_READ,),
    "trail": (_ADD,),
    "rule_text": (_READ,),
    "publication": (_READ,),
}
_WHO_CAN_OPEN: Rights = {
    "openers_stamp": (_READ,),
    "agency_key": (_READ,),
    "agency_grant": ("SELECT (agency_key_id, person_id, withdrawn_at)",),
    "membership": (_READ,),
    "person": ("SELECT (id, public_key, left_at)",),
}
_GIVE_KEYS: Rights = {
    "directory_entry": (_ADD,),
    "agency_key": (_ADD, "UPDATE (activated_at, retired_at)"),
    "agency_grant": ("SELECT (id, agency_key_id, person_id, withdrawn_at)", _ADD, _ERASE),
    "deletion": (_ADD,),
}
_STAFF: Rights = {
    # Locked anew: another passphrase or cost, and the way back by a recovery code.
    "person": (_READ, "UPDATE (sealed_private_key, sealed_recovery)"),
    "membership": (_READ,),
    "session": (_READ, _ADD, _CHANGE),
    "attempt": (_READ, _ADD, _ERASE),
    "factor": (_READ, _ADD, "UPDATE (last_step, sign_count, used_at)", _ERASE),
    "one_time_code": (_READ, _ADD, "UPDATE (used_at)", _ERASE),
    "device": (_READ, _ADD, "UPDATE (seen_at)", _ERASE),
    "heartbeat": ("SELECT (job, finished_at, failed)",),
    "absence": (_READ, _ADD, "UPDATE (withdrawn_at)"),
    "deletion": (_ADD,),  # of what it may end itself
    "trail": ("SELECT (at, action, person_id)",),  # of signing in: `_SEEN`
    # To people of staff, never to a reporter.
    "outbox": ("INSERT (id, person_id, letter, params, created_at, next_attempt_at, attempts)",),
}
_OWN_REMINDERS: Rights = {"reminder": (_READ, "UPDATE (seen_at)")}
_SEND: Rights = {
    "report": (_ADD,),
    "receipt": (_ADD,),
    "section": (_ADD,),
    "facts_key": (_ADD,),
    "decision": (_ADD,),
    "referral": (
        "INSERT (id, report_id, agency_id, reference, state, is_lead, arrived_at, opened_at, "
        "moved_at, sealed_reasons)",  # not came_from: that would shut the way of another
    ),
    "wrap": (_ADD,),
    "deadline": (_ADD,),
}


def _together(*rights: Rights) -> Rights:
    tables = dict.fromkeys(table for some in rights for table in some)
    return {
        table: tuple(dict.fromkeys(right for some in rights for right in some.get(table, ())))
        for table in tables
    }


_NEW_REPORT = _together(
    _SEND,
    {
        "notice": (_ADD,),
        "draft": (_READ, _ADD, _CHANGE, _ERASE),
        "receipt": (_READ, "UPDATE (acknowledged_at, sealed_copy)"),
    },
)


def is_refusal(error: Exception) -> bool:
    """Whether the database refused a statement to the role that asked (SQLSTATE 42501)."""
    return isinstance(error, ProgrammingError) and (
        getattr(error.orig, "sqlstate", None) == "42501"
    )


ROLES: Mapping[str, Rights] = {
    "reporter": _together(
        _EVERYWHERE,
        _WHO_CAN_OPEN,
        _NEW_REPORT,
        {
            "notice": ("SELECT (report_id)", _ERASE),  # its address is the jobs' to read
            "deletion": (_ADD,),
            "report": (_READ,),
            "referral": (_NOBODY_SEALED_REFERRAL,),
            "deadline": (_READ,),
            "move": ("SELECT (id, referral_id, move, choice, made_at)",),
        },
    ),
    "agency": _together(
        _EVERYWHERE,
        _STAFF,
        _WHO_CAN_OPEN,
        _NEW_REPORT,  # worries that came by telephone or on paper
        _GIVE_KEYS,
        _OWN_REMINDERS,
        {
            "agency_grant": (_READ,),
            "notice": ("SELECT (report_id)", "UPDATE (news_at)"),
            "report": (_READ,),
            "section": (_READ,),
            "referral": (_READ, _ADD, "UPDATE (state, opened_at, moved_at, worker_id)"),
            "wrap": (_READ, _ADD, "UPDATE (agency_key_id, sealed_keys)", _ERASE),
            "deletion": (_ADD,),
            "note": (_READ, _ADD, "UPDATE (agency_key_id, sealed_content)"),
            "key_leaver": (_READ,),
            "agency_recovery": (_READ,),
            "recovery_seal": ("SELECT (agency_key_id, recovery_key_id, sealed_public)", _ADD),
            "same_child": (_READ, _ADD, _ERASE),
            "agency_index_key": (_READ, _ADD, "UPDATE (agency_key_id, sealed_secret)", _ERASE),
            "content_hold": (
                _READ,
                _ADD,
                "UPDATE (released_by, released_at, agency_key_id, sealed_reason)",
            ),
            "recusal": (
                _READ,
                _ADD,
                "UPDATE (lifted_by, lifted_at, agency_key_id, sealed_reason)",
            ),
            "section_request": (
                _READ,
                _ADD,
                "UPDATE (state, answered_by, answered_at, withdrawn_by, withdrawn_at, "
                "lead_key_id, sealed_asked, sealed_given, asker_key_id, sealed_own, "
                "sealed_answer, sealed_keys)",
            ),
            "deadline_change": (_READ,),
            "kept_calendar": (_READ,),
            "chase": (_READ,),
            "trail": (_READ,),  # who has looked, and details that are the agency's to open
            "deadline": (
                _READ,
                _ADD,
                "UPDATE (met_at, met_on, met_by, next_chase_at)",
            ),
            "move": (_READ, _ADD, "UPDATE (agency_key_id, sealed_reason)"),
            "timing": (_READ, _ADD, "UPDATE (count)"),  # it reads the count that it adds to
        },
    ),
    "supervisor": _together(
        _EVERYWHERE,
        _STAFF,
        _OWN_REMINDERS,
        {
            "referral": (_NOBODY_SEALED_REFERRAL,),
            "deadline": (
                _READ,
                "UPDATE (rule, due_on, due_extended_on, due_at, calendar_version, steps, "
                "next_chase_at)",  # counted anew or extended: never its start
            ),
            "recount": (_READ, _ERASE),
            "recusal": (  # lifted where a head cannot; its reason is the agency's
                "SELECT (id, report_id, referral_id, person_id, declared_by, declared_at, "
                "lifted_at)",
                "UPDATE (lifted_by, lifted_at)",
            ),
            "deadline_change": (_READ, _ADD),
            "chase": (_READ, _ADD),
            "reminder": (_READ, _ADD),
            "absence": (_READ,),
            "wrap": ("SELECT (referral_id, purpose, agency_id)",),
            "heartbeat": (_READ,),
            "timing": (_READ,),
            "half_year_report": (_READ, _ADD),
            "reconciliation": (_READ,),
            "canary": (_READ,),
            "outbox": (
                "SELECT (id, person_id, params, attempts, created_at, next_attempt_at, sent_at, "
                "dead_at)",
                "UPDATE (dead_at, attempts, next_attempt_at)",
            ),
        },
    ),
    "coordinator": _together(
        _EVERYWHERE, _STAFF, {"referral": ("SELECT (agency_id, arrived_at, state)",)}
    ),
    "rules": _together(
        _EVERYWHERE,
        _STAFF,
        _WHO_CAN_OPEN,
        {
            "rule_text": (_ADD,),
            "publication": (_ADD, "UPDATE (withdrawn_at)"),
            "rule_draft": (_READ, _ADD, _CHANGE),
            "deletion": (_ADD,),
            "canary": ("SELECT (report_id, erased_at)",),  # whose decisions count nowhere
            "decision": (_READ,),  # facts for the impact on the past: opened by the replay key
            "facts_key": (_READ,),
        },
    ),
    "admin": _together(
        _EVERYWHERE,
        _STAFF,
        _WHO_CAN_OPEN,
        _GIVE_KEYS,
        {
            "key_leaver": (_ADD,),
            "directory_entry": ("UPDATE (confirmed_by, confirmed_at, withdrawn_at)",),
            "directory": (_READ, _ADD, "UPDATE (entry)", _ERASE),
            "directory_proposal": (_READ, _ADD, _ERASE),
            "directory_stamp": ("UPDATE (stamp)",),
            "agency": (_ADD, "UPDATE (kind, controller_id)"),
            "invitation": (_READ, _ADD, "UPDATE (accepted_at, withdrawn_at)"),
            "person": (
                _ADD,
                "UPDATE (name, email, language, public_key, sealed_private_key, sealed_recovery, "
                "left_at)",
            ),
            "membership": (_ADD, "UPDATE (valid_to)"),
            "referral": ("SELECT (id, agency_id, state, worker_id)", "UPDATE (worker_id)"),
            "heartbeat": (_READ,),
        },
    ),
    "audit": _together(
        _EVERYWHERE,
        _STAFF,
        {
            "recusal": (_WHO_IS_SHUT_OUT,),
            "trail": (  # not its sealed details, which are an agency's
                "SELECT (id, writer, sequence, at, action, person_id, role, agency_id, "
                "referral_id, purpose, basis, detail_key_id, recipient, digest)",
            ),
            "trail_number": (_READ,),
            "checkpoint": (_READ,),
            "trail_epoch": (_READ,),
            "referral": (
                "SELECT (id, reference, report_id, agency_id, state, arrived_at, moved_at, "
                "worker_id)",
            ),
            "move": ("SELECT (id, referral_id, person_id)",),
        },
    ),
    "jobs": _together(
        _EVERYWHERE,
        _WHO_CAN_OPEN,
        _SEND,  # invented reports that try each route
        {
            "alarm": (_READ, _ADD, _ERASE),
            "half_year_report": (_READ,),
            "half_year_step": (_READ, _ADD),
            # How long content is needed; what deletes it is a function.
            "content_hold": ("SELECT (report_id, last_day, released_at, agency_key_id)",),
            "recusal": (_WHO_IS_SHUT_OUT, "SELECT (agency_key_id)"),
            "section_request": ("SELECT (lead_key_id, asker_key_id)",),
            "move": ("SELECT (referral_id, move, made_at, agency_key_id)",),
            "note": ("SELECT (referral_id, made_at, agency_key_id)",),
            # Who lets go of people whose roles are over, too: it ends, and reads nothing sealed.
            "person": (
                "SELECT (id, sign_in_name, name, email, language, public_key, left_at)",
                "UPDATE (left_at, sealed_recovery)",
            ),
            "directory_stamp": ("UPDATE (stamp)",),
            "invitation": (
                "SELECT (id, person_id, accepted_at, withdrawn_at)",
                "UPDATE (withdrawn_at)",
            ),
            "key_leaver": (_ADD,),
            "factor": ("SELECT (id, person_id)", _ERASE),
            "one_time_code": ("SELECT (id, person_id)", _ERASE),
            "referral": (_NOBODY_SEALED_REFERRAL, "UPDATE (worker_id)"),
            "deadline": (_READ, "UPDATE (next_chase_at, steps)"),
            "kept_calendar": (_READ, _ADD),
            "recount_look": (_READ, _ADD, _CHANGE, _ERASE),
            "recount": (_READ, _ADD, _ERASE),
            "chase": (_READ, _ADD),
            "reminder": (_READ, _ADD, "UPDATE (letter_id)"),
            "absence": (_READ,),
            "outbox": (_READ, _ADD, _CHANGE),
            "notice": (_READ, _CHANGE, _ERASE),
            "heartbeat": (_READ, _ADD, _CHANGE, _ERASE),
            "draft": ("SELECT (id, saved_at)", _ERASE),
            "receipt": (
                "SELECT (report_id, draft_id, created_at, sealed_copy)",
                "UPDATE (sealed_copy)",
            ),
            # What is there is counted, and nothing of it is read.
            "report": (_READ,),
            "section": ("SELECT (report_id, slot)",),
            "decision": ("SELECT (report_id)",),
            "wrap": ("SELECT (referral_id, purpose, agency_id, agency_key_id)",),
            "agency_grant": ("SELECT (id)", _ERASE),
            "recovery_seal": ("SELECT (agency_key_id)", _ERASE),  # the same
            "agency_index_key": ("SELECT (agency_key_id)",),
            "trail": (
                "SELECT (id, writer, sequence, at, action, agency_id, detail_key_id, digest)",
            ),
            "trail_number": (_READ, _ADD),
            "checkpoint": (_READ, _ADD),
            "trail_epoch": (_READ,),
            "reconciliation": (_READ, _ADD, _ERASE),
            "canary": (_READ, _ADD, _CHANGE, _ERASE),
            "session": (
                "SELECT (person_id, started_at, ended_at)",
                "UPDATE (ended_at, sealed_person_key, challenge, sealed_totp)",
                _ERASE,
            ),
            "attempt": ("SELECT (at)", _ERASE),
            "device": ("SELECT (person_id, seen_at)", _ERASE),
            "deletion": (_READ, _ADD, "UPDATE (listed_at)", _ERASE),
        },
    ),
}


_OWN_LETTERS: Mapping[str, Sequence[str]] = {
    "agency": ("shut_out", "nobody_opens"),
    "supervisor": ("chase",),  # by hand
    "admin": ("renewed",),
}
"""What letters a door writes beside those of signing in, which every door of staff does."""


def role_name(door: str) -> str:
    """The name of the role of a door, or of the jobs."""
    return f"ankkuri_{door}"


def renew(connection: Connection) -> list[str]:
    """Give each role that exists exactly its rights; the names of those that do not exist.

    Nothing on SQLite, which knows no roles.
    """
    if connection.dialect.name != "postgresql":
        return []
    found = set(connection.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())
    roles = {role_name(door): rights for door, rights in ROLES.items()}
    for role, rights in roles.items():
        if role in found:
            connection.exec_driver_sql("; ".join(_statements(role, rights)))
    connection.exec_driver_sql("; ".join(_limits()))
    connection.exec_driver_sql(
        "; ".join(erasing.statements(found & roles.keys(), role_name("jobs")))
    )
    return [role for role in roles if role not in found]


def _statements(role: str, rights: Rights) -> Iterator[str]:
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    for table, statements in rights.items():
        for statement in statements:
            yield f'GRANT {statement} ON "{table}" TO {role}'


def _may_write() -> str:
    """Which letters a role may add; to another address than the reader's only who changes it."""
    own = " ".join(
        f"WHEN '{role_name(door)}' THEN letter IN ({', '.join(map(repr, letters))})"
        for door, letters in _OWN_LETTERS.items()
    )
    return f"""current_user = '{role_name("jobs")}'
        OR (letter IN ('signing_in', 'recovered') OR CASE current_user {own} ELSE false END)
        AND (params -> 'address' IS NULL
            OR letter = 'signing_in' AND has_column_privilege('public.person', 'email', 'UPDATE'))
    """


def _limits() -> Iterator[str]:
    """Of the rows that a role may add or see, where it may not all; the owner may."""
    for table, added, seen in (
        ("deletion", _LISTED, "true"),
        ("trail", "true", _SEEN),
        ("outbox", _may_write(), "true"),
    ):
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        for statement, limit in (
            ("SELECT", f"USING ({seen})"),
            ("INSERT", f"WITH CHECK ({added})"),
            ("UPDATE", "USING (true)"),
            ("DELETE", "USING (true)"),
        ):
            name = f"own_{statement.lower()}"
            yield f"DROP POLICY IF EXISTS {name} ON {table}"
            yield f"CREATE POLICY {name} ON {table} FOR {statement} {limit}"


def can_read_reports(connection: Connection) -> bool:
    """Whether this process's role of PostgreSQL could read what is sealed in reports."""
    if connection.dialect.name != "postgresql":
        return False
    asked = "SELECT has_column_privilege('section', 'sealed_content', 'SELECT')"
    return bool(connection.exec_driver_sql(asked).scalar())
