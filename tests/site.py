"""A whole site for tests: real database, real keys, invented people, and a clock of its own."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.exceptions import HTTPException

import config
from intake import metrics, upkeep, wiring
from intake.app import create_app
from intake.domain.answers import worry_of
from intake.domain.deadline import local_date
from intake.domain.entry import fingerprint
from intake.domain.people import Appointment, Membership, Role
from intake.parts import Now, Parts
from intake.services.draft import Draft
from intake.services.enrol import Enrol
from intake.services.factors import add_app
from intake.services.sign_in import Visit
from intake.services.submit import Receipt
from intake.services.watch import Watching
from intake.store import outbox, people, proposals
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import SessionRow
from intake.vault.keyring import SessionSecret
from intake.vault.own import VisitorSecret
from intake.vault.passphrase import Cost
from intake.vault.seal import PublicKey
from intake.vault.totp import TotpSecret, step_at
from intake.vault.words import words_of
from intake.web.second_step import COOKIE
from tests import databases, keeper
from tests.once import TEMPLATES

PASSPHRASE = "kaisla humisee rannalla"
TOTP_SECRET = TotpSecret(b"twenty bytes of test")
CHEAP = Cost(iterations=1, memory_kib=8)
TUESDAY = datetime(2026, 6, 2, 7, 42, tzinfo=UTC)
"""Tuesday 2 June 2026 at 10.42 in Helsinki: offices are open, and the schools' summer has begun."""

SOC, POL = "soc-vantaa-kerava-office", "pol-office"
DUTY, TRIAGE = "soc-vantaa-kerava-duty", "soc-vantaa-kerava-triage"
ANK, HEA, YOU = "ank-vantaa-kerava", "hea-vantaa-kerava-office", "you-vantaa"
WEL, PRI = "wel-vantaa-kerava-office", "pri-tikkukivi"
COUNTY = "county-vantaa-kerava"

LEAST_OF_STAFF = "coordinator"
"""The role that may do no more than let staff in."""
BEHIND = {
    "people": "admin",
    "joining": "admin",
    "colleagues": "agency",
    "reminders": "agency",
    "jobs": "supervisor",  # and the administrator's
    "absence": LEAST_OF_STAFF,  # any door of staff serves it
    "recovery": LEAST_OF_STAFF,
    "security": LEAST_OF_STAFF,
}
"""What else a door serves."""

PEOPLE: dict[str, tuple[str, tuple[Membership, ...]]] = {
    "soc": ("Saana Sosiaali", (Membership(Role.WORKER, SOC), Membership(Role.WORKER, TRIAGE))),
    "soc-deputy": ("Disa Sijainen", (Membership(Role.DEPUTY, SOC),)),
    "soc-head": ("Eero Esihenkilö", (Membership(Role.HEAD, SOC),)),
    "duty": ("Paula Päivystys", (Membership(Role.WORKER, DUTY),)),
    "pol": ("Pekka Poliisi", (Membership(Role.WORKER, POL),)),
    "ank": ("Anna Ankkuri", (Membership(Role.WORKER, ANK),)),
    "hea": ("Heli Hoitaja", (Membership(Role.WORKER, HEA),)),
    "you": ("Niko Nuoriso", (Membership(Role.WORKER, YOU),)),
    "wel": ("Kirsi Kuraattori", (Membership(Role.WORKER, WEL),)),
    "pri": ("Risto Rehtori", (Membership(Role.WORKER, PRI),)),
    "supervisor": ("Valpuri Valvoja", (Membership(Role.SUPERVISOR, controller=COUNTY),)),
    "coordinator": ("Kaarlo Koordinaattori", (Membership(Role.COORDINATOR, controller="police"),)),
    "rules": ("Sanni Sääntö", (Membership(Role.RULE_EDITOR, controller=COUNTY),)),
    "rules-2": ("Rauni Ruutu", (Membership(Role.RULE_EDITOR, controller=COUNTY),)),
    "rules-police": ("Sisko Sivullinen", (Membership(Role.RULE_EDITOR, controller="police"),)),
    "admin": ("Petri Pääkäyttäjä", (Membership(Role.ADMINISTRATOR, controller=COUNTY),)),
    "admin-vantaa": (
        "Vappu Vantaa",
        (Membership(Role.ADMINISTRATOR, controller="municipality-vantaa"),),
    ),
    "admin-police": ("Pirkko Poliisi", (Membership(Role.ADMINISTRATOR, controller="police"),)),
    "auditor": ("Tuula Tietosuoja", (Membership(Role.AUDITOR, controller=COUNTY),)),
}


