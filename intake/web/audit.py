"""The trail in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from intake.domain.clock import Clock
from intake.domain.directory import Directory
from intake.domain.half_year import Period
from intake.domain.message import Message, mark
from intake.domain.referral import Move
from intake.domain.trail import HANDLING, PAGE, PROOF, TOKEN, Action, ReadingBasis
from intake.language import Language
from intake.services.audit import SEARCHED
from intake.services.enrol import FIRST_KEY, GRANTED
from intake.services.export import Sheet
from intake.services.rotate import CHANGED_KEY, NOT_HELD
from intake.services.second_step import PASSKEY_COPIED, Kind
from intake.services.sign_in import ENDED, NOT_THEIRS, PAST_ITS_TIME
from intake.services.submit import KEYED_IN
from intake.services.tries import TURNED_AWAY
from intake.store.columns import AnyRow
from intake.web.case import clock_title
from intake.web.changes_told import CHANGES, change_told
from intake.web.deadline_words import REASONS
from intake.web.forms.moves import WORDS
from intake.web.forms.note import CONTACT, NOTE
from intake.web.names import Names
from intake.web.navigation import PAGES
from intake.web.rights_words import ASKED_FOR, OUTCOMES, RIGHT_BASES
from intake.web.words import ROLES, SECTIONS
from routing_rules.rule import Basis

HALF_YEAR = mark("Half-year statistics")
HALF_YEAR_ACTIONS: Mapping[str, str] = {
    Action.TAKE_OUT_HALF_YEAR: mark("Half-year statistics taken out"),
    Action.REPORT_HALF_YEAR: mark("Half-year statistics recorded as reported"),
    Action.UNREPORT_HALF_YEAR: mark("Half-year statistics recorded as not reported after all"),
}
REFUSALS = (
    Action.REFUSED,
    Action.SIGN_IN_FAILED,
    Action.CONFIRM_FAILED,
    Action.RECOVER_FAILED,
    Action.DAMAGED,
)
TELL_PARTS = (
    Action.SEND,
    Action.KEY_IN,
    Action.DISCLOSE,
    Action.ASK_SECTIONS,
    Action.GRANT_SECTIONS,
    Action.OPEN,
    Action.PRINT,
    Action.SHOW_PROTECTED,
)
REFUSED_PAGE = f"{PAGE} "
FORGED_FORM = TOKEN.removesuffix(PAGE)
ACTIONS: Mapping[str, str] = {
    Action.SEND: mark("A report was stored"),
    **ASKED_FOR,
    Action.EXTRACT: mark("Extract of the use log made"),
    Action.KEY_IN: mark("A report was keyed in"),
    Action.OPEN: mark("Opened"),
    Action.LOOK: mark("Looked at"),
    Action.DISCLOSE: mark("Disclosed to this agency"),
    Action.NOTE: mark("Note or contact written"),
    Action.PRINT: mark("The report was printed"),
    Action.SHOW_PROTECTED: mark("A protected place was shown"),
    Action.RECUSE: mark("Shut out of a report as disqualified"),
    Action.LIFT_RECUSAL: mark("A disqualification lifted"),
    Action.ASK_SECTIONS: mark("Further parts asked for"),
    Action.GRANT_SECTIONS: mark("Further parts disclosed to this agency"),
    Action.REFUSE_SECTIONS: mark("Further parts refused"),
    Action.WITHDRAW_SECTIONS: mark("Further parts withdrawn"),
    Action.REFUSED: mark("Refused"),
    Action.DAMAGED: mark("Could not be opened: damaged"),
    Action.FIRST_STEP: mark("Passphrase right; the second step comes next"),
    Action.SIGN_IN: mark("Signed in"),
    Action.SIGN_IN_FAILED: mark("Sign-in failed"),
    Action.SIGN_OUT: mark("Signed out"),
    Action.CONFIRM: mark("Second factor shown again"),
    Action.CONFIRM_FAILED: mark("Second factor refused"),
    Action.NOT_FRESH: mark("Second factor asked for again"),
    Action.ADD_FACTOR: mark("Second factor added"),
    Action.REMOVE_FACTOR: mark("Second factor removed"),
    Action.MAKE_CODES: mark("Printed codes made"),
    Action.END_SESSION: mark("Session ended"),
    Action.FORGET_DEVICE: mark("Browser forgotten"),
    Action.CHANGE_PASSPHRASE: mark("Passphrase changed"),
    Action.GRANT: mark("Given a key"),
    Action.CHASE: mark("Reminder"),
    Action.TRY_AGAIN: mark("Reminder tried again"),
    Action.RECOUNT: mark("Deadline counted anew"),
    Action.EXTEND: mark("Deadline extended"),
    Action.EXPORT: mark("Counts taken along as a file"),
    Action.ABSENT: mark("Absence recorded"),
    Action.ABSENCE_WITHDRAWN: mark("Absence withdrawn"),
    Action.PRESS: mark("Reminder by the supervisor"),
    Action.READ_TRAIL: mark("Use log read"),
    **HALF_YEAR_ACTIONS,
    **CHANGES,
    Action.PROPOSE_RULES: mark("Rules proposed"),
    Action.PUBLISH_RULES: mark("Rules published"),
    Action.WITHDRAW_RULES: mark("Rules withdrawn"),
    Action.DISCARD_RULES: mark("A draft of rules thrown away"),
    Action.REHEARSE_RULES: mark("A draft of rules tried on earlier reports"),
    Action.REPLAY_RULES: mark("Stored decisions made anew, to compare"),
    Action.TAKE_SEALED_KEYS: mark("An agency’s sealed keys taken out, for its printed sheets"),
    Action.BACK_UP: mark("Backup made"),
    Action.RESTORE: mark("Restored from a backup"),
    Action.DELETE_CONTENT: mark("Content deleted: its time was over"),
    Action.HOLD_CONTENT: mark("Content kept by a hold"),
    Action.RELEASE_CONTENT: mark("A hold released"),
    Action.PROPOSE_ENTRY: mark("An entry of the directory proposed"),
    Action.CONFIRM_ENTRY: mark("An entry of the directory confirmed"),
    Action.REFUSE_ENTRY: mark("An entry of the directory refused"),
    Action.SIGN_ENTRY: mark("An entry of the directory signed"),
    Action.BAD_ENTRY: mark("Refused: not as it was signed"),
    **{f"move:{move.value}": words.done for move, words in WORDS.items()},
}
PURPOSES: Mapping[str, str] = {
    HANDLING: mark("Handling the report"),
    PROOF: mark("Proof of one line, on the command line"),
    "history of a withdrawn referral": mark("A withdrawn report: its steps alone"),
    "history of a deleted referral": mark("A report whose content is deleted: its steps alone"),
    "opened there before": mark("It had been opened there before"),
    "never opened there": mark("Nobody had opened it there"),
    "opening a referral of another agency": mark("A report of another agency"),
    "shut out as disqualified": mark("Shut out of this report as disqualified"),
    "oversight of use": mark("Oversight of use"),
    KEYED_IN: mark("Told by telephone, on paper or face to face"),
    FIRST_KEY: mark("The agency's first key"),
    CHANGED_KEY: mark("The agency's new key"),
    NOT_HELD: mark("An agency's key, without having it"),
    Kind.TOTP: mark("App"),
    Kind.PASSKEY: mark("Passkey"),
    Kind.CODE: mark("Printed code"),
    PASSKEY_COPIED: mark("Passkey whose counter went back: there may be a copy of it"),
    **OUTCOMES,
    "unusual reading": mark("Unusual reading"),
    ENDED: mark("The cookie of a session that has ended"),
    PAST_ITS_TIME: mark("The cookie of a session past its time"),
    TURNED_AWAY: mark("Too many tries: turned away, had to wait"),
    NOT_THEIRS: mark("The cookie of a session that does not open"),
    Sheet.PRESSING: mark("Late or due soon, by agency and task"),
    Sheet.AGES: mark("Open reports by age"),
    Sheet.TIMES: mark("Times taken"),
    Sheet.AHEAD: mark("Deadlines ahead"),
}
BASES: Mapping[str, str] = {
    **RIGHT_BASES,
    ReadingBasis.TASK: mark("Task of an authority (GDPR art. 6.1 e)"),
    ReadingBasis.OVERSIGHT: mark("Oversight of data protection (GDPR art. 39.1 b)"),
}
WAYS: Mapping[str, str] = {
    "to": mark("To: %(agency)s"),
    "from": mark("From: %(agency)s"),
    "by": mark("By: %(agency)s"),
}
"""Before the other agency's id, as the moves that reach two agencies write it."""

