"""Guessing is slow, and no stranger locks an owner out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.pool import QueuePool

from intake.services import change_passphrase
from intake.services.change_passphrase import ChangePassphrase
from intake.services.second_step import FactorRefused
from intake.services.sign_in import SignInRefused
from intake.services.tries import (
    DEVICES_KNOWN,
    FREE_TRIES,
    MINUTE,
    MOST_A_MINUTE,
    SignInTooSoon,
)
from intake.store import people, sessions
from intake.store.people_tables import PersonRow, SessionRow
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import (
    DeviceSecret,
    PassphraseWrong,
    SessionSecret,
    cost_of,
    lock_person_key,
    open_person_key,
    unlock_person_key,
)
from intake.vault.passphrase import AT_ONCE, PLACES, Cost, HashingBusy
from tests.processes import until
from tests.services.test_second_step import by_code, half_open
from tests.site import CHEAP, PASSPHRASE, Site
from tests.vault.test_hashing_queue import PATIENCE, Visits

WRONG = "väärä tunnuslause tämä"
NEW = "lumme kelluu lahdella"


def known_browser(site: Site, name: str = "soc") -> DeviceSecret:
    device = DeviceSecret.new()
    assert by_code(site, half_open(site, name), site.code(), device)
    return device


def hammer(site: Site, device: DeviceSecret | None = None) -> None:
    """A stranger's next guess, as soon as one is allowed."""
    try:
        site.parts.sign_in("soc", WRONG, site.hands(), device)
    except (SignInRefused, SignInTooSoon):
        return
    raise AssertionError("a wrong passphrase was right")


def test_a_stranger_who_hammers_for_an_hour_keeps_no_owner_out(site: Site) -> None:
    device = known_browser(site)
    for minute in range(60):
        for _ in range(4):
            hammer(site)
            site.hands.move(seconds=15)
        if minute % 10 == 0:
            assert site.parts.sign_in("soc", PASSPHRASE, site.hands(), device)
    for _ in range(FREE_TRIES):
        hammer(site)
    with pytest.raises(SignInTooSoon) as told:
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert told.value.seconds <= MINUTE.total_seconds() + 1
    site.hands.move(seconds=told.value.seconds)
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands()), "on an unknown browser after a wait"


def test_whoever_is_told_to_wait_learns_by_no_delay_whether_there_is_such_a_name(
    site: Site,
) -> None:
    said: dict[str, list[str]] = {"soc": [], "nobody": []}
    engine, now, code = site.parts.sign_in.database.engine, site.hands(), "0123-4567-89AB"
    for name in said:
        for _ in range(FREE_TRIES):
            with pytest.raises(SignInRefused):
                site.parts.sign_in(name, WRONG, now)
        with pytest.raises(SignInTooSoon):  # the first of the day leaves a line
            site.parts.sign_in(name, WRONG, now)
    for name, statements in said.items():

        def note(*args: Any, to: list[str] = statements) -> None:
            to.append(args[2])

        event.listen(engine, "before_cursor_execute", note)
        with pytest.raises(SignInTooSoon):
            site.parts.sign_in(name, WRONG, now, DeviceSecret.new(), code)
        event.remove(engine, "before_cursor_execute", note)
    assert said["soc"] == said["nobody"] != []


def test_a_known_browsers_own_failures_delay_it_and_nobody_else(site: Site) -> None:
    device = known_browser(site)
    for _ in range(FREE_TRIES):
        hammer(site, device)
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands(), device)
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_a_known_browser_is_known_for_its_own_people_only_and_for_a_year(site: Site) -> None:
    device = known_browser(site, "pol")
    for _ in range(FREE_TRIES):
        hammer(site)
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands(), device)
    device = known_browser(site, "hea")
    site.hands.move(days=DEVICES_KNOWN.days)
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInRefused):
            site.parts.sign_in("hea", WRONG, site.hands())
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("hea", PASSPHRASE, site.hands(), device)


def flood(site: Site) -> None:
    """As many tries within a minute, on any names, as there may be."""
    with site.parts.database.write() as connection:
        for number in range(MOST_A_MINUTE):
            people.add_attempt(connection, number.to_bytes(32, "big"), site.hands())


def test_a_flood_of_guesses_on_every_account_keeps_no_known_browser_out(site: Site) -> None:
    device = known_browser(site)
    flood(site)
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands(), device)


def test_sessions_that_are_over_and_are_remembered_count_as_no_tries(site: Site) -> None:
    with site.parts.database.write() as connection:
        for number in range(MOST_A_MINUTE):
            event, who = f"session {number}", site.people["pol"]
            assert site.parts.sign_in.tries.first_of_day(connection, event, who, site.hands())
            assert not site.parts.sign_in.tries.first_of_day(connection, event, who, site.hands())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_a_strangers_wrong_codes_keep_no_owner_out_of_a_known_browser(site: Site) -> None:
    device = known_browser(site)
    site.hands.move(minutes=1)
    stranger = half_open(site)
    for _ in range(FREE_TRIES):
        with pytest.raises(FactorRefused):
            by_code(site, stranger, "000000")
    with pytest.raises(SignInTooSoon):
        by_code(site, stranger, site.code())
    assert by_code(site, half_open(site, device=device), site.code(), device)