def make_app(parts: Parts) -> Flask:
    """The application of these parts."""
    app = create_app(parts)
    app.jinja_env.bytecode_cache = TEMPLATES
    return app


def built(settings: config.Settings, now: Now) -> Parts:
    """The parts of a site with these settings; passphrases are hashed at a test's cost."""
    return replace(wiring.build(settings, now), cost=CHEAP)


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        """Move on by so many days, hours, minutes…; the new instant."""
        self.at += timedelta(**by)
        return self.at


@dataclass
class Site:
    """What a test needs of a running site."""

    parts: Parts
    hands: Hands
    people: dict[str, UUID]

    @cached_property
    def app(self) -> Flask:
        """The application with every door."""
        app = make_app(self.parts)
        app.testing = True
        if databases.has_roles():
            apart = DoorsApart(self.parts, app)
            app.wsgi_app = apart  # type: ignore[method-assign]  # Flask's own way to wrap it
        return app

    def client(self) -> FlaskClient:
        """A browser that has not been here before."""
        return self.app.test_client()

    def signed_in(self, name: str, passphrase: str = PASSPHRASE) -> FlaskClient:
        """A browser in which this person has signed in, with a fresh factor."""
        client = self.client()
        client.set_cookie(COOKIE, self.session(name, passphrase).cookie)
        return client

    def signs_in(self, name: str) -> FlaskClient:
        """A browser in which this person has signed in on the pages, by both steps."""
        client = self.client()
        answer = self.first_step(client, name)
        answer = self.second_step(client, answer.location)
        assert answer.status_code == 303, answer.text
        return client

    def first_step(self, client: FlaskClient, name: str, passphrase: str = PASSPHRASE) -> Any:
        """What the passphrase leads to."""
        page = client.get("/sign-in")
        typed = {"name": name, "passphrase": passphrase, "csrf_token": token_in(page.text)}
        return client.post("/sign-in", data=typed)

    def second_step(self, client: FlaskClient, path: str) -> Any:
        """What the app's code leads to; it is good no more for 30 seconds."""
        page = client.get(path)
        typed = {"factor_code": self.code(), "csrf_token": token_in(page.text)}
        return client.post(path, data=typed)

    def code(self) -> str:
        """What everybody's app shows now."""
        return TOTP_SECRET.code(step_at(self.hands()))

    def session(self, name: str, passphrase: str = PASSPHRASE) -> SessionSecret:
        """The cookie of a session of this person with a fresh factor, without HTTP."""
        secret = self.parts.sign_in(name, passphrase, self.hands())
        self.make_whole(secret)
        return secret

    def make_whole(self, secret: SessionSecret) -> None:
        """Let a half-open session be one whose second factor was shown now."""
        with self.parts.database.write() as connection:
            this = update(SessionRow).where(SessionRow.id == secret.session_id)
            connection.execute(this.values(factor_at=self.hands()))

    def visit(self, name: str) -> Visit:
        """This person signed in, without HTTP."""
        visit = self.parts.sign_in.resume(self.session(name), self.hands())
        assert visit is not None
        return visit

    def appointment(self, membership: Membership, last: date | None = None) -> Appointment:
        """A role from today on."""
        return Appointment(membership, local_date(self.hands()), last)

    def words(self, name: str) -> str:
        """Those of this person's key."""
        with self.parts.database.read() as connection:
            row = people.row_by_sign_in_name(connection, name)
        assert row is not None
        return words_of(fingerprint(row.public_key))

    def sign_again(self, at: datetime | None = None) -> None:
        """Let every role be signed for another year, from now on or from an instant."""
        at = at or self.hands()
        with self.parts.database.write() as connection:
            of_role = DirectoryEntryRow.membership_id.is_not(None)
            connection.execute(update(DirectoryEntryRow).where(of_role).values(withdrawn_at=at))
            proposals.propose_roles(connection, by=None, at=at, founding=True)

    def sign_for_real_clocks(self) -> None:
        """Let every role count in processes too, which go by the machine's clock."""
        self.sign_again(datetime.now(UTC))

    def claim_letters(self) -> list[AnyRow]:
        """Every letter that would be tried now, with its reader."""
        with self.parts.database.write() as connection:
            later = self.hands() + timedelta(hours=1)
            return list(iter(lambda: outbox.claim_letter(connection, self.hands(), later), None))

    def break_writes(self, what: str) -> None:
        """Let every ``what`` (such as ``INSERT ON trail``) fail with the word *full*."""
        databases.break_writes(self.parts.database, what)

    def mend_writes(self, table: str) -> None:
        """Let writes to the table succeed again."""
        databases.mend_writes(self.parts.database, table)

    def send(self, answers: dict[str, Any] | None = None) -> Receipt:
        """Send a worry without HTTP."""
        answers = answers or worry_answers()
        secret = VisitorSecret.new()
        Draft(self.parts.database).save(secret, answers, self.hands())
        self.parts.submit(secret, worry_of(answers), answers, self.hands())
        receipt = self.parts.submit.receipt(secret)
        assert receipt is not None
        return receipt


