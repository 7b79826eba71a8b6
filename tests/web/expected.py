"""Who gets in where: the one table that the walk over the URL map compares with what is answered.

A route of the map that stands in none of the three tables fails the build. One with a thing in its
address belongs into ``OBJECTS``; the things are made in ``tests.web.things``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.site import PEOPLE, POL

SOCIAL = frozenset({"soc", "soc-deputy", "soc-head"})
MEMBERS = SOCIAL | {"duty", "pol", "ank", "hea", "you", "wel", "pri"}
HEADS = frozenset({"soc-head"})
ADMINS = frozenset({"admin", "admin-vantaa", "admin-police"})
EDITORS = frozenset({"rules", "rules-2", "rules-police"})
ITS_EDITORS = frozenset({"rules", "rules-2"})
SUPERVISORS = frozenset({"supervisor"})
ANYBODY = frozenset(PEOPLE)
Who = frozenset[str]


@dataclass(frozen=True)
class Expected:
    """``may``: who holds the permission; the others get 403. ``things``: who of them gets in to
    which thing; the others get 404, all of them at the thing ``none``, which is not there.
    ``answer``: to who gets in, but for the ``odd`` things, each with its own. ``also``: what else
    the address names. ``leaves``: ``none`` may
    have been there yesterday, so that it is no refusal. ``typed``: the answer that hands a text
    back to who posted it where they do not get in.
    """

    may: Who
    things: Mapping[str, Who]
    none: str
    answer: int = 200
    also: Mapping[str, Any] = field(default_factory=dict)
    leaves: bool = False
    typed: int = 404
    odd: Mapping[str, int] = field(default_factory=dict)


def one(name: str) -> Who:
    return frozenset({name})


REFERRALS = {
    "social services' referral": SOCIAL,
    "the police's referral": one("pol"),
    "the team's referral": one("ank"),
}
STANDBY = {  # the desk of "soc" stands by for the team; nobody is silent, so it is not open to it
    "social services' referral": one(""),
    "the police's referral": one(""),
    "the team's referral": one("soc"),
}
DEADLINES = {"the county's deadline": SUPERVISORS, "the police's deadline": one("")}
STAFF = {"a curator of the county": one("admin"), "a policeman": one("admin-police")}
OWN_DRAFTS = {"a worker's draft": MEMBERS, "no draft": MEMBERS}
"""Such an address leads each worker to a draft of their own, begun or not."""
HOLDS = {
    "a hold of the county": HEADS,
    "a hold of the county, elsewhere": one(""),
    "a hold of the police": one(""),
}
OVERSEEN = {
    "somebody shut out at the county": SUPERVISORS,
    "somebody shut out at the police": one(""),
}
RECUSALS = {
    "somebody shut out at the county": HEADS,
    "somebody shut out at the county, elsewhere": one(""),
    "somebody shut out at the police": one(""),
}
REQUESTS = {"a request to the team": one("ank"), "a request of youth services": one("")}
"""The lead answers; who asked reads the answer on the report's page."""
WAITING = {
    "what waits at the county": one("admin"),
    "what waits at the police": one("admin-police"),
}
AGENCIES_WAITING = {
    "an agency that waits at the county": one("admin"),
    "an agency that waits at the police": one("admin-police"),
}
KEYS = {
    "social services' key": SOCIAL,
    "an agency whose key is held": one("pol"),
    "an agency without a key": one(""),
}
FACTORS = {"a social worker's app": one("soc"), "a policeman's app": one("pol")}
AGENCIES = {
    "social services": one("admin"),
    "the police": one("admin-police"),
    "a school of Vantaa": one(""),
}
SCHOOLS = {"a school of Vantaa": one("admin-vantaa"), "social services": one("")}
AGREEMENTS = {"the team's agreement": one("admin-police"), "social services": one("")}
LINES = {"the county's line": one("admin"), "social services": one("")}
DRAFTS = {"the county's rule draft": ITS_EDITORS}


def of_referral(**also: Any) -> Expected:
    return Expected(MEMBERS, REFERRALS, "no referral", also=also)


def of_entry(things: Mapping[str, Who]) -> Expected:
    return Expected(ADMINS, things, "no entry")


def of_draft(answer: int = 200, **also: Any) -> Expected:
    return Expected(MEMBERS, OWN_DRAFTS, "", answer, also)


def of_waiting() -> Expected:
    return Expected(ADMINS, WAITING, "nothing that waits")


def of_agency_waiting() -> Expected:
    return Expected(ADMINS, AGENCIES_WAITING, "nothing that waits")


def of_key() -> Expected:
    return Expected(MEMBERS, KEYS, "no agency")


def of_deadline(answer: int = 200) -> Expected:
    return Expected(SUPERVISORS, DEADLINES, "no deadline", answer)