def test_a_flood_of_strangers_keeps_no_known_browser_waiting_and_holds_no_connection(
    site: Site,
) -> None:
    device, queue = known_browser(site), site.parts.sign_in.queue
    strangers = Visits(queue)
    for number in range(PLACES):
        strangers.come(str(number))
    until(lambda: len(strangers.running) == AT_ONCE, PATIENCE)
    with pytest.raises(HashingBusy):
        site.parts.sign_in("pol", PASSPHRASE, site.hands())
    with ThreadPoolExecutor(2) as threads:
        owner = threads.submit(site.parts.sign_in, "soc", PASSPHRASE, site.hands(), device)
        until(lambda: queue._inside == PLACES + 1, PATIENCE)
        assert isinstance(site.parts.database.engine.pool, QueuePool)
        assert site.parts.database.engine.pool.checkedout() == 0
        strangers.let_go[strangers.running[0]].set()
        assert owner.result(60)
    strangers.end()


def lock_of(site: Site, name: str) -> bytes:
    with site.parts.database.read() as connection:
        found = select(PersonRow.sealed_private_key).where(PersonRow.sign_in_name == name)
        locked: bytes = connection.execute(found).scalar_one()
    return locked


def test_a_lock_of_another_cost_is_renewed_by_the_next_sign_in(site: Site) -> None:
    before = lock_of(site, "soc")
    site.session("soc")
    assert lock_of(site, "soc") == before, "the cost is today's"
    dearer = Cost(iterations=2, memory_kib=16)
    raised = replace(site.parts.sign_in, cost=dearer)
    with pytest.raises(SignInRefused):
        raised("soc", WRONG, site.hands())
    assert lock_of(site, "soc") == before
    raised("soc", PASSPHRASE, site.hands())
    after = lock_of(site, "soc")
    assert (cost_of(before), cost_of(after)) == (CHEAP, dearer)
    visit = site.visit("soc")
    person = site.people["soc"]
    again = unlock_person_key(after, PASSPHRASE, site.parts.pepper, person, str(person))
    assert again == visit.key


def test_a_changed_passphrase_locks_the_same_key_and_ends_other_sessions(site: Site) -> None:
    other, visit = site.session("soc"), site.visit("soc")
    change = ChangePassphrase(site.parts.sign_in)
    with pytest.raises(SignInRefused):
        change(visit, WRONG, NEW, site.hands(), None)
    change(visit, PASSPHRASE, NEW, site.hands(), None)
    assert site.parts.sign_in.resume(other, site.hands()) is None
    assert site.parts.sign_in.resume(visit.secret, site.hands()) is not None
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    again = site.parts.sign_in.resume(site.session("soc", NEW), site.hands())
    assert again is not None
    assert again.key == visit.key


def test_of_two_changes_at_once_the_second_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, change = site.visit("soc"), ChangePassphrase(site.parts.sign_in)

    def slow(*told: object, **named: object) -> bytes:
        monkeypatch.undo()
        change(visit, PASSPHRASE, "ulpukka aukeaa aamulla", site.hands(), None)
        return lock_person_key(*told, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(change_passphrase, "lock_person_key", slow)
    with pytest.raises(SignInRefused):
        change(visit, PASSPHRASE, NEW, site.hands(), None)
    assert site.session("soc", "ulpukka aukeaa aamulla")


def test_a_stolen_database_alone_and_a_stolen_cookie_alone_open_nothing(site: Site) -> None:
    secret = site.session("soc")
    person = site.people["soc"]
    with site.parts.database.read() as connection:
        (row,) = connection.execute(select(SessionRow)).all()
        (locked,) = connection.execute(
            select(PersonRow.sealed_private_key).where(PersonRow.id == person)
        ).all()
    # Every row, and even the passphrase, but neither cookie nor pepper.
    guesses = [row.id, row.sealed_person_key[:32], person.bytes * 2, locked[0][:32]]
    for guess in (SessionSecret(raw) for raw in guesses):
        with pytest.raises(EnvelopeDamaged):
            open_person_key(guess, row.sealed_person_key, str(person), person)
    with pytest.raises(PassphraseWrong):
        unlock_person_key(locked[0], PASSPHRASE, b"?" * 32, person, str(person))
    # The cookie, but its row ended, swapped for another's, or gone.
    other = site.session("pol")
    with site.parts.database.write() as connection:
        theirs = select(SessionRow.sealed_person_key).where(SessionRow.id == other.session_id)
        stolen = connection.execute(theirs).scalar_one()
        this = update(SessionRow).where(SessionRow.id == secret.session_id)
        connection.execute(this.values(sealed_person_key=stolen))
    assert site.parts.sign_in.resume(secret, site.hands()) is None
    with site.parts.database.write() as connection:
        connection.execute(this.values(sealed_person_key=row.sealed_person_key))
    assert site.parts.sign_in.resume(secret, site.hands()) is not None
    with site.parts.database.write() as connection:
        sessions.end(connection, secret.session_id, site.hands())
    assert site.parts.sign_in.resume(secret, site.hands()) is None
    with site.parts.database.write() as connection:
        sessions.purge(connection, site.hands() + timedelta(seconds=1))
    assert site.parts.sign_in.resume(secret, site.hands()) is None


def test_no_user_name_that_is_typed_counts_as_another_try(site: Site) -> None:
    person = str(site.people["soc"])
    for name in ('app code","' + person, f"app code:{person}", f'["{person}"]', "soc:"):
        for _ in range(FREE_TRIES):
            with pytest.raises(SignInRefused):
                site.parts.sign_in(name, WRONG, site.hands())
    assert by_code(site, half_open(site), site.code())