def make_settings(folder: Path, **changes: Any) -> config.Settings:
    """Settings of a site in this folder, all doors in one process, no TLS."""
    return replace(config.load(environment(folder)), **changes)


def environment(folder: Path) -> dict[str, str]:
    """What a process is told of a site in this folder."""
    return {
        "ANKKURI_DATA": str(folder),
        "ANKKURI_DATABASE": databases.address(folder),
        "ANKKURI_SECURE_COOKIES": "no",
        "ANKKURI_REPORTER_URL": "http://ilmoita.invalid",
        "ANKKURI_DIRECTORY_KEY": keeper.PUBLIC.fingerprint,
    }


def lay_out(folder: Path) -> config.Settings:
    """Key files, schema and directory, as ``ankkuri init`` makes them."""
    settings = make_settings(folder)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    databases.make_schema(settings.data)
    upkeep.lay_out(settings)
    keeper.bring_public_half(settings.keys)
    return settings


def enrol_everyone(parts: Parts, at: datetime) -> dict[str, UUID]:
    """Everybody of PEOPLE with an app, and a key for each agency that has a member."""
    pepper = config.read_secret(parts.settings.keys, config.SECRETS["pepper"])
    enrol = Enrol(parts.database, pepper, CHEAP)
    found: dict[str, UUID] = {}
    members: dict[str, list[UUID]] = {}
    for sign_in_name, (name, memberships) in PEOPLE.items():
        mail = f"{sign_in_name}@ankkuri.invalid"
        person = enrol.person(sign_in_name, name, mail, "fi", PASSPHRASE, memberships, at)
        found[sign_in_name] = person
        give_app(parts.database, person, at)
        for membership in memberships:
            if membership.agency:
                members.setdefault(membership.agency, []).append(person)
    for agency, held_by in members.items():
        enrol.first_key(agency, tuple(held_by), at)
    return found


def give_app(
    database: Database, person_id: UUID, at: datetime, secret: TotpSecret = TOTP_SECRET
) -> None:
    """Let a person have an app, with the secret that tests know unless told otherwise."""
    with database.write() as connection:
        (row,) = people.everyone(connection, (person_id,))
        public = PublicKey(str(person_id), row.public_key)
        add_app(connection, person_id, public, secret, "app", at)


class DoorsApart:
    """Each request goes to the process of its door, as a reverse proxy would send it.

    One process here, but each door with its own role of the database.
    """

    def __init__(self, parts: Parts, whole: Flask) -> None:
        self._parts, self._whole = parts, whole
        self._apps: dict[str, Flask] = {}

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """WSGI."""
        try:
            endpoint, _ = self._whole.url_map.bind_to_environ(environ).match()
        except HTTPException:
            endpoint = "account.sign_in"
        blueprint = str(endpoint).partition(".")[0]
        door = BEHIND.get(blueprint, blueprint)
        app = self._app(door)
        app.testing = self._whole.testing
        return app.wsgi_app(environ, start_response)

    def _app(self, door: str) -> Flask:
        if door not in self._apps:
            known = door in config.DOORS
            doors = (door,) if known else tuple(sorted(config.STAFF_DOORS))
            settings = replace(self._parts.settings, doors=doors)
            own = databases.of_role(self._parts.database, door if known else LEAST_OF_STAFF)
            self._apps[door] = make_app(replace(self._parts, settings=settings, database=own))
        return self._apps[door]


