"""Make the demo's site: invented people and worries, and all that has happened since.

Everything goes through the services at the instants at which it would have happened, and the chaser
sweeps in between at the instants at which a running one would have.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import config
from intake import demo_key, upkeep, wiring
from intake.demo_data import (
    TOTP_SECRET,
    Table,
    answers_of,
    instant,
    memberships,
    read_demo,
    written_of,
)
from intake.domain.answers import worry_of
from intake.domain.deadline import local_date
from intake.domain.keyed import Channel, KeyedIn
from intake.domain.people import Role
from intake.domain.referral import MOVES, Move, State
from intake.domain.row_id import new_id
from intake.parts import Parts
from intake.services.absence import Absences, Away
from intake.services.enrol import Enrol
from intake.services.factors import add_app
from intake.services.hand_over import Told
from intake.services.record import Entry
from intake.services.sign_in import Visit
from intake.store import chasing, people, referrals
from intake.store.columns import AnyRow
from intake.vault.own import VisitorSecret
from intake.vault.passphrase import PRODUCTION, Cost
from intake.vault.seal import PublicKey
from intake.vault.totp import step_at

MARKER = "demo.json"
APP = "esittely / demo"
BEFORE_FIRST = timedelta(days=30)
BETWEEN_MOVES = timedelta(minutes=4)
SWEEP_LAG = timedelta(seconds=12)
GATHERING = timedelta(seconds=72)  # then a running chaser has put what it had to tell into letters
CODE_NOTED_AFTER = timedelta(minutes=2)


class DemoUntold(Exception):
    """The demo's file tells something that cannot have happened."""


@dataclass(frozen=True)
class Event:
    """Something that happens at an instant."""

    at: datetime
    do: Callable[[datetime], None]


def is_made(settings: config.Settings) -> bool:
    """Whether a whole demo is there; raises SettingsUnusable if something else is."""
    if (settings.data / MARKER).is_file():
        return True
    if settings.data.exists() and (not settings.data.is_dir() or any(settings.data.iterdir())):
        raise config.SettingsUnusable(
            f"{settings.data} holds something that is not a demo: empty it, or let ANKKURI_DATA "
            "name another folder"
        )
    return False


def make(settings: config.Settings, now: datetime, cost: Cost = PRODUCTION) -> None:
    """Make the demo in a folder beside the one asked, which it becomes once it is whole."""
    with _unfinished(settings) as place:
        upkeep.lay_out(place)
        parts = replace(wiring.build(demo_key.pinned(place, cost), lambda: now), cost=cost)
        try:
            codes = _Story(parts, read_demo(), now, cost).tell()
        finally:
            parts.database.engine.dispose()
        marker = {"made_at": now.isoformat(), "codes": codes}
        (place.data / MARKER).write_text(json.dumps(marker), encoding="ascii")