def of_rules(typed: int = 404) -> Expected:
    return Expected(EDITORS, DRAFTS, "no rule draft", leaves=True, typed=typed)


OBJECTS: Mapping[str, Expected] = {
    "absence.of_member": Expected(
        ANYBODY,
        {
            "a social worker": frozenset({"soc", "soc-head"}),
            "a member of the police": one("pol"),
        },
        "no member",
    ),
    "absence.withdraw": Expected(
        ANYBODY,
        {
            "a social worker's absence": frozenset({"soc", "soc-head"}),
            "a policeman's absence": one("pol"),
        },
        "no absence",
        303,
    ),
    "admin.agency": of_entry(AGENCIES),
    "admin.agency_out_of_use": of_entry(AGENCIES),
    "admin.agreement": of_entry(AGREEMENTS),
    "admin.close_school": of_entry(SCHOOLS),
    "admin.confirm_agency": of_agency_waiting(),
    "admin.line": of_entry(LINES),
    "admin.refuse_agency": of_agency_waiting(),
    "admin.remove_agreement": of_entry({"the team's agreement": one("")}),  # it has begun
    "admin.remove_line": of_entry(LINES),
    "admin.school": of_entry(SCHOOLS),
    "agency.ask_sections": Expected(  # the team leads, and asks nobody
        MEMBERS, REFERRALS, "no referral", odd={"the team's referral": 409}
    ),
    "agency.certificate": of_referral(),
    "agency.contact": of_referral(),
    "agency.holds": Expected(
        HEADS, {name: HEADS & who for name, who in REFERRALS.items()}, "no referral"
    ),
    "agency.key_in.call_112": of_draft(),
    "agency.key_in.check": of_draft(404),
    "agency.key_in.children": of_draft(303),
    "agency.key_in.erase": of_draft(),
    "agency.key_in.erased": of_draft(),
    "agency.key_in.guardians": of_draft(),
    "agency.key_in.noted": of_draft(404),
    "agency.key_in.page": of_draft(name="who"),
    "agency.key_in.person": of_draft(name="child", number=1),
    "agency.key_in.receipt": of_draft(404),
    "agency.key_in.remove": of_draft(303, name="child", number=1),
    "agency.key_in.report": of_draft(303),
    "agency.key_in.send": of_draft(303),
    "agency.lift_recusal": Expected(HEADS, RECUSALS, "nobody shut out"),
    "agency.move": of_referral(move="accept"),
    "agency.note": of_referral(),
    "agency.printed": Expected(MEMBERS, REFERRALS, "no referral", 204),
    "agency.recusal": of_referral(),
    "agency.recuse_colleague": of_referral(),
    "agency.referral": of_referral(),
    "agency.release": Expected(HEADS, HOLDS, "no hold"),
    "agency.right": of_referral(),
    "agency.section_request": Expected(MEMBERS, REQUESTS, "no request"),
    "agency.show_protected": of_referral(),
    "agency.take_over": Expected(MEMBERS, STANDBY, "no referral", 409),
    "agency.to_whom": of_referral(),
    "agency.what_and_why": Expected(  # none of these goes to the police
        MEMBERS, REFERRALS, "no referral", 409, {"agency_id": POL}
    ),
    "agency.who_looked": of_referral(),
    "colleagues.change_key": of_key(),
    "colleagues.changing": of_key(),
    "colleagues.give_key": Expected(
        MEMBERS,
        {"a new colleague": SOCIAL, "a new colleague, elsewhere": one("")},
        "no colleague",
    ),
    "colleagues.new_key": Expected(
        MEMBERS,
        {"an agency whose key is held": one(""), "an agency without a key": one("duty")},
        "no agency",
    ),
    "people.anew": Expected(ADMINS, STAFF | {"the county's administrator": one("")}, "nobody"),
    "people.confirm_entry": of_waiting(),
    "people.details": Expected(ADMINS, STAFF, "nobody"),
    "people.end_role": Expected(
        ADMINS,
        {"a role at the county": one("admin"), "a role at the police": one("admin-police")},
        "no role",
    ),
    "people.give": Expected(ADMINS, STAFF, "nobody"),
    "people.leave": Expected(ADMINS, STAFF, "nobody"),
    "people.person": Expected(ADMINS, STAFF, "nobody"),
    "people.refuse_entry": of_waiting(),
    "people.withdraw": Expected(
        ADMINS,
        {"the county's invitation": one("admin"), "the police's invitation": one("admin-police")},
        "no invitation",
    ),
    "rules.desk.difference": of_rules(),
    "rules.desk.draft": of_rules(409),
    "rules.desk.impact": of_rules(),
    "rules.desk.new_version": Expected(
        EDITORS, {"the county's set of rules": ITS_EDITORS}, "no set of rules", 303
    ),
    "rules.desk.propose": of_rules(),
    "rules.desk.publish": of_rules(),
    "rules.desk.throw_away": of_rules(),
    "rules.desk.withdraw": Expected(  # it is in force
        EDITORS, {"the county's publication": ITS_EDITORS}, "no publication", 409
    ),
    "security.remove": Expected(ANYBODY, FACTORS, "no factor"),
    "supervisor.deadline": of_deadline(),
    "supervisor.extend": of_deadline(),
    "supervisor.recount_one": of_deadline(303),
    "supervisor.recount_group": Expected(
        SUPERVISORS,
        {"the county's deadlines": SUPERVISORS, "the police's deadlines": one("")},
        "no agency's deadlines",
        303,
    ),
    "supervisor.remind": of_deadline(422),  # it is not said whom
    "supervisor.revive": Expected(
        SUPERVISORS,
        {"a letter about the county's": SUPERVISORS, "a letter about the police's": one("")},
        "no letter",
        303,
    ),
    "supervisor.lift_recusal": Expected(SUPERVISORS, OVERSEEN, "nobody shut out"),
    "supervisor.standby": of_deadline(),
}
"""Routes with a thing in their address."""

