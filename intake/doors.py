"""Each door, made of the parts that it may use; its modules are imported only when served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Blueprint

from config import SECRETS, STAFF_DOORS, SettingsUnusable, read_secret
from intake.parts import Parts

if TYPE_CHECKING:
    from intake.services.past import Past
    from intake.services.refuse import Refuse
    from intake.vault.totp import TotpSecret
    from intake.web.admin.room import Room


def blueprints(parts: Parts) -> list[Blueprint]:
    """The doors that the settings name; the sign-in page comes with any door of staff."""
    doors = parts.settings.doors
    made = [_DOORS[door](parts) for door in doors]
    behind = dict.fromkeys(make for door in doors for make in _BEHIND.get(door, ()))
    made += [make(parts) for make in behind]
    made.append(_probe(parts))
    if set(doors) & REMINDED:
        made.append(_reminders(parts))
    if set(doors) & STAFF_DOORS:
        made += [_account(parts), _security(parts), _recovery(parts), _absence(parts)]
    return made


def _reporter(parts: Parts) -> Blueprint:
    from intake.services.draft import Draft
    from intake.services.status import Status
    from intake.services.stop_notices import StopNotices
    from intake.web.reporter.door import make_blueprint

    return make_blueprint(
        draft=Draft(parts.database),
        route=parts.route,
        submit=parts.submit,
        status=Status(parts.database, parts.directory),
        stop_notices=StopNotices(parts.database),
        directory=parts.directory,
        clocks=parts.clocks,
        door_secret=read_secret(parts.settings.keys, SECRETS["reporter"]),
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _agency(parts: Parts) -> Blueprint:
    from intake.services.answer_request import AnswerRequest
    from intake.services.ask_sections import AskSections
    from intake.services.certify import Certify
    from intake.services.hold import Hold
    from intake.services.note_print import NotePrint
    from intake.services.record_right import RecordRight
    from intake.services.show_protected import ShowProtected
    from intake.services.who_looked import WhoLooked
    from intake.services.why_here import WhyHere
    from intake.web.agency import make_blueprint

    ask = AskSections(parts.database, parts.directory, parts.read, parts.hand_over)
    blueprint = make_blueprint(
        read=parts.read,
        respond=parts.respond,
        hand_over=parts.hand_over,
        withdraw=parts.withdraw,
        take_over=parts.take_over,
        write_note=parts.write_note,
        recuse=parts.recuse,
        ask=ask,
        answer=AnswerRequest(parts.database, ask),
        hold=Hold(parts.database, parts.read, parts.respond, parts.retain),
        show_protected=ShowProtected(parts.database, parts.read, parts.respond),
        why_here=WhyHere(parts.rulebook),
        certify=Certify(parts.database, parts.clocks, parts.calendar),
        who_looked=WhoLooked(parts.database, parts.read),
        record_right=RecordRight(parts.database, parts.read, parts.respond),
        note_print=NotePrint(parts.database, parts.read),
        directory=parts.directory,
        clocks=parts.clocks,
        bases=parts.rules.bases,
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        now=parts.now,
    )
    blueprint.register_blueprint(_keyed(parts))
    return blueprint


def _keyed(parts: Parts) -> Blueprint:
    from intake.services.draft import Draft
    from intake.services.status import Status
    from intake.web.keyed.door import make_blueprint

    return make_blueprint(
        draft=Draft(parts.database),
        route=parts.route,
        submit=parts.submit,
        status=Status(parts.database, parts.directory),
        directory=parts.directory,
        clocks=parts.clocks,
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _supervisor(parts: Parts) -> Blueprint:
    from intake.services.accept_recount import AcceptRecount
    from intake.services.due_today import DueToday
    from intake.services.export import Export
    from intake.services.extend import Extend
    from intake.services.follow_up import FollowUp
    from intake.services.half_year import HalfYear
    from intake.services.oversee import Oversee
    from intake.services.oversee_recusals import OverseeRecusals
    from intake.services.press import PressOn
    from intake.services.reconcile import ShowReconciliation
    from intake.services.survey import Survey
    from intake.services.try_again import TryAgain
    from intake.web.supervisor.door import make_blueprint
    from intake.web.supervisor.room import Room

    room = Room(parts.directory, parts.clocks, _refuse(parts), parts.staff_secret, now=parts.now)
    survey = Survey(parts.database, parts.directory, parts.calendar)
    return make_blueprint(
        room=room,
        oversee=Oversee(parts.database, parts.directory),
        try_again=TryAgain(parts.database, parts.directory),
        half_year=HalfYear(parts.database, parts.directory),
        reconciled=ShowReconciliation(parts.database, parts.directory),
        accept_recount=AcceptRecount(parts.database, parts.directory, parts.calendar),
        survey=survey,
        export=Export(parts.database, survey),
        extend=Extend(parts.database, parts.directory, parts.clocks, parts.calendar, parts.chasing),
        follow_up=FollowUp(parts.database, parts.directory),
        press=PressOn(parts.database, parts.directory, parts.calendar),
        due_today=DueToday(parts.database, parts.directory, parts.calendar),
        recusals=OverseeRecusals(parts.database, parts.directory),
    )


def _coordinator(parts: Parts) -> Blueprint:
    from intake.services.oversee import Oversee
    from intake.web.coordinator import make_blueprint

    return make_blueprint(
        oversee=Oversee(parts.database, parts.directory), refuse=_refuse(parts), now=parts.now
    )


def _rules(parts: Parts) -> Blueprint:
    from intake.web.rules import make_blueprint

    blueprint = make_blueprint(
        book=parts.book,
        rulebook=parts.rulebook,
        drafts=parts.rule_drafts,
        directory=parts.directory,
        calendar=parts.calendar,
        refuse=_refuse(parts),
        now=parts.now,
    )
    blueprint.register_blueprint(_rule_desk(parts))
    return blueprint


def _rule_desk(parts: Parts) -> Blueprint:
    from intake.web.rule_desk.door import make_blueprint

    def past() -> Past | None:
        try:
            return parts.past
        except SettingsUnusable:
            return None  # the private half of the replay key is kept elsewhere

    return make_blueprint(
        drafts=parts.rule_drafts,
        publish=parts.publish,
        directory=parts.directory,
        past=past,
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        now=parts.now,
    )


def _admin(parts: Parts) -> Blueprint:
    from intake.web.admin.door import make_blueprint

    return make_blueprint(room=_room(parts), openers=parts.openers, rules=parts.rules)


def _people(parts: Parts) -> Blueprint:
    from intake.web.admin.door import make_people_blueprint

    return make_people_blueprint(
        room=_room(parts),
        confirm=parts.confirm_entries,
        check=parts.check_entries,
        appoint=parts.appoint,
        dismiss=parts.dismiss,
        invite=parts.invite,
        openers=parts.openers,
        base_url=parts.settings.base_url,
    )


def _jobs(parts: Parts) -> Blueprint:
    from intake import jobs
    from intake.services.show_jobs import ShowJobs
    from intake.web.jobs import make_blueprint

    return make_blueprint(
        show_jobs=ShowJobs(parts.database, jobs.SECONDS, jobs.patience),
        refuse=_refuse(parts),
        now=parts.now,
    )


def _joining(parts: Parts) -> Blueprint:
    from intake.services.join import Join
    from intake.web.joining import make_blueprint

    return make_blueprint(
        join=Join(parts.database, parts.pepper, parts.todays_cost, parts.hashing),
        amend=parts.amend,
        every_door=set(parts.settings.doors) >= STAFF_DOORS,
        door_secret=parts.staff_secret,
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _recovery(parts: Parts) -> Blueprint:
    from intake.services.recover import Recover
    from intake.web.recovery import make_blueprint

    return make_blueprint(
        recover=Recover(parts.database, parts.pepper, parts.todays_cost, parts.hashing),
        door_secret=parts.staff_secret,
        secure_cookies=parts.settings.secure_cookies,
        refuse=_refuse(parts),
        now=parts.now,
    )


def _colleagues(parts: Parts) -> Blueprint:
    from intake.services.colleagues import Colleagues
    from intake.services.enrol import Enrol
    from intake.web.colleagues import make_blueprint

    return make_blueprint(
        colleagues=Colleagues(parts.database),
        enrol=Enrol(parts.database, parts.pepper, parts.todays_cost, parts.hashing),
        rotate=parts.rotate,
        directory=parts.directory,
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        now=parts.now,
    )


def _room(parts: Parts) -> Room:
    from intake.web.admin.room import Room

    return Room(
        amend=parts.amend,
        confirm=parts.confirm_directory,
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        now=parts.now,
    )


def _audit(parts: Parts) -> Blueprint:
    from intake.services.audit import Audit
    from intake.web.audit_pages import make_blueprint

    return make_blueprint(
        audit=Audit(parts.database),
        directory=parts.directory,
        clocks=parts.clocks,
        bases=parts.rules.bases,
        refuse=_refuse(parts),
        now=parts.now,
    )


def _account(parts: Parts) -> Blueprint:
    from intake.web.account import make_blueprint

    return make_blueprint(
        sign_in=parts.sign_in,
        second_step=parts.second_step,
        factors=parts.factors,
        published=_published(parts),
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _published(parts: Parts) -> TotpSecret | None:
    """In a demo, the secret of everybody's app."""
    if parts.settings.banner != "demo":
        return None
    from intake.demo_data import TOTP_SECRET

    return TOTP_SECRET