@contextmanager
def _unfinished(settings: config.Settings) -> Iterator[config.Settings]:
    """Settings of a folder beside the demo's, which takes its place if all goes well."""
    folder = settings.data.with_name(settings.data.name + ".unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield config.load(
            {
                "ANKKURI_DATA": str(folder),
                "ANKKURI_BASE_URL": settings.base_url,
                "ANKKURI_MAIL": settings.mail,
            }
        )
        folder.rename(settings.data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@dataclass
class _Story:
    """Tells what happened, in order."""

    parts: Parts
    demo: Table
    now: datetime
    cost: Cost
    people: dict[str, UUID] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    gather_at: datetime | None = None

    def tell(self) -> list[str]:
        """The receipt codes to be shown."""
        events = sorted(self._events(), key=lambda event: event.at)
        self._enrol(events[0].at - BEFORE_FIRST)
        for event in events:
            self._sweep(event.at)
            event.do(event.at)
            self._post(event.at)
        self._sweep(self.now)
        self._post(self.now)
        self.parts.tidy(self.now)
        return self.codes

    def _enrol(self, at: datetime) -> None:
        pepper = config.read_secret(self.parts.settings.keys, config.SECRETS["pepper"])
        enrol = Enrol(self.parts.database, pepper, self.cost, self.parts.hashing)
        openers: dict[str, list[str]] = {}

        def add(person: Table) -> UUID:
            name = person["sign_in"]
            return enrol.person(
                name,
                person["name"],
                f"{name}@intake.invalid",
                person.get("language", "fi"),
                self.demo["passphrase"],
                memberships(person),
                at,
            )

        with ThreadPoolExecutor(2) as pool:  # as many as may hash at once
            ids = list(pool.map(add, self.demo["person"]))
        with self.parts.database.write() as connection:
            for row in people.everyone(connection, ids):
                public = PublicKey(str(row.id), row.public_key)
                add_app(connection, row.id, public, TOTP_SECRET, APP, at)
        for person, person_id in zip(self.demo["person"], ids, strict=True):
            self.people[person["sign_in"]] = person_id
            for member in memberships(person) if not person.get("waits") else ():
                if member.agency:
                    openers.setdefault(member.agency, []).append(person["sign_in"])
                if member.agency and member.role is Role.WORKER:
                    self.workers[member.agency] = person["sign_in"]
        for agency, names in openers.items():
            enrol.first_key(agency, tuple(self.people[name] for name in names), at)
        demo_key.sign_all(self.parts.settings, self.parts.database, at)

    def _events(self) -> Iterator[Event]:
        for absence in self.demo.get("absence", ()):
            recorded_at = instant(absence["recorded"], self.now, self.parts.calendar)
            yield Event(recorded_at, partial(self._be_absent, absence))
        for worry in self.demo["worry"]:
            secret = VisitorSecret.new()
            arrived_at = instant(worry["arrived"], self.now, self.parts.calendar)
            yield Event(arrived_at, partial(self._send, worry, secret))
            for visit in worry.get("since", ()):
                at = instant(visit["at"], self.now, self.parts.calendar)
                for step in ("", *visit["moves"]):
                    yield Event(at, partial(self._visit, visit, step, secret))
                    at += BETWEEN_MOVES

    def _be_absent(self, absence: Table, at: datetime) -> None:
        last = local_date(self.now) + timedelta(days=absence["days"])
        away = Away(local_date(at), last, self.people[absence["stand_in"]])
        Absences(self.parts.database).record(self._signed_in(absence["who"], at), away, at)

    def _send(self, worry: Table, secret: VisitorSecret, at: datetime) -> None:
        answers = answers_of(worry, self.demo["answers"], local_date(at))
        keyed = self._keyed(worry["keyed"], at) if "keyed" in worry else None
        self.parts.submit(secret, worry_of(answers), answers, at, keyed=keyed)
        self.parts.submit.acknowledge(secret, at + CODE_NOTED_AFTER)
        if worry.get("shown"):
            self.codes.append(secret.receipt_code.text)

    def _keyed(self, taken: Table, at: datetime) -> KeyedIn:
        """Who keyed it in: a member of the agency that took it before."""
        person = self._signed_in(taken["by"], at).person
        agency = self.parts.directory.agency(taken["agency"])
        role = person.role_at(agency.id)
        if role is None:
            raise DemoUntold(f"{taken['by']} is no member of {agency.id}")
        arrived_at = at - timedelta(minutes=taken["minutes"])
        channel = Channel(taken["channel"])
        return KeyedIn(person.id, person.name, role, agency, channel, arrived_at)

    def _visit(self, visit: Table, step: str, secret: VisitorSecret, at: datetime) -> None:
        """A worker opens the referral (no step) or makes one move."""
        row = self._referral(secret, visit["agency"])
        if row is None:
            return
        signed_in = self._signed_in(self.workers[row.agency_id], at)
        if not step:
            self.parts.read(signed_in, row.id, at)
            return
        name, _, more = step.partition(" ")
        if name in ("note", "contact"):
            what = written_of(name, visit[name], at)
            self.parts.write_note(signed_in, row.id, new_id(at), what, at)
        elif name == Move.HAND_OVER:
            self._hand_over(signed_in, row, visit, more, at)
        else:
            self._move(signed_in, row, Move(name), visit, more, at)

    def _move(
        self, signed_in: Visit, row: AnyRow, move: Move, visit: Table, choice: str, at: datetime
    ) -> None:
        rule = MOVES[move]
        entry = Entry(
            move,
            reason=visit["reason"] if rule.asks_reason else "",
            happened_on=local_date(at) if rule.asks_day else None,
            choice=choice or None,
        )
        record = self.parts.withdraw if move is Move.WITHDRAW else self.parts.respond
        record(signed_in, row.id, entry, at)

    def _hand_over(
        self, signed_in: Visit, row: AnyRow, visit: Table, more: str, at: datetime
    ) -> None:
        """To the agency and on the basis that ``more`` names, with the usual sections."""
        to, way = more.split()
        hand_over, directory = self.parts.hand_over, self.parts.directory
        choices = hand_over.choices(signed_in, row.id, at)
        sections = hand_over.usual(choices, directory.agency(row.agency_id), directory.agency(to))
        told = Told(to, way, tuple(sections), visit["reason"], visit.get("consent", ""))
        hand_over(signed_in, row.id, told, at)

    def _referral(self, secret: VisitorSecret, kind: str) -> AnyRow | None:
        """The report's referral at this kind of agency that has not been returned."""
        receipt = self.parts.submit.receipt(secret)
        if receipt is None:
            raise DemoUntold("a visit before the report has arrived")
        with self.parts.database.read() as connection:
            rows = referrals.of_report(connection, receipt.report_id)
        agencies = self.parts.directory.agencies
        return next(
            (r for r in rows if agencies[r.agency_id].kind == kind and r.state != State.RETURNED),
            None,
        )

    def _signed_in(self, name: str, at: datetime) -> Visit:
        """The person's first sign-in; later visits go on with it, or making would be slow."""
        if name not in self.visits:
            secret = self.parts.sign_in(name, self.demo["passphrase"], at)
            half = self.parts.sign_in.half(secret, at)
            if half is None:
                raise DemoUntold(f"{name} had not been enrolled yet")
            code = TOTP_SECRET.code(step_at(at))
            whole = self.parts.second_step.by_code(half, code, at, None)
            visit = self.parts.sign_in.resume(whole, at) if whole else None
            if visit is None:
                raise DemoUntold(f"{name} has another app")
            self.visits[name] = visit
        return self.visits[name]

    def _post(self, at: datetime) -> None:
        self.parts.notify(at)
        self.parts.deliver(at)

    def _sweep(self, until: datetime) -> None:
        """Chase what came due before ``until``, each step soon after its instant, and let what is
        to be told be gathered a minute later.
        """
        while True:
            with self.parts.database.read() as connection:
                due = chasing.due_for_chase(connection, until, 1)
            at = min(due[0].next_chase_at + SWEEP_LAG, until) if due else until
            if self.gather_at and self.gather_at <= at:
                at, self.gather_at = self.gather_at, None
                self.parts.chase(at)
                self._post(at)
            elif due:
                self.parts.chase(at)
                self.gather_at = self.gather_at or at + GATHERING
            else:
                return