def use_roles(parts: Parts) -> None:
    """Let the services of these parts have the role of the door that they work for."""
    for door, services in (
        ("reporter", ("route", "submit")),
        ("agency", ("read", "respond", "rotate")),
        ("rules", ("sign_in",)),
        ("admin", ("amend", "confirm_directory", "appoint", "invite", "dismiss", "openers")),
        (
            "jobs",
            (
                "chase",
                "deliver",
                "tidy",
                "retain",
                "alarm",
                "remind_half_year",
                "reconcile",
                "recount",
                "try_routes",
                "watch",
            ),
        ),
    ):
        own = replace(parts, database=databases.of_role(parts.database, door))
        vars(parts).update({service: getattr(own, service) for service in services})


@cache
def _original(at: datetime) -> Site:
    """A site that nobody uses, laid out once in this process: the others are copies of it."""
    kept = mkdtemp(prefix="ankkuri-site-")
    atexit.register(shutil.rmtree, kept)
    hands = Hands(at)
    parts = built(lay_out(Path(kept) / "data"), hands)
    enrolled = enrol_everyone(parts, at - timedelta(days=30))
    parts.database.engine.dispose()
    return Site(parts, hands, enrolled)


def _copy(original: Site, folder: Path) -> Site:
    source = original.parts.settings.data
    shutil.copytree(source, folder)
    databases.copy(source, folder)
    settings = make_settings(folder)
    hands = Hands(original.hands.at)
    database = Database(settings.database, keeper.signed())
    metrics.watch(database.engine)
    parts = replace(
        original.parts,
        settings=settings,
        database=database,
        now=hands,
        watching=Watching(),
    )
    return Site(parts, hands, dict(original.people))


@contextmanager
def open_site(folder: Path, at: datetime = TUESDAY) -> Iterator[Site]:
    """A site laid out in ``folder`` whose clock stands at ``at``."""
    site = _copy(_original(at), folder)
    parts = site.parts
    if databases.has_roles():
        use_roles(parts)
    try:
        yield site
    finally:
        parts.database.engine.dispose()
        databases.forget(folder)


def token_in(page: str) -> str:
    """The form token in a page."""
    _, _, rest = page.partition('name="csrf_token"')
    _, _, rest = rest.partition('value="')
    token, _, _ = rest.partition('"')
    assert token, "the page has no form token"
    return token


def worry_answers(**pages: dict[str, Any]) -> dict[str, Any]:
    """A teacher's worry about a Vantaa child who may need protection; pages can be changed."""
    answers: dict[str, Any] = {
        "reporter": {
            "kind": "professional",
            "sector": "school",
            "name": "Outi Opettaja",
            "post": "luokanopettaja",
            "organisation": "Tikkukiven koulu",
            "phone": "040 000 0001",
            "already_called": "",
            "notice_address": "",
        },
        "children": [child_answers()],
        "guardians": [],
        "worry": {"categories": ["neglect"], "primary": "neglect", "child_role": "victim"},
        "urgency": {"urgency": "normal", "threat_to_life": "none", "weapon": "no"},
        "protection": {
            "crime_against_child": "none",
            "may_need_protection": "yes",
            "made_together": "no",
        },
        "observations": {
            "seen": "Lapsi on tullut kouluun ilman eväitä ja talvivaatteita.",
            "when": "kolmena aamuna toukokuussa",
            "own_view": "Arvioin, että kotona on vaikeaa.",
            "done_already": "Puhuin lapsen kanssa.",
            "health": "",
        },
        "consent": {
            "child_informed": "yes",
            "guardian_informed": "no",
            "informed_reason": "En ole tavoittanut.",
            "child_consent": "not_asked",
            "guardian_consent": "not_asked",
            "consent_to": [],
        },
    }
    for page, changes in pages.items():
        answers[page] = answers[page] | changes
    return answers


def child_answers(**changes: Any) -> dict[str, Any]:
    """A ten-year-old of Vantaa at an invented school, with a test identity code."""
    return {
        "name": "Kaisla Keksitty",
        "known_by": "hetu",
        "hetu": "010516A901V",
        "birth_date": None,
        "age": "",
        "due_date": None,
        "language": "suomi",
        "interpreter": "no",
        "municipality": "vantaa",
        "school": "school-tikkukivi",
        "school_name": "",
        "school_class": "4 B",
        "whereabouts": "",
        "whereabouts_municipality": "",
        "turvakielto": "no",
    } | changes