PLAIN: Mapping[str, Who] = {
    "absence.absence": ANYBODY,
    "account.front": ANYBODY,
    "account.sign_out": ANYBODY,
    "admin.agencies": ADMINS,
    "admin.agreements": ADMINS,
    "admin.lines": ADMINS,
    "admin.municipalities": ADMINS,
    "admin.new_agency": ADMINS,
    "admin.new_agreement": ADMINS,
    "admin.new_line": ADMINS,
    "admin.new_school": ADMINS,
    "admin.register": ADMINS,
    "admin.schools": ADMINS,
    "agency.going": HEADS,
    "agency.inbox": MEMBERS,
    "agency.key_in.start": MEMBERS,
    "agency.own_log": MEMBERS,
    "audit.extract": one("auditor"),
    "audit.extract_csv": one("auditor"),
    "audit.lines": one("auditor"),
    "audit.unusual": one("auditor"),
    "colleagues.keys": MEMBERS,
    "coordinator.picture": one("coordinator"),
    "jobs.timetable": ADMINS | SUPERVISORS,
    "people.entries": ADMINS,
    "people.everyone": ADMINS,
    "people.known": ADMINS,
    "people.new": ADMINS,
    "recovery.new_recovery_code": ANYBODY,
    "reminders.reminders": ANYBODY,
    "rules.compact": EDITORS,
    "rules.desk.sets": EDITORS,
    "rules.table": EDITORS,
    "rules.try_out": EDITORS,
    "security.add_app": ANYBODY,
    "security.add_passkey": ANYBODY,
    "security.app_picture": ANYBODY,
    "security.codes": ANYBODY,
    "security.confirm": ANYBODY,
    "security.end_session": ANYBODY,
    "security.forget_device": ANYBODY,
    "security.passphrase": ANYBODY,
    "security.security": ANYBODY,
    "supervisor.ageing": SUPERVISORS,
    "supervisor.ageing_csv": SUPERVISORS,
    "supervisor.ahead": SUPERVISORS,
    "supervisor.ahead_csv": SUPERVISORS,
    "supervisor.deadlines": SUPERVISORS,
    "supervisor.half_year_file": SUPERVISORS,
    "supervisor.half_year_page": SUPERVISORS,
    "supervisor.pressing_csv": SUPERVISORS,
    "supervisor.reconciliation": SUPERVISORS,
    "supervisor.recount": SUPERVISORS,
    "supervisor.recusals": SUPERVISORS,
    "supervisor.reported": SUPERVISORS,
    "supervisor.times": SUPERVISORS,
    "supervisor.times_csv": SUPERVISORS,
    "supervisor.today": SUPERVISORS,
}
"""Routes of staff without one: who gets in; the others get 403."""

OPEN = frozenset(
    {
        "account.sign_in",
        "account.sign_in_picture",
        "account.sign_in_second",
        "account.sign_in_set_up",
        "joining.arrive",
        "joining.join_in",
        "probe.alive",
        "probe.serves",
        "recovery.come_back",
        "reporter.accessibility",
        "reporter.call_112",
        "reporter.check",
        "reporter.children",
        "reporter.copy",
        "reporter.erase",
        "reporter.erased",
        "reporter.guardians",
        "reporter.leave",
        "reporter.noted",
        "reporter.page",
        "reporter.person",
        "reporter.privacy",
        "reporter.receipt",
        "reporter.remove",
        "reporter.report",
        "reporter.send",
        "reporter.start",
        "reporter.status",
        "static",
    }
)
"""Routes that anyone may use: who reports, signs in or follows an invitation, and a proxy."""
