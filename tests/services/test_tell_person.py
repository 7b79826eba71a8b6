"""People are told by letter what happens to their signing in; no stranger floods them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError, ProgrammingError

import config
from intake.domain.trail import Action
from intake.post.letter import Letter
from intake.services.change_passphrase import ChangePassphrase
from intake.services.letters import _KINDS
from intake.services.recover import Recover
from intake.services.second_step import FactorRefused
from intake.services.sign_in import SignInRefused
from intake.services.tell_person import WORDS, Event
from intake.services.tries import FREE_TRIES, MANY_TRIES, SignInTooSoon, Tries
from intake.store import people, staff
from intake.store.outbox import new_letter, put_letters
from intake.store.people_tables import PersonRow
from intake.store.privileges import is_refusal
from intake.store.tables import OutboxRow, TrailRow
from intake.vault.totp import step_at
from tests import databases
from tests.services.test_second_step import by_code, half_open
from tests.services.test_tries import NEW, WRONG, known_browser
from tests.site import CHEAP, PASSPHRASE, Site


def told(site: Site, name: str = "soc") -> list[list[str]]:
    """What each letter tells this person."""
    with site.parts.database.read() as connection:
        own = select(OutboxRow.params).where(
            OutboxRow.letter == "signing_in", OutboxRow.person_id == site.people[name]
        )
        found = connection.scalars(own.order_by(OutboxRow.created_at, OutboxRow.id))
        return [params["events"] for params in found]


def guess(site: Site, how_often: int, name: str = "soc") -> None:
    """So many wrong passphrases, each as soon as it is allowed."""
    for _ in range(how_often):
        while True:
            try:
                site.parts.sign_in(name, WRONG, site.hands())
            except SignInRefused:
                break
            except SignInTooSoon as wait:
                site.hands.move(seconds=wait.seconds)


def test_a_sign_in_in_an_unknown_browser_is_told_and_one_in_a_known_is_not(site: Site) -> None:
    device = known_browser(site)
    assert told(site) == [["new_browser"]]
    site.hands.move(minutes=1)
    assert by_code(site, half_open(site, device=device), site.code(), device)
    assert told(site) == [["new_browser"]]
    site.hands.move(minutes=1)
    assert by_code(site, half_open(site), site.code())
    assert told(site) == [["new_browser"]] * 2


def test_a_failed_second_step_is_told_once_a_day(site: Site) -> None:
    for day in (1, 2):
        half = half_open(site)
        for _ in range(FREE_TRIES):
            with pytest.raises((FactorRefused, SignInTooSoon)):
                by_code(site, half, "000000")
            with pytest.raises((FactorRefused, SignInTooSoon)):
                by_code(site, half, "0000-0000-0000")
        assert told(site) == [["second_step_failed"]] * day
        site.hands.move(days=1, seconds=1)


def test_who_guesses_a_second_step_in_somebodys_open_session_is_told_of_too(site: Site) -> None:
    with pytest.raises(FactorRefused):
        by_code(site, site.visit("soc"), "000000")
    assert told(site) == [["second_step_failed"]]


def test_many_wrong_passphrases_are_told_once_a_day_and_a_few_are_not(site: Site) -> None:
    guess(site, MANY_TRIES - 1)
    assert told(site) == []
    guess(site, 30)
    assert told(site) == [["many_wrong"]]
    site.hands.move(days=1)
    guess(site, MANY_TRIES)
    assert told(site) == [["many_wrong"]] * 2


def test_guesses_at_a_name_that_nobody_has_write_no_letter(site: Site) -> None:
    guess(site, MANY_TRIES, "nobody")
    with site.parts.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(OutboxRow)) == 0


def test_the_right_passphrase_after_wrong_ones_is_told_once_a_day(site: Site) -> None:
    for _ in range(2):
        guess(site, FREE_TRIES)
        site.parts.sign_in("soc", PASSPHRASE, site.hands.move(seconds=10))
    assert told(site) == [["after_wrong"]]


def meeting(monkeypatch: pytest.MonkeyPatch, *places: tuple[object, str]) -> None:
    """Let two transactions that have come as far as these places wait for each other, if both can
    come there.
    """
    both = Barrier(2, timeout=1)

    def then_meets(real: Callable[..., Any]) -> Callable[..., Any]:
        def at_once(*given: Any) -> Any:
            done = real(*given)
            with suppress(BrokenBarrierError):
                both.wait()
            return done

        return at_once

    for where, name in places:
        monkeypatch.setattr(where, name, then_meets(getattr(where, name)))


@pytest.mark.postgresql
def test_two_who_sign_in_after_wrong_tries_at_the_same_moment_both_get_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["soc", "pol"]
    for name in names:
        guess(site, FREE_TRIES, name)
    now = site.hands.move(seconds=10)
    meeting(monkeypatch, (people, "forget_attempts"))
    with ThreadPoolExecutor(2) as doors:
        assert all(doors.map(lambda name: site.parts.sign_in(name, PASSPHRASE, now), names))
    assert [told(site, name) for name in names] == [[["after_wrong"]]] * 2


@pytest.mark.postgresql
def test_who_recovers_while_they_sign_in_after_wrong_tries_is_let_through_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    recover = Recover(site.parts.database, site.parts.sign_in.pepper, CHEAP)
    device = known_browser(site)
    code = recover.new_code(site.visit("soc"), site.hands()).text
    guess(site, FREE_TRIES)
    now = site.hands.move(seconds=10)
    meeting(monkeypatch, (staff, "hold_recovery"), (Tries, "first_of_day"))
    with ThreadPoolExecutor(2) as doors:
        signed_in = doors.submit(site.parts.sign_in, "soc", PASSPHRASE, now)
        recovered = doors.submit(recover, "soc", code, NEW, now, device)
        assert signed_in.result()
        assert recovered.result()


def test_the_right_code_after_wrong_ones_is_told(site: Site) -> None:
    device = known_browser(site)
    site.hands.move(minutes=1)
    half = half_open(site)
    for _ in range(FREE_TRIES):
        with pytest.raises(FactorRefused):
            by_code(site, half, "000000", device)
    site.hands.move(minutes=1)
    assert by_code(site, half, site.code(), device)
    assert told(site) == [["new_browser"], ["second_step_failed"], ["after_wrong"]]


def change_passphrase(site: Site) -> None:
    ChangePassphrase(site.parts.sign_in)(site.visit("soc"), PASSPHRASE, NEW, site.hands(), None)


def add_app(site: Site) -> None:
    visit, factors = site.visit("soc"), site.parts.factors
    code = factors.waiting_app(visit).code(step_at(site.hands()))
    factors.add_app(visit, code, "toinen", site.hands(), None)


def remove_app(site: Site) -> None:
    visit, factors = site.visit("soc"), site.parts.factors
    factors.remove(visit, factors(visit)[0][0].id, site.hands())


def print_codes(site: Site) -> None:
    site.parts.factors.print_codes(site.visit("soc"), site.hands())


def new_recovery_code(site: Site) -> None:
    recover = Recover(site.parts.database, site.parts.pepper, CHEAP)
    recover.new_code(site.visit("soc"), site.hands())


def change_address(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    today, person = site.hands().date(), site.people["soc"]
    seen = site.parts.appoint.person(admin, person, today).digest
    details = {"name": "Saana Sosiaali", "email": "uusi@ankkuri.invalid", "language": "fi"}
    site.parts.appoint.change(admin, person, details, seen, site.hands())


CHANGES = [
    (change_passphrase, Event.CHANGED_PASSPHRASE, Action.CHANGE_PASSPHRASE),
    (add_app, Event.ADDED_FACTOR, Action.ADD_FACTOR),
    (remove_app, Event.REMOVED_FACTOR, Action.REMOVE_FACTOR),
    (print_codes, Event.MADE_CODES, Action.MAKE_CODES),
    (new_recovery_code, Event.MADE_RECOVERY_CODE, Action.NEW_RECOVERY_CODE),
    (change_address, Event.CHANGED_ADDRESS, Action.CHANGE_PERSON),
]


@pytest.mark.parametrize(("change", "event", "action"), CHANGES, ids=[row[1] for row in CHANGES])
def test_each_change_to_ones_signing_in_is_told_and_none_is_made_untold(
    site: Site, change: Callable[[Site], None], event: Event, action: Action
) -> None:
    if change is remove_app:
        add_app(site)
        site.hands.move(minutes=1)
    before = len(told(site))
    site.break_writes("INSERT ON outbox")
    with pytest.raises(DatabaseError):
        change(site)
    site.mend_writes("outbox")
    with site.parts.database.read() as connection:
        done = select(func.count()).where(TrailRow.action == action)
        assert connection.scalar(done) == 0
    change(site)
    assert told(site)[before:] == [[event]]
    assert told(site, "admin") == []


def test_the_first_factor_is_told_in_one_letter(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM factor")
    half, factors = half_open(site), site.parts.factors
    code = factors.waiting_app(half).code(step_at(site.hands()))
    assert factors.add_app(half, code, "puhelin", site.hands(), None).session
    assert told(site) == [["added_factor", "made_codes", "new_browser"]]


def letter_of(site: Site) -> Letter:
    (row,) = [row for row in site.claim_letters() if row.letter == "signing_in"]
    return site.parts.deliver.write(row)


def test_a_changed_address_is_told_to_the_old_one(site: Site) -> None:
    change_address(site)
    with site.parts.database.read() as connection:
        now = select(PersonRow.email).where(PersonRow.id == site.people["soc"])
        assert connection.scalar(now) == "uusi@ankkuri.invalid"
    assert letter_of(site).to_address == "soc@ankkuri.invalid"


def test_a_letter_tells_what_and_when_and_where_to_look_and_nothing_else(site: Site) -> None:
    print_codes(site)
    letter = letter_of(site)
    assert (letter.to_address, letter.language) == ("soc@ankkuri.invalid", "fi")
    assert letter.text == (
        "Käyttäjätunnuksellasi kirjautuminen, ti 2.6.2026 klo 10.42:\n"
        "- Uudet tulostetut koodit on tehty. Entiset eivät enää kelpaa.\n"
        "\n"
        "Jos se et ollut sinä, vaihda salalauseesi heti ja kerro siitä esihenkilöllesi ja "
        "tietosuojavastaavalle.\n"
        "Sivulla Turvallisuus näkyy, missä olet kirjautuneena, ja viimeisimmät kirjautumisesi:\n"
        f"{site.parts.settings.base_url}/account\n"
    )


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_event_has_words_under_the_one_subject_in_each_language(
    site: Site, language: str
) -> None:
    assert set(WORDS) == set(Event)
    about: dict[str, Any] = {"id": UUID(int=7), "report_id": None, "email": "x@ankkuri.invalid"}
    about |= {"name": "Saana Sosiaali", "language": language, "created_at": site.hands()}
    write, at = site.parts.deliver.write, site.hands().isoformat()
    renewed = write(SimpleNamespace(**about, letter="renewed", params={}))  # type: ignore[arg-type]  # a row
    for event in Event:
        params = {"events": [event.value], "at": at}
        row: Any = SimpleNamespace(**about, letter="signing_in", params=params)
        letter = write(row)
        assert letter.subject == renewed.subject
        assert (WORDS[event] in letter.text) is (language == "en")
        assert "soc" not in letter.text
        assert "Saana" not in letter.text


@pytest.mark.postgresql
@pytest.mark.parametrize("door", sorted(config.STAFF_DOORS))
def test_the_role_of_a_door_of_staff_writes_to_its_people_and_to_no_reporter(
    site: Site, door: str
) -> None:
    asked = text("SELECT has_column_privilege('outbox', :column, 'INSERT')")
    with databases.of_role(site.parts.database, door).read() as connection:
        assert connection.scalar(asked, {"column": "person_id"})
        assert not connection.scalar(asked, {"column": "report_id"})


MAY_WRITE = {
    "agency": {"shut_out", "nobody_opens"},
    "supervisor": {"chase"},
    "admin": {"renewed"},
    "jobs": set(_KINDS),
}


@pytest.mark.postgresql
@pytest.mark.parametrize("door", [*sorted(config.STAFF_DOORS), "jobs"])
def test_the_role_of_a_door_writes_its_own_letters_and_to_no_address_but_the_readers(
    site: Site, door: str
) -> None:
    database = databases.of_role(site.parts.database, door)

    def takes(letter: str, **params: str) -> bool:
        row = new_letter(letter, site.hands(), params, person_id=site.people["soc"])
        row.pop("report_id", None)
        try:
            with database.write() as connection:
                connection.execute(insert(OutboxRow).values(**row))
        except ProgrammingError as error:
            if not is_refusal(error):
                raise
            return False
        return True

    own = {"signing_in", "recovered"} | MAY_WRITE.get(door, set())
    assert {letter for letter in _KINDS if takes(letter)} == own
    to = {letter for letter in own if takes(letter, address="somebody@elsewhere.invalid")}
    assert to == {"jobs": own, "admin": {"signing_in"}}.get(door, set())


def test_a_letter_that_is_not_of_signing_in_goes_to_its_readers_own_address(site: Site) -> None:
    params = {"note": "Tunnukset tänne.", "address": "somebody@elsewhere.invalid"}
    letter = new_letter("checkpoint", site.hands(), params, person_id=site.people["soc"])
    with site.parts.database.write() as connection:
        put_letters(connection, [letter])
    (row,) = site.claim_letters()
    assert site.parts.deliver.write(row).to_address == "soc@ankkuri.invalid"
