"""Every column is either sealed or listed here as plain, with its reason."""

from __future__ import annotations

import pytest

import intake.store.schema  # noqa: F401  (registers every table)
from intake.store.tables import Base

ID = "a random or derived identifier; tells nothing"
WHEN = "when something happened: what the promise says a stolen database shows"
WHO_ASKED = "which agency was asked: what the promise says a stolen database shows"
STAFF = "about staff and agencies, not about a child"
STATE = "where the referral is, for inboxes and deadlines that nobody needs to open"
DUE = "a deadline: times without content, which supervisors watch"
POST = "the outbox's own bookkeeping"
RULES = "the routing rules, which are public"
COUNTED = "how many came to an agency on a day: what its referrals, which are plain, add up to"
INVENTED = "of a report that the service has invented: no child is behind it"
TRAIL = "the use log: who, when, which referral; never content"

PLAIN: dict[str, dict[str, str]] = {
    "directory_entry": {
        **dict.fromkeys(("id", "membership_id", "agency_key_id"), ID),
        **dict.fromkeys(("kind", "body", "needs_two", "proposed_by", "confirmed_by"), STAFF),
        **dict.fromkeys(("proposed_at", "confirmed_at", "signed_at", "withdrawn_at"), WHEN),
        "signature": "of the entry's text: public as that is",
    },
    "directory_proposal": {
        "id": ID,
        "changes": "entries of the directory as they shall be: public as it is",
        "proposed_by": STAFF,
        "proposed_at": WHEN,
    },
    "draft": {"id": ID, "saved_at": WHEN},
    "report": {"id": ID, "received_at": WHEN, "content_deleted_at": WHEN},
    "section": {"report_id": ID, "slot": "the same slots exist for every report"},
    "receipt": {
        "lookup_id": "derived from the code one way",
        "report_id": ID,
        "draft_id": ID,
        "created_at": WHEN,
        "acknowledged_at": WHEN,
    },
    "notice": {"report_id": ID, "created_at": WHEN, "news_at": WHEN, "written_at": WHEN},
    "facts_key": {"id": ID, "created_at": WHEN},
    "rule_text": dict.fromkeys(("digest", "layer", "content", "made_at"), RULES),
    "publication": {
        **dict.fromkeys(("id", "follows", "layer", "digest", "in_force_at"), RULES),
        **dict.fromkeys(("proposed_at", "published_at", "proof", "withdrawn_at"), RULES),
        **dict.fromkeys(("proposed_by", "published_by"), STAFF),
    },
    "rule_draft": {
        **dict.fromkeys(("id", "layer", "from_digest", "content", "saved_at"), RULES),
        **dict.fromkeys(("in_force_from", "proposed_at", "closed_at"), RULES),
        **dict.fromkeys(("saved_by", "proposed_by"), STAFF),
    },
    "decision": {
        "report_id": ID,
        "facts_key_id": ID,
        "rules_digest": "which rules were in force",
        "calendar_version": "which calendar was in force",
        "decided_at": WHEN,
    },
    "referral": {
        "id": ID,
        "report_id": ID,
        "agency_id": WHO_ASKED,
        "reference": "random, for people to name the referral by",
        "state": STATE,
        "is_lead": STATE,
        "came_from": ID,
        "arrived_at": WHEN,
        "opened_at": WHEN,
        "moved_at": WHEN,
        "worker_id": STAFF,
    },
    "wrap": {
        "id": ID,
        "referral_id": ID,
        "purpose": "recipient or standby",
        "agency_id": WHO_ASKED,
        "agency_key_id": ID,
    },
    "deadline": {
        "id": ID,
        "referral_id": ID,
        "agency_id": WHO_ASKED,
        "clock": DUE,
        "started_at": WHEN,
        "today": DUE,
        "rule": DUE,
        "municipality": "of the school whose calendar counts; school clocks only, and the agency "
        "tells as much",
        "due_on": DUE,
        "due_extended_on": DUE,
        "due_at": DUE,
        "calendar_version": DUE,
        "steps": DUE,
        "next_chase_at": DUE,
        "met_at": DUE,
        "met_on": DUE,
        "met_by": DUE,
    },
    "kept_calendar": {
        "version": "which calendar it is",
        "content": "public holidays and school years, which are public",
        "kept_at": WHEN,
    },
    "recount_look": {
        "id": "always 1",
        "calendar_version": DUE,
        "after": ID,
        "looked_at": WHEN,
    },
    "recount": {
        "deadline_id": ID,
        **dict.fromkeys(("found_with", "calendar_version", "steps"), DUE),
        **dict.fromkeys(("was_due_at", "due_on", "due_extended_on", "due_at"), DUE),
        "differs": "days of the calendars, which are public",
        "found_at": WHEN,
    },
    "deadline_change": {
        "id": ID,
        "deadline_id": ID,
        "kind": DUE,
        "made_at": WHEN,
        "person_id": STAFF,
        "reason": "one of a closed list, about the agency's work; nothing of a child can be said",
        **dict.fromkeys(("was_due_at", "due_at", "was_calendar", "calendar"), DUE),
    },
    "move": {
        "id": ID,
        "referral_id": ID,
        "move": STATE,
        "person_id": STAFF,
        "made_at": WHEN,
        "happened_on": WHEN,
        "choice": "the class that the reporter sees; the agency's urgency",
        "agency_key_id": ID,
    },
    "note": {
        "id": ID,
        "referral_id": ID,
        "person_id": STAFF,
        "made_at": WHEN,
        "agency_key_id": ID,
    },
    "chase": {
        "id": ID,
        "deadline_id": ID,
        "step": DUE,
        "to_role": DUE,
        "chased_at": WHEN,
        "letters": DUE,
    },
    "outbox": {
        "id": ID,
        "person_id": STAFF,
        "report_id": ID,
        "letter": POST,
        "params": "reference, clock, due date and next step, which of staff is absent until when, "
        "or names of agencies; the letter says no more",
        "created_at": WHEN,
        "next_attempt_at": POST,
        "attempts": POST,
        "sent_at": WHEN,
        "dead_at": WHEN,
    },
    "timing": {
        "agency_id": WHO_ASKED,
        **dict.fromkeys(("month", "what", "bucket"), "how long agencies took, of many together"),
        "count": "how many referrals took as long, of an agency's month; none of them is named",
    },
    "reminder": {
        "id": ID,
        "person_id": STAFF,
        "deadline_id": ID,
        "chase_id": ID,
        "role": STAFF,
        "for_id": STAFF,
        "urgent": DUE,
        "params": "what its letter says, of which the outbox tells",
        "created_at": WHEN,
        "letter_id": ID,
        "seen_at": WHEN,
    },
    "absence": {
        "id": ID,
        "person_id": STAFF,
        "first_day": STAFF,
        "last_day": STAFF,
        "stand_in_id": STAFF,
        "recorded_by": STAFF,
        "recorded_at": WHEN,
        "withdrawn_at": WHEN,
    },
    "trail": {
        "id": ID,
        "writer": TRAIL,
        "sequence": TRAIL,
        "at": WHEN,
        "action": TRAIL,
        "person_id": STAFF,
        "role": STAFF,
        "agency_id": WHO_ASKED,
        "referral_id": ID,
        "purpose": TRAIL,
        "basis": TRAIL,
        "detail_key_id": ID,
        "recipient": WHO_ASKED,
        "digest": "SHA-256 of the line",
    },
    "trail_number": {
        "number": TRAIL,
        "line_id": ID,
        "leaf_hash": "SHA-256 of the line's digest",
    },
    "checkpoint": {
        "size": "how many lines the trail had",
        "at": WHEN,
        "note": "how many lines the trail had when, and a hash over them; it is published",
        "peaks": "hashes over the trail's lines",
    },
    "trail_epoch": {
        **dict.fromkeys(("number", "size"), "how many lines the trail had at a restore"),
        "line_id": ID,
        "began_at": WHEN,
    },
    "deletion": {
        "id": ID,
        "of_table": "what kind of row was erased or ended",
        "of_row": ID,
        "of_column": "which value of it was erased or ended",
        "value": "the day or instant at which something ended; nothing of a sealed column",
        "at": WHEN,
        "listed_at": WHEN,
    },
    "recusal": {
        **dict.fromkeys(("id", "report_id", "referral_id", "agency_key_id"), ID),
        **dict.fromkeys(("person_id", "declared_by", "lifted_by"), STAFF),
        **dict.fromkeys(("declared_at", "lifted_at"), WHEN),
    },
    "section_request": {
        **dict.fromkeys(("id", "asker_id", "lead_id", "lead_key_id", "asker_key_id"), ID),
        "state": STATE,
        **dict.fromkeys(("asked_by", "answered_by", "withdrawn_by"), STAFF),
        **dict.fromkeys(("asked_at", "answered_at", "withdrawn_at"), WHEN),
    },
    "content_hold": {
        "id": ID,
        "report_id": ID,
        "referral_id": ID,
        **dict.fromkeys(("put_by", "released_by"), STAFF),
        **dict.fromkeys(("put_at", "last_day", "released_at"), WHEN),
        "agency_key_id": ID,
    },
    "heartbeat": {
        "id": ID,
        "job": POST,
        "started_at": WHEN,
        "finished_at": WHEN,
        "handled": POST,
        "failed": POST,
    },
    "half_year_report": {
        **dict.fromkeys(("period", "number"), "which half-year was reported; none of its counts"),
        **dict.fromkeys(("controller_id", "person_id"), STAFF),
        **dict.fromkeys(("reported_on", "recorded_at"), WHEN),
    },
    "half_year_step": {
        "controller_id": STAFF,
        **dict.fromkeys(("period", "step", "letters"), POST),
        "written_at": WHEN,
    },
    "directory": {"kind": STAFF, "id": STAFF, "position": STAFF, "entry": STAFF},
    "directory_stamp": {"id": "always 1", "stamp": "random; says only that something changed"},
    "invitation": {
        "id": ID,
        "lookup_id": "derived from the link one way",
        "person_id": STAFF,
        "sign_in_name": STAFF,
        "name": STAFF,
        "email": STAFF,
        "language": STAFF,
        "roles": STAFF,
        "invited_by": STAFF,
        "invited_at": WHEN,
        "expires_at": WHEN,
        "accepted_at": WHEN,
        "withdrawn_at": WHEN,
    },
    "reconciliation": {
        "day": WHEN,
        "agency_id": WHO_ASKED,
        **dict.fromkeys(("sent", "stored", "routed"), COUNTED),
        **dict.fromkeys(("opened", "chased", "moved", "lost"), COUNTED),
        "checked_at": WHEN,
    },
    "canary": {
        "report_id": ID,
        **dict.fromkeys(("day", "begun_at", "sent_at", "arrived_at"), WHEN),
        **dict.fromkeys(("chased_at", "erased_at"), WHEN),
        **dict.fromkeys(("route", "attempt", "fault", "agencies", "reached"), INVENTED),
    },
    "alarm": {
        "id": ID,
        "controller_id": STAFF,
        "day": WHEN,
        "digest": "of what was told: agencies that nobody could open, counts that differed",
        "raised_at": WHEN,
    },
    "agency": {"id": STAFF, "kind": STAFF, "controller_id": STAFF},
    "person": {
        "id": ID,
        "sign_in_name": STAFF,
        "name": STAFF,
        "email": STAFF,
        "language": STAFF,
        "public_key": "public by nature",
        "created_at": WHEN,
        "left_at": WHEN,
    },
    "membership": {
        "id": ID,
        "person_id": STAFF,
        "role": STAFF,
        "agency_id": STAFF,
        "controller_id": STAFF,
        "valid_from": WHEN,
        "valid_to": WHEN,
    },
    "agency_key": {
        "id": ID,
        "agency_id": STAFF,
        "public_key": "public by nature",
        "created_at": WHEN,
        "activated_at": WHEN,
        "retired_at": WHEN,
    },
    "agency_recovery": {
        "agency_id": STAFF,
        "recovery_key_id": ID,
        "agency_key_id": ID,
        "made_at": WHEN,
    },
    "recovery_seal": {"agency_key_id": ID, "recovery_key_id": ID},
    "key_leaver": {"id": ID, "agency_key_id": ID, "person_id": STAFF, "left_at": WHEN},
    "agency_grant": {
        "id": ID,
        "voucher": "keyed: says only to who holds the agency's key to which key it was given",
        "agency_key_id": ID,
        "person_id": STAFF,
        "granted_at": WHEN,
        "withdrawn_at": WHEN,
    },
    "same_child": {
        "referral_id": ID,
        "child": "its number in the report",
        "kind": "whether by identity code, or by name and birth date",
        "agency_id": WHO_ASKED,
        "blind": "keyed: shows that two reports of one agency are on one child, and not on whom",
    },
    "agency_index_key": {"agency_id": STAFF, "agency_key_id": ID},
    "openers_stamp": {"id": "always 1", "stamp": "random; says only that something changed"},
    "session": {
        "id": "derived from the cookie one way",
        "person_id": STAFF,
        "started_at": WHEN,
        "seen_at": WHEN,
        "ended_at": WHEN,
        "factor_at": WHEN,
        "challenge": "random; a passkey's answer to it is taken once",
    },
    "factor": {
        "id": ID,
        **dict.fromkeys(("person_id", "kind", "label"), STAFF),
        "last_step": WHEN,
        "credential_id": "which passkey it is: every browser that asks for it tells it",
        "public_key": "public by nature",
        "sign_count": "how often a passkey was used",
        **dict.fromkeys(("made_at", "used_at"), WHEN),
    },
    "one_time_code": {
        "id": ID,
        "person_id": STAFF,
        "digest": "of 60 random bits, keyed with the pepper, which is kept elsewhere",
        **dict.fromkeys(("made_at", "used_at"), WHEN),
    },
    "device": {
        "id": "derived from the cookie one way",
        "person_id": STAFF,
        **dict.fromkeys(("made_at", "seen_at"), WHEN),
    },
    "attempt": {
        "id": ID,
        "subject": "a keyed digest of a sign-in name, a person or a browser",
        "at": WHEN,
    },
}


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_column_is_sealed_or_plain_for_a_reason(table: str) -> None:
    columns = {column.name for column in Base.metadata.tables[table].columns}
    plain = {name for name in columns if not name.startswith("sealed_")}
    assert plain == set(PLAIN[table])
    assert all(PLAIN[table].values())


def test_the_inventory_lists_no_table_that_is_gone() -> None:
    assert set(PLAIN) == set(Base.metadata.tables)