_INNER_PAGES: dict[str, str] = {
    "agency.referral": mark("Report"),
    "agency.printed": mark("Printing of the report"),
    "agency.show_protected": mark("Show the protected place"),
    "agency.ask_sections": mark("Ask for further parts"),
    "agency.section_request": mark("Request for further parts"),
    "agency.going": mark("Content to be deleted"),
    "agency.holds": mark("Holds on the content"),
    "agency.release": mark("Release a hold"),
    "agency.recusal": mark("Disqualification"),
    "agency.recuse_colleague": mark("Disqualification of a colleague"),
    "supervisor.recusals": mark("Disqualifications"),
    "supervisor.lift_recusal": mark("Lift a disqualification"),
    "agency.lift_recusal": mark("Lift a disqualification"),
    "agency.who_looked": mark("Who has looked at this report"),
    "agency.own_log": mark("Your own use log"),
    "agency.right": mark("Record a request for access or correction"),
    "agency.certificate": mark("How the deadline was counted"),
    "agency.move": mark("A move on a report"),
    "agency.key_in": mark("Key in a worry"),
    "supervisor.revive": mark("A reminder to be tried again"),
    "supervisor.half_year_page": HALF_YEAR,
    "supervisor.half_year_file": HALF_YEAR,
    "supervisor.reported": HALF_YEAR,
    "supervisor.extend": mark("A deadline to be extended"),
    "supervisor.recount_one": mark("Deadlines to be counted anew"),
    "supervisor.recount_group": mark("Deadlines to be counted anew"),
    "security.codes": mark("Make new printed codes"),
    "security.passphrase": mark("Change the passphrase"),
    "security": mark("Security"),
    "recovery": mark("Recovery code"),
    "reminders": mark("Reminders"),
    "absence": mark("Absence"),
    "account.sign_out": mark("Sign out"),
    "account.front": mark("Front page"),
    "agency.to_whom": WORDS[Move.HAND_OVER].do,
    "agency.what_and_why": WORDS[Move.HAND_OVER].do,
    "agency.take_over": WORDS[Move.TAKE_OVER].do,
    "agency.note": NOTE,
    "agency.contact": CONTACT,
}


