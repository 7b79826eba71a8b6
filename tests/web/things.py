"""One thing of each kind that an address can name, at the county, at the police, and nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select

import config
from intake.domain.deadline import local_date
from intake.domain.people import Administrator, Appointment, Membership, Role
from intake.domain.recusal import Ground
from intake.services.absence import Absences, Away
from intake.services.amend import Change
from intake.services.enrol import Enrol
from intake.services.hold import REASON
from intake.services.invite import Newcomer
from intake.services.rule_editor import Editor
from intake.store import people, retention, rules
from intake.store.columns import AnyRow
from intake.store.factor_tables import FactorRow
from intake.store.need_to_know_tables import RecusalRow
from intake.store.people_tables import InvitationRow, MembershipRow
from intake.store.reminder_tables import AbsenceRow
from intake.store.tables import DeadlineRow, OutboxRow, ReferralRow
from intake.vault.seal import seal_for
from tests import keeper
from tests.calendars import use, with_holiday
from tests.services import asking
from tests.services.sending import at, tell
from tests.site import ANK, CHEAP, COUNTY, HEA, PASSPHRASE, POL, SOC, Site, worry_answers
from tests.web.keying import begun

Thing = Mapping[str, Any]
"""What of it stands in an address, by the names of the route."""
LAYER, KEYLESS, CLOCK = "ita-uusimaa", "you-kerava", "lsl26_start"
ENTRIES: Mapping[str, Thing] = {
    "no entry": {"entry_id": "no-such-entry"},
    "social services": {"entry_id": SOC},
    "the police": {"entry_id": POL},
    "a school of Vantaa": {"entry_id": "school-tikkukivi"},
    "the team's agreement": {"entry_id": "agreement-vantaa-2026"},
    "the county's line": {"entry_id": "line-vantaa-kerava-emergency"},
}


def furnish(site: Site, folder: Path) -> dict[str, Thing]:
    """Let each of them be there; by their names in ``tests.web.expected``."""
    answers = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        protection={"crime_against_child": "violence"},
        consent={"child_consent": "given", "consent_to": ["ANK"]},
    )
    for _ in range(2):
        site.send(answers)
    draft = UUID(begun(site).under.rpartition("/")[2])
    things = _of_reports(site, draft) | _of_people(site) | _of_staff(site) | _of_rules(site)
    _make_a_day_a_holiday(site, folder)
    things |= _of_letters(site) | dict(ENTRIES)
    things |= _of_need_to_know(site, answers, things) | _of_keys(site) | _of_what_waits(site)
    return {name: dict(thing) for name, thing in things.items()}


def _of_reports(site: Site, draft: UUID) -> dict[str, Thing]:
    soc, pol, ank = (_one(site, ReferralRow, agency_id=agency) for agency in (SOC, POL, ANK))
    return {
        "no referral": {"referral_id": uuid4(), "clock": "accept"},
        "social services' referral": {"referral_id": soc.id, "clock": "urgency"},
        "the police's referral": {"referral_id": pol.id, "clock": "accept"},
        "the team's referral": {"referral_id": ank.id, "clock": "accept"},
        "no deadline": {"deadline_id": uuid4()},
        "the county's deadline": {"deadline_id": _deadline(site, soc, CLOCK)},
        "the police's deadline": {"deadline_id": _deadline(site, pol)},
        "no draft": {"draft": uuid4()},
        "a worker's draft": {"draft": draft},
        "no agency's deadlines": {"agency_id": "no-such-agency", "clock": CLOCK},
        "the county's deadlines": {"agency_id": SOC, "clock": CLOCK},
        "the police's deadlines": {"agency_id": POL, "clock": CLOCK},
    }


def _of_people(site: Site) -> dict[str, Thing]:
    invited = {
        name: _invited(site, name, at) for name, at in (("admin", SOC), ("admin-police", POL))
    }
    return {
        "nobody": {"person_id": uuid4()},
        "a curator of the county": {"person_id": site.people["wel"]},
        "a policeman": {"person_id": site.people["pol"]},
        "the county's administrator": {"person_id": site.people["admin"]},
        "no role": {"person_id": site.people["wel"], "role_id": uuid4()},
        "a role at the county": _role(site, "wel"),
        "a role at the police": _role(site, "pol"),
        "no invitation": {"invitation_id": uuid4()},
        "the county's invitation": {"invitation_id": invited["admin"]},
        "the police's invitation": {"invitation_id": invited["admin-police"]},
    }


def _of_staff(site: Site) -> dict[str, Thing]:
    newcomer = _newcomer(site)
    with site.parts.database.write() as connection:
        member = Membership(Role.WORKER, KEYLESS)
        people.add_membership(connection, site.people["duty"], member, site.hands())
    return {
        "no absence": {"absence_id": uuid4()},
        "a social worker's absence": {"absence_id": _absent(site, "soc")},
        "a policeman's absence": {"absence_id": _absent(site, "pol")},
        "no member": {"member_id": uuid4()},
        "a social worker": {"member_id": site.people["soc"]},
        "a member of the police": {"member_id": site.people["pol"]},
        "no colleague": {"agency_id": SOC, "person_id": uuid4()},
        "a new colleague": {"agency_id": SOC, "person_id": newcomer},
        "a new colleague, elsewhere": {"agency_id": POL, "person_id": newcomer},
        "no agency": {"agency_id": "no-such-agency"},
        "an agency whose key is held": {"agency_id": POL},
        "an agency without a key": {"agency_id": KEYLESS},
    }


def _of_rules(site: Site) -> dict[str, Thing]:
    site.parts.rule_drafts.begin(Editor(None), LAYER, site.hands())
    with site.parts.database.read() as connection:
        draft = rules.drafts(connection)[0].id
        publication = rules.publications(connection, LAYER)[0].id
    return {
        "no rule draft": {"draft_id": uuid4()},
        "the county's rule draft": {"draft_id": draft},
        "no publication": {"publication_id": uuid4()},
        "the county's publication": {"publication_id": publication},
        "no set of rules": {"layer": "no-such-layer"},
        "the county's set of rules": {"layer": LAYER},
    }


def _of_need_to_know(
    site: Site, answers: dict[str, Any], things: Mapping[str, Thing]
) -> dict[str, Thing]:
    """On reports of their own: who is shut out of one gets into none of its pages."""
    site.hands.move(minutes=1)
    site.send(answers)
    ours, theirs = at(site, SOC), at(site, POL)
    head = Membership(Role.HEAD, POL)  # for a moment: somebody to tell that nobody opens theirs
    with site.parts.database.write() as connection:
        people.add_membership(connection, site.people["soc-head"], head, site.hands())
    for by, whom, row in (("soc", "soc-deputy", ours), ("pol", "pol", theirs)):
        person, now = site.people[whom], site.hands()
        site.parts.recuse(site.visit(by), row.id, person, Ground.PARTY, "", now, knowing=True)
    with site.parts.database.write() as connection:
        role = MembershipRow.role == Role.HEAD, MembershipRow.agency_id == POL
        connection.execute(delete(MembershipRow).where(*role))
    shut = [_one(site, RecusalRow, referral_id=row.id).id for row in (ours, theirs)]
    held = [_held(site, row, by) for row, by in ((ours, "soc-head"), (theirs, "pol"))]
    here, there = {"referral_id": ours.id}, things["social services' referral"]
    lead, asker = asking.sent(site)
    request = asking.asked(site, lead, asker)
    return {
        "nobody shut out": {**here, "recusal_id": uuid4()},
        "somebody shut out at the county": {**here, "recusal_id": shut[0]},
        "somebody shut out at the county, elsewhere": {**there, "recusal_id": shut[0]},
        "somebody shut out at the police": {**here, "recusal_id": shut[1]},
        "no hold": {**here, "hold_id": uuid4()},
        "a hold of the county": {**here, "hold_id": held[0]},
        "a hold of the county, elsewhere": {**there, "hold_id": held[0]},
        "a hold of the police": {**here, "hold_id": held[1]},
        "no request": {"referral_id": lead, "request_id": uuid4()},
        "a request to the team": {"referral_id": lead, "request_id": request},
        "a request of youth services": {"referral_id": asker, "request_id": request},
    }


def _held(site: Site, row: AnyRow, by: str) -> UUID:
    hold_id = uuid4()
    with site.parts.database.write() as connection:
        key = site.parts.respond.key_of(row, site.hands())
        reason = seal_for(key, b"Vireille tullut asia.", REASON, hold_id.bytes)
        values = {
            "id": hold_id,
            "report_id": row.report_id,
            "referral_id": row.id,
            "put_by": site.people[by],
            "put_at": site.hands(),
            "last_day": None,
            "agency_key_id": key.key_id,
            "sealed_reason": reason,
        }
        assert retention.put_hold(connection, values)
    return hold_id


def _of_keys(site: Site) -> dict[str, Thing]:
    apps = {name: _one(site, FactorRow, person_id=site.people[name]).id for name in ("soc", "pol")}
    return {
        "social services' key": {"agency_id": SOC},
        "no factor": {"factor_id": uuid4()},
        "a social worker's app": {"factor_id": apps["soc"]},
        "a policeman's app": {"factor_id": apps["pol"]},
    }


def _of_what_waits(site: Site) -> dict[str, Thing]:
    """Auditors, proposed by operators: a second person of the controller confirms them."""
    waits, today = {}, local_date(site.hands())
    with keeper.away():
        for controller, name in ((COUNTY, "hea"), ("police", "you")):
            operator = Administrator(None, frozenset({controller}))
            role = site.appointment(Membership(Role.AUDITOR, controller=controller))
            site.parts.appoint(operator, site.people[name], [role], site.hands())
            (waits[controller],) = site.parts.confirm_entries.waiting(operator, today)
    agencies = {name: _agency_waiting(site, name) for name in (COUNTY, "police")}
    return {
        "nothing that waits": {"waiting_id": uuid4()},
        "an agency that waits at the county": {"waiting_id": agencies[COUNTY]},
        "an agency that waits at the police": {"waiting_id": agencies["police"]},
        "what waits at the county": {"waiting_id": waits[COUNTY].id},
        "what waits at the police": {"waiting_id": waits["police"].id},
    }


def _agency_waiting(site: Site, controller: str) -> UUID:
    """Proposed by one who does not administer it any more: it is looked at, and never made."""
    stored = site.parts.amend.stored(local_date(site.hands()))
    entry = stored.entry("agency", {COUNTY: HEA, "police": ANK}[controller])
    added = {**entry, "id": f"new-of-{controller}", "desk": "duty"}
    former = Administrator(site.people["coordinator"], frozenset({controller}))
    site.parts.amend(former, [Change("agency", added["id"], added)], site.hands())
    here = Administrator(None, frozenset({controller}))
    (waits,) = site.parts.confirm_directory.waiting(here)
    return waits.id


def _of_letters(site: Site) -> dict[str, Thing]:
    site.parts.chase(site.hands.move(days=3))
    tell(site)
    ours, theirs = (
        _one(site, OutboxRow, person_id=site.people[name]).id for name in ("soc", "pol")
    )
    return {
        "no letter": {"letter_id": uuid4()},
        "a letter about the county's": {"letter_id": ours},
        "a letter about the police's": {"letter_id": theirs},
    }


def _make_a_day_a_holiday(site: Site, folder: Path) -> None:
    """So that deadlines would end on another day."""
    site.parts.recount(site.hands.move(minutes=11))
    use(site, with_holiday(folder, "2026-06-09"))
    site.parts.recount(site.hands())


def _one(site: Site, table: Any, **where: Any) -> AnyRow:
    with site.parts.database.read() as connection:
        return connection.execute(select(table.__table__).filter_by(**where)).first()  # type: ignore[return-value]  # there is one


def _deadline(site: Site, referral: AnyRow, clock: str = "") -> UUID:
    where = {"clock": clock} if clock else {}
    found: UUID = _one(site, DeadlineRow, referral_id=referral.id, **where).id
    return found


def _role(site: Site, name: str) -> Thing:
    row = _one(site, MembershipRow, person_id=site.people[name])
    return {"person_id": site.people[name], "role_id": row.id}


def _invited(site: Site, name: str, agency: str) -> UUID:
    newcomer = Newcomer(f"by-{name}", "Uusi Tulokas", "uusi@ankkuri.invalid", "fi")
    role = Appointment(Membership(Role.WORKER, agency), local_date(site.hands()))
    site.parts.invite(site.visit(name).person.as_administrator(), newcomer, [role], site.hands())
    found: UUID = _one(site, InvitationRow, sign_in_name=newcomer.sign_in_name).id
    return found


def _newcomer(site: Site) -> UUID:
    """Somebody at social services who waits for its key."""
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    role = Membership(Role.WORKER, SOC)
    return Enrol(site.parts.database, pepper, CHEAP).person(
        "newcomer", "Uusi Työntekijä", "new@ankkuri.invalid", "fi", PASSPHRASE, [role], site.hands()
    )


def _absent(site: Site, name: str) -> UUID:
    away = Away(date(2026, 7, 1), date(2026, 7, 31), None)
    Absences(site.parts.database).record(site.visit(name), away, site.hands())
    found: UUID = _one(site, AbsenceRow, person_id=site.people[name]).id
    return found
