"""Everything that a process is made of; a service is imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from config import (
    PROJECT,
    REPLAY_PRIVATE,
    REPLAY_PUBLIC,
    SECRETS,
    TRAIL_PRIVATE,
    Settings,
    SettingsUnusable,
    read_secret,
)
from intake import metrics
from intake.domain.calendar import Calendar
from intake.domain.chase import ChaseStep, Chasing
from intake.domain.clock import Clock
from intake.domain.deadline import local_date
from intake.domain.directory import Directory
from intake.domain.quiet import Quiet
from intake.domain.retention import Keeping
from intake.live import DirectoryState
from intake.post.letter import Sender
from intake.sender import sender_of
from intake.services.proving import Proving
from intake.services.rulebook import Rulebook
from intake.services.watch import Notice, Watch, Watching
from intake.store.database import Database
from intake.vault.seal import FactsSealer, KeyUnusable, PublicKey
from routing_rules.book import Book
from routing_rules.ruleset import RuleSet

if TYPE_CHECKING:
    from intake.services.alarm import Alarm
    from intake.services.amend import Amend
    from intake.services.appoint import Appoint
    from intake.services.chase import Chase
    from intake.services.check_entries import CheckEntries
    from intake.services.confirm_directory import ConfirmDirectory
    from intake.services.confirm_entries import ConfirmEntries
    from intake.services.deliver import Deliver
    from intake.services.dismiss import Dismiss
    from intake.services.factors import Factors
    from intake.services.hand_on import HandOn
    from intake.services.hand_over import HandOver
    from intake.services.invite import Invite
    from intake.services.list_deletions import ListDeletions
    from intake.services.notify import Notify
    from intake.services.openers import Openers
    from intake.services.past import Past
    from intake.services.prove import Agencies
    from intake.services.publish import Publish
    from intake.services.read import Read
    from intake.services.reconcile import Reconcile
    from intake.services.recount import Recount
    from intake.services.recuse import Recuse
    from intake.services.refer import Refer
    from intake.services.remind_half_year import RemindHalfYear
    from intake.services.respond import Respond
    from intake.services.retain import Retain
    from intake.services.rotate import Rotate
    from intake.services.route import Route
    from intake.services.rule_drafts import Drafts
    from intake.services.second_step import SecondStep
    from intake.services.sign_in import SignIn
    from intake.services.sign_trail import SignTrail
    from intake.services.submit import Submit
    from intake.services.take_over import TakeOver
    from intake.services.take_stock import TakeStock
    from intake.services.tidy import Tidy
    from intake.services.try_routes import TryRoutes
    from intake.services.withdraw import Withdraw
    from intake.services.write_note import WriteNote
    from intake.vault.keyring import PrivateKey
    from intake.vault.passphrase import Cost, HashingQueue

REPLAY_KEY_ID = "replay-1"
Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of a running system."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """Everything that is made once in a process. ``now`` is passed in so that tests own time."""

    settings: Settings
    database: Database
    directory: Directory
    calendar: Calendar
    rulebook: Rulebook
    book: Book
    clocks: Mapping[str, Clock]
    chasing: Chasing
    now: Now = utc_now
    directory_state: DirectoryState | None = None
    proving: Proving = field(default_factory=Proving)
    watching: Watching = field(default_factory=Watching)
    cost: Cost | None = None  # of a try to sign in; None: today's

    @property
    def rules(self) -> RuleSet:
        """The tables that hold everywhere."""
        return self.book.base

    def with_rules(self, rulebook: Rulebook, at: datetime) -> Parts:
        """The same with the rules to decide by at an instant. Raises RulesInvalid."""
        book = rulebook.to_decide_by(at)
        return replace(
            self,
            rulebook=rulebook,
            book=book,
            clocks=book.base.beside["clock"],
            chasing=chasing_of(book, self.calendar),
        )

    @cached_property
    def route(self) -> Route:
        """Routing without writing."""
        from intake.services.keys_that_open import KeysThatOpen
        from intake.services.route import Route

        keys = KeysThatOpen(self.database)
        return Route(self.directory, self.calendar, self.rulebook, self.rules, keys)

    @cached_property
    def openers(self) -> Openers:
        """Who can open where."""
        from intake.services.openers import Openers

        return Openers(self.database, self.route.keys_that_open)

    @cached_property
    def alarm(self) -> Alarm:
        """The alarm where nobody can open."""
        from intake.services.alarm import Alarm

        return Alarm(self.database, self.directory, self.openers, self.rules.beside["standby"])

    @cached_property
    def check_entries(self) -> CheckEntries:
        """The look at what was signed."""
        from intake.services.check_entries import CheckEntries

        return CheckEntries(self.database)

    @cached_property
    def confirm_entries(self) -> ConfirmEntries:
        """The second person."""
        from intake.services.confirm_entries import ConfirmEntries

        return ConfirmEntries(self.database)

    @cached_property
    def amend(self) -> Amend:
        """Changing of the directory."""
        from intake.services.amend import Amend

        return Amend(self.database)

    @cached_property
    def confirm_directory(self) -> ConfirmDirectory:
        """The second person for agencies."""
        from intake.services.confirm_directory import ConfirmDirectory

        return ConfirmDirectory(self.database)

    @cached_property
    def appoint(self) -> Appoint:
        """Giving of roles."""
        from intake.services.appoint import Appoint

        return Appoint(self.database)

    @cached_property
    def invite(self) -> Invite:
        """Inviting of people."""
        from intake.services.invite import Invite

        return Invite(self.database)

    @cached_property
    def dismiss(self) -> Dismiss:
        """Ending of roles."""
        from intake.services.dismiss import Dismiss

        return Dismiss(self.database)

    @cached_property
    def refer(self) -> Refer:
        """Making of referrals."""
        from intake.services.refer import Refer

        return Refer(self.calendar, self.chasing)

    @cached_property
    def submit(self) -> Submit:
        """Taking reports in."""
        from intake.services.submit import Submit

        raw = read_secret(self.settings.keys, REPLAY_PUBLIC)
        replay = PublicKey(REPLAY_KEY_ID, raw)
        return Submit(self.database, self.route, self.refer, FactsSealer(replay), replay)

    @cached_property
    def sign_in(self) -> SignIn:
        """Staff sessions."""
        from intake.services.sign_in import SignIn

        return SignIn(self.database, self.pepper, self.todays_cost, self.hashing)

    @cached_property
    def pepper(self) -> bytes:
        """What is kept outside the database of how passphrases are checked."""
        return read_secret(self.settings.keys, SECRETS["pepper"])

    @cached_property
    def staff_secret(self) -> bytes:
        """Of the forms of staff's doors."""
        return read_secret(self.settings.keys, SECRETS["staff"])

    @property
    def todays_cost(self) -> Cost:
        """Of a try to sign in."""
        from intake.vault.passphrase import PRODUCTION

        return self.cost or PRODUCTION

    @property
    def hashing(self) -> HashingQueue:
        """In which passphrases wait to be checked. Raises SettingsUnusable."""
        from intake.vault.passphrase import queue_in

        folder = self.settings.turns
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return queue_in(folder)
        except OSError as error:
            raise SettingsUnusable(
                f"No place to hash can be locked in {folder} ({error.strerror}): let this user "
                "read the files hashing.0, hashing.1 and hashing.next there, or make them"
            ) from None

    @cached_property
    def factors(self) -> Factors:
        """Second factors."""
        from intake.services.factors import Factors
        from intake.vault.passkey import Passkeys

        return Factors(self.database, self.pepper, Passkeys.of(self.settings.base_url))

    @cached_property
    def second_step(self) -> SecondStep:
        """The second factor."""
        from intake.services.second_step import SecondStep
        from intake.vault.passkey import Passkeys

        return SecondStep(self.database, self.pepper, Passkeys.of(self.settings.base_url))

    @cached_property
    def rotate(self) -> Rotate:
        """Changing of agencies' keys."""
        from intake.services.rotate import Rotate

        return Rotate(self.database)

    @cached_property
    def read(self) -> Read:
        """Opening of referrals."""
        from intake.services.read import Read

        return Read(self.database)

    @cached_property
    def hand_on(self) -> HandOn:
        """What a referral is sent on as."""
        from intake.services.hand_on import HandOn

        return HandOn(self.database, self.directory, self.clocks, self.route, self.refer)

    @cached_property
    def respond(self) -> Respond:
        """Moves on referrals."""
        from intake.services.respond import Respond

        return Respond(self.database, self.directory, self.clocks, self.read, self.hand_on)

    @cached_property
    def hand_over(self) -> HandOver:
        """Handing over."""
        from intake.services.hand_over import HandOver

        return HandOver(
            self.database, self.directory, self.clocks, self.read, self.respond, self.hand_on
        )

    @cached_property
    def withdraw(self) -> Withdraw:
        """Withdrawing what was sent on."""
        from intake.services.withdraw import Withdraw

        return Withdraw(self.database, self.clocks, self.read, self.respond)

    @cached_property
    def take_over(self) -> TakeOver:
        """What the desk that stands by may do."""
        from intake.services.take_over import TakeOver

        return TakeOver(self.database, self.directory, self.clocks, self.read, self.hand_on)

    @cached_property
    def write_note(self) -> WriteNote:
        """Notes and contacts."""
        from intake.services.write_note import WriteNote

        return WriteNote(self.database, self.read, self.respond)

    @cached_property
    def recuse(self) -> Recuse:
        """Shutting out who is disqualified."""
        from intake.services.recuse import Recuse

        return Recuse(self.database, self.directory, self.read, self.respond)

    @cached_property
    def chase(self) -> Chase:
        """The sweep."""
        from intake.services.chase import Chase

        return Chase(self.database, self.directory, self.chasing)

    @cached_property
    def remind_half_year(self) -> RemindHalfYear:
        """Reminders of the half-year statistics."""
        from intake.services.remind_half_year import RemindHalfYear

        return RemindHalfYear(self.database, self.directory, self.calendar)

    @cached_property
    def recount(self) -> Recount:
        """The look at deadlines counted with an earlier calendar."""
        from intake.services.recount import Recount

        return Recount(self.database, self.clocks, self.calendar, self.chasing)

    @cached_property
    def deliver(self) -> Deliver:
        """Letters to the post."""
        from intake.services.deliver import Deliver
        from intake.services.letters import Letters

        replay = self._replay_private()
        letters = Letters(
            PROJECT / "templates",
            self.directory,
            self.clocks,
            self.settings.base_url,
            self.settings.reporter_url,
            replay,
        )
        quiet = Quiet.of(self.rules.beside["quiet"])
        return Deliver(self.database, metrics.CountedPost(self.sender), letters, quiet)

    @property
    def rule_drafts(self) -> Drafts:
        """Drafts of rule sets."""
        from intake.services.rule_drafts import Drafts

        return Drafts(self.database, self._agencies, self.proving, self.rulebook)

    @property
    def publish(self) -> Publish:
        """Putting rule sets in force."""
        from intake.services.publish import Publish

        return Publish(self.rule_drafts, self.now)

    @property
    def past(self) -> Past:
        """The stored decisions. Raises SettingsUnusable without the replay key."""
        from intake.services.past import Past

        return Past(self.database, self._replay_private())

    def _agencies(self, at: datetime) -> Agencies:
        from intake.services.prove import Agencies

        today = local_date(at)
        return Agencies(self.directory, self.route.keys_that_open(today), today)

    def _replay_private(self) -> PrivateKey:
        from intake.vault.keyring import PrivateKey

        try:
            return PrivateKey(REPLAY_KEY_ID, read_secret(self.settings.keys, REPLAY_PRIVATE))
        except KeyUnusable:
            raise SettingsUnusable(
                f"Key file {REPLAY_PRIVATE} is no private key: restore it from its backup"
            ) from None

    @cached_property
    def notify(self) -> Notify:
        """News to reporters."""
        from intake.services.notify import Notify

        return Notify(self.database)

    @cached_property
    def tidy(self) -> Tidy:
        """The purge."""
        from intake.services.tidy import Tidy

        return Tidy(self.database)

    @cached_property
    def retain(self) -> Retain:
        """The deleting of content that has had its time."""
        from intake.services.retain import Retain

        settings = self.settings
        usual = Keeping(settings.keep_days, settings.keep_closed_days)
        return Retain(self.database, self.directory, usual)

    @cached_property
    def try_routes(self) -> TryRoutes:
        """Invented reports along every route. The jobs hold the replay key's private half."""
        from intake.services.submit import Submit
        from intake.services.try_routes import TryRoutes

        replay = self._replay_private().public()
        submit = Submit(self.database, self.route, self.refer, FactsSealer(replay), replay)
        return TryRoutes(self.database, self.directory, self.route, submit)

    @cached_property
    def watch(self) -> Watch:
        """What the schedulers watch in each other."""
        return Watch(self.database, self.directory, self.watching)

    @cached_property
    def notice(self) -> Notice:
        """What the doors of staff watch."""
        return Notice(self.database, self.watching)

    @cached_property
    def reconcile(self) -> Reconcile:
        """The daily counts that must agree."""
        from intake.services.reconcile import Reconcile

        return Reconcile(self.database, self.directory)

    @cached_property
    def take_stock(self) -> TakeStock:
        """Counts of what waits."""
        from intake.services.take_stock import TakeStock

        return TakeStock(self.database, self.directory)

    @cached_property
    def sign_trail(self) -> SignTrail:
        """Checkpoints of the trail. The jobs hold the key that signs."""
        from intake.services.sign_trail import SignTrail
        from intake.vault.signed_note import NoteSigner

        try:
            signer = NoteSigner(read_secret(self.settings.keys, TRAIL_PRIVATE))
        except KeyUnusable:
            raise SettingsUnusable(
                f"Key file {TRAIL_PRIVATE} is no private key: restore it from its backup"
            ) from None
        return SignTrail(self.database, self.directory, signer, self.settings.checkpoints)

    @cached_property
    def list_deletions(self) -> ListDeletions:
        """What was erased, to the list outside the database."""
        from intake.services.list_deletions import ListDeletions

        return ListDeletions(self.database, self.settings.deletions)

    @cached_property
    def sender(self) -> Sender:
        """The post."""
        return sender_of(self.settings)


def chasing_of(book: Book, calendar: Calendar) -> Chasing:
    """The chase steps of a book."""
    return Chasing(tuple(map(ChaseStep.parse, book.base.beside["chase"].values())), calendar)