@dataclass(frozen=True)
class TrailWords:
    """Puts lines of the trail into a reader's words."""

    directory: Directory
    clocks: Mapping[str, Clock]
    bases: Mapping[str, Basis]

    def __call__(
        self, language: Language, row: AnyRow, masked_for: Collection[str] | None = None
    ) -> dict[str, Any]:
        """One line; of what was disclosed also to whom. ``masked_for``: as ``Names`` has it, of a
        line about a report.
        """
        names = Names(language, self.directory, masked_for if row.reference else None)
        return {
            "at": row.at,
            "action": _said(language, ACTIONS, row.action),
            "refused": row.action in REFUSALS,
            "name": row.name or "",
            "role": _said(language, ROLES, row.role),
            "agency": self._agency(names, row.agency_id),
            "recipient": self._agency(names, row.recipient),
            "reference": row.reference or "",
            "purpose": self.purpose(names, row.action, row.purpose or ""),
            "basis": self._basis(language, row.basis or ""),
            "details": (),
        }

    def _basis(self, language: Language, basis: str) -> str:
        """A ground by its words; provisions as they are written, consent and what stands without a
        provision by its text.
        """
        if basis in BASES:
            return _said(language, BASES, basis)
        return "; ".join(self._provision(language, one) for one in basis.split("; "))

    def _provision(self, language: Language, name: str) -> str:
        return language.text(self.bases[name].text) if name in self.bases else name

    def purpose(self, names: Names, action: str, purpose: str) -> str:
        """Why it was done; of a reminder its deadline, of a refused page its title, of a restore
        when its backup was made.
        """
        language = names.language
        if action in (Action.RECOUNT, Action.EXTEND):
            return self._new_day(language, purpose)
        if action in (Action.CHASE, Action.TRY_AGAIN, Action.PRESS):
            return clock_title(language, self.clocks, purpose.partition(":")[0])
        if action in CHANGES or purpose.startswith(GRANTED):
            return change_told(language, purpose)
        if action in TELL_PARTS:
            return self._parts(language, purpose)
        way, _, agency = purpose.partition(" ")
        if way in WAYS and agency in self.directory.agencies:
            return language.message(Message(WAYS[way], {"agency": names(agency)}))
        if purpose.startswith(SEARCHED):
            return self._searched(names, purpose.removeprefix(SEARCHED))
        if action == Action.RESTORE:
            made_at = datetime.fromisoformat(purpose)
            return language.message(Message(mark("Backup of %(at)s"), {"at": made_at}))
        if action in HALF_YEAR_ACTIONS:
            return self._half_year(language, *purpose.split(" "))
        if purpose.startswith(FORGED_FORM):
            page = self.purpose(names, action, purpose.removeprefix(FORGED_FORM))
            return f"{language.gettext(mark('The form did not belong to this session'))}. {page}"
        if not purpose.startswith(REFUSED_PAGE):
            return _said(language, PURPOSES, purpose)
        endpoint = purpose.removeprefix(REFUSED_PAGE)
        doors = {page.partition(".")[0]: title for page, _, title in PAGES}
        titles = {page: title for page, _, title in PAGES} | _INNER_PAGES
        title = titles.get(endpoint) or titles.get(endpoint.rpartition(".")[0])
        title = title or doors.get(endpoint.partition(".")[0], endpoint)
        page = language.gettext(title)
        return language.message(Message(mark("Page: %(page)s"), {"page": page}))

    def _parts(self, language: Language, purpose: str) -> str:
        """What was disclosed or read, after how it came or why it was read. Lines of before told
        one of them, or none.
        """
        first, _, behind = purpose.partition(": ")
        known = first in PURPOSES
        said = [_said(language, PURPOSES, first)] if known else []
        parts = behind if known else purpose
        if parts:
            named = ", ".join(_said(language, SECTIONS, part) for part in parts.split(", "))
            said.append(language.message(Message(mark("Parts: %(parts)s"), {"parts": named})))
        return ". ".join(said)

    def _searched(self, names: Names, what: str) -> str:
        """A part of a name, an act, days and an agency, as far as the line had room for them."""
        told = ", ".join(
            self._agency(names, part)
            if part in self.directory.agencies
            else _said(names.language, ACTIONS, part)
            for part in what.split(", ")
        )
        return names.language.message(Message(mark("Looked for: %(what)s"), {"what": told}))

    def _half_year(self, language: Language, period: str, county: str) -> str:
        known = self.directory.controllers.get(county)
        name = language.text(known.name) if known else county
        return f"{name}, {language.message(Period.read(period).name)}"

    def _new_day(self, language: Language, purpose: str) -> str:
        """Of a changed deadline its task, both days, and why it was extended."""
        clock, _, change = purpose.partition(": ")
        was, now, *reason = change.split()
        params = {
            "task": clock_title(language, self.clocks, clock),
            "was": language.date(date.fromisoformat(was)),
            "now": language.date(date.fromisoformat(now)),
        }
        said = language.message(Message(mark("%(task)s: from %(was)s to %(now)s"), params))
        return ". ".join([said, *(_said(language, REASONS, each) for each in reason)])

    def _agency(self, names: Names, agency: str | None) -> str:
        return names(agency) if agency and agency in self.directory.agencies else agency or ""


def _said(language: Language, words: Mapping[str, str], value: str | None) -> str:
    """The value's words; one that has none stands as it was written."""
    text = value or ""
    return language.gettext(words.get(text, text))