def _security(parts: Parts) -> Blueprint:
    from intake.services.change_passphrase import ChangePassphrase
    from intake.services.own_sessions import OwnSessions
    from intake.web.security import make_blueprint

    return make_blueprint(
        second_step=parts.second_step,
        factors=parts.factors,
        sessions=OwnSessions(parts.database),
        change=ChangePassphrase(parts.sign_in),
        published=_published(parts),
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        secure_cookies=parts.settings.secure_cookies,
        now=parts.now,
    )


def _absence(parts: Parts) -> Blueprint:
    from intake.services.absence import Absences
    from intake.web.absence import make_blueprint

    return make_blueprint(
        absences=Absences(parts.database),
        refuse=_refuse(parts),
        door_secret=parts.staff_secret,
        now=parts.now,
    )


def _reminders(parts: Parts) -> Blueprint:
    from intake.services.reminded import Reminded
    from intake.web.reminders import make_blueprint

    return make_blueprint(
        reminded=Reminded(parts.database),
        directory=parts.directory,
        clocks=parts.clocks,
        refuse=_refuse(parts),
        now=parts.now,
    )


def _probe(parts: Parts) -> Blueprint:
    from intake.services.ready import Ready
    from intake.web.probe import make_blueprint

    staff = set(parts.settings.doors) & STAFF_DOORS
    return make_blueprint(Ready(parts.database), lambda: parts.notice(parts.now()) if staff else "")


def _refuse(parts: Parts) -> Refuse:
    from intake.services.refuse import Refuse

    return Refuse(parts.database, parts.now)


_DOORS: Mapping[str, Callable[[Parts], Blueprint]] = {
    "reporter": _reporter,
    "agency": _agency,
    "supervisor": _supervisor,
    "coordinator": _coordinator,
    "rules": _rules,
    "admin": _admin,
    "audit": _audit,
}
_BEHIND: Mapping[str, tuple[Callable[[Parts], Blueprint], ...]] = {
    "agency": (_colleagues,),
    "supervisor": (_jobs,),
    "admin": (_people, _joining, _jobs),
}
"""What else a door serves; what stands behind two doors is there once where both are served."""
REMINDED = frozenset({"agency", "supervisor"})
"""The doors of those who are reminded."""
