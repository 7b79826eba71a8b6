"""The second step: each code and each answer is taken once, and nothing opens without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from intake.domain.trail import Action
from intake.services.factors import MOST_FACTORS, Added, FactorGone, LastFactor
from intake.services.own_sessions import DeviceUnknown, OwnSessions, SessionOver
from intake.services.second_step import FactorRefused
from intake.services.sign_in import FRESH, HALF_OPEN, HalfOpen, Visit
from intake.services.tries import FREE_TRIES, SignInTooSoon
from intake.store import staff
from intake.store.database import Database
from intake.store.factor_tables import DeviceRow, FactorRow, OneTimeCodeRow
from intake.store.people_tables import SessionRow
from intake.store.tables import DeletionRow, TrailRow
from intake.vault.keyring import DeviceSecret, SessionSecret
from intake.vault.passkey import Passkeys
from intake.vault.totp import STEP_SECONDS, TotpSecret, step_at
from tests.authenticator import Authenticator
from tests.site import PASSPHRASE, TOTP_SECRET, Site, open_site

HERE = "http://localhost:8000"


@pytest.fixture
def at_localhost(tmp_path: Path) -> Iterator[Site]:
    """A site whose address can have passkeys."""
    with open_site(tmp_path / "data") as site:
        settings = replace(site.parts.settings, base_url=HERE)
        yield replace(site, parts=replace(site.parts, settings=settings))


def half_open(site: Site, name: str = "soc", device: DeviceSecret | None = None) -> HalfOpen:
    half = site.parts.sign_in.half(
        site.parts.sign_in(name, PASSPHRASE, site.hands(), device), site.hands()
    )
    assert half is not None
    return half


def by_code(
    site: Site, who: HalfOpen | Visit, code: str, device: DeviceSecret | None = None
) -> SessionSecret | None:
    return site.parts.second_step.by_code(who, code, site.hands(), device)


def lines(site: Site, action: Action) -> list[str | None]:
    with site.parts.database.read() as connection:
        found = select(TrailRow.purpose).where(TrailRow.action == action)
        return list(connection.scalars(found.order_by(TrailRow.at, TrailRow.sequence)))


def count(site: Site, row: type[Any], *where: Any) -> int:
    with site.parts.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(row).where(*where)) or 0


def register(site: Site, who: Visit | HalfOpen, key: Authenticator, label: str = "key") -> Added:
    factors = site.parts.factors
    return factors.add_passkey(who, key.create(factors.question(who)), label, site.hands(), None)


def test_the_passphrase_alone_opens_half_a_session_for_five_minutes(site: Site) -> None:
    secret = site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert site.parts.sign_in.resume(secret, site.hands()) is None
    assert site.parts.sign_in.half(secret, site.hands()) is not None
    assert site.parts.sign_in.half(secret, site.hands() + HALF_OPEN * 1.01) is None


def test_the_second_step_begins_a_new_session_and_ends_the_half_open_one(site: Site) -> None:
    half = half_open(site)
    whole = by_code(site, half, site.code())
    assert whole is not None
    assert whole.session_id != half.secret.session_id
    assert site.parts.sign_in.resume(whole, site.hands()) is not None
    for cookie in (half.secret, whole):
        assert site.parts.sign_in.half(cookie, site.hands()) is None
    assert lines(site, Action.SIGN_IN) == ["totp"]


def test_an_apps_code_is_good_once_and_no_earlier_one_after_it(site: Site) -> None:
    step = step_at(site.hands())
    assert by_code(site, half_open(site), TOTP_SECRET.code(step))
    for replayed in (step, step - 1):
        with pytest.raises(FactorRefused):
            by_code(site, half_open(site), TOTP_SECRET.code(replayed))
    assert by_code(site, half_open(site), TOTP_SECRET.code(step + 1))
    assert lines(site, Action.SIGN_IN_FAILED) == ["totp", "totp"]


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(site: Site, steps: int, good: bool) -> None:
    code = TOTP_SECRET.code(step_at(site.hands()) + steps)
    half = half_open(site)
    if good:
        assert by_code(site, half, f" {code[:3]} {code[3:]} ")
        return
    with pytest.raises(FactorRefused):
        by_code(site, half, code)


def at_once(*acts: Any) -> list[str]:
    """How acts that begin together end."""
    start, ends = Barrier(len(acts)), list[str]()

    def run(act: Any) -> None:
        start.wait(30)
        try:
            ends.append("taken" if act() else "nothing")
        except FactorRefused:
            ends.append("refused")

    threads = [Thread(target=run, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(ends)


def test_of_two_who_show_one_code_at_once_one_gets_in(site: Site) -> None:
    first, second, code = half_open(site), half_open(site), site.code()
    ends = at_once(lambda: by_code(site, first, code), lambda: by_code(site, second, code))
    assert ends == ["refused", "taken"]


def test_of_two_processes_that_are_shown_one_code_one_lets_in(site: Site) -> None:
    halves, code, at = [half_open(site), half_open(site)], site.code(), site.hands()
    site.parts.database.engine.dispose()
    forked = get_context("fork")
    start, ends = forked.Barrier(2), forked.SimpleQueue()

    def run(who: HalfOpen) -> None:
        database = Database(site.parts.database.url, site.parts.database.signed)
        step = replace(site.parts.second_step, database=database)
        start.wait(30)
        try:
            ends.put("taken" if step.by_code(who, code, at, None) else "nothing")
        except FactorRefused:
            ends.put("refused")

    processes = [forked.Process(target=run, args=(who,), daemon=True) for who in halves]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert sorted(ends.get() for _ in processes) == ["refused", "taken"]
    with pytest.raises(FactorRefused):
        by_code(site, half_open(site), code)


def test_a_half_open_session_becomes_one_whole_session_at_most(site: Site) -> None:
    half = half_open(site)
    codes = [TOTP_SECRET.code(step_at(site.hands()) + beside) for beside in (0, 1)]
    assert by_code(site, half, codes[0])
    with pytest.raises(FactorRefused):
        by_code(site, half, codes[1])
    assert count(site, SessionRow, SessionRow.ended_at.is_(None)) == 1


def test_a_printed_code_is_good_once_and_until_new_ones_are_printed(site: Site) -> None:
    visit = site.visit("soc")
    codes = site.parts.factors.print_codes(visit, site.hands())
    assert len(set(codes)) == 10
    typed = codes[0].lower().replace("-", " ")
    assert by_code(site, half_open(site), typed)
    site.hands.move(seconds=1)
    with pytest.raises(FactorRefused):
        by_code(site, half_open(site), codes[0])
    with pytest.raises(FactorRefused):
        by_code(site, half_open(site, "pol"), codes[1])
    site.parts.factors.print_codes(visit, site.hands())
    with pytest.raises(FactorRefused):
        by_code(site, half_open(site), codes[1])
    assert lines(site, Action.MAKE_CODES) == [None, None]
    assert count(site, OneTimeCodeRow) == 10


def test_of_two_who_show_one_printed_code_at_once_one_gets_in(site: Site) -> None:
    codes = site.parts.factors.print_codes(site.visit("soc"), site.hands())
    halves, step = [half_open(site), half_open(site)], site.parts.second_step
    instants = [site.hands(), site.hands() + timedelta(microseconds=1)]
    acts = [
        partial(step.by_code, who, codes[0], at, None)
        for who, at in zip(halves, instants, strict=True)
    ]
    assert at_once(*acts) == ["refused", "taken"]


def test_guessed_codes_wait_like_guessed_passphrases(site: Site) -> None:
    half = half_open(site)
    for _ in range(FREE_TRIES):
        with pytest.raises(FactorRefused):
            by_code(site, half, "000000")
    with pytest.raises(SignInTooSoon):
        by_code(site, half, site.code())
    with pytest.raises(SignInTooSoon):  # a right passphrase forgets no wrong code
        by_code(site, half_open(site), site.code())
    site.hands.move(minutes=1)
    assert by_code(site, half, site.code())


def test_who_has_no_factor_gets_in_by_the_first_that_is_set_up(site: Site) -> None:
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM factor")
    half, factors = half_open(site), site.parts.factors
    assert not site.parts.second_step.has_factor(half)
    secret = factors.waiting_app(half)
    assert factors.waiting_app(half) == secret, "the same until its first code"
    with pytest.raises(FactorRefused):
        factors.add_app(half, "000000", "puhelin", site.hands(), None)
    code = secret.code(step_at(site.hands()))
    added = factors.add_app(half, code, "puhelin", site.hands(), None)
    assert len(added.codes) == 10
    assert added.session is not None
    assert site.parts.sign_in.resume(added.session, site.hands()) is not None
    with pytest.raises(FactorRefused):  # the code by which it was tried out
        by_code(site, half_open(site), code)
    assert by_code(site, half_open(site), secret.code(step_at(site.hands()) + 1))
    assert [lines(site, a) for a in (Action.ADD_FACTOR, Action.SIGN_IN)] == [
        ["totp"],
        ["totp", "totp"],
    ]


def test_the_passphrase_alone_adds_no_factor_to_somebody_who_has_one(
    at_localhost: Site,
) -> None:
    site, half = at_localhost, half_open(at_localhost)
    code = site.parts.factors.waiting_app(half).code(step_at(site.hands()))
    with pytest.raises(FactorRefused):
        site.parts.factors.add_app(half, code, "toinen", site.hands(), None)
    with pytest.raises(FactorRefused):
        register(site, half, Authenticator(HERE))
    assert count(site, FactorRow, FactorRow.person_id == site.people["soc"]) == 1


def test_the_last_factor_stays_and_others_can_be_removed(site: Site) -> None:
    visit, factors = site.visit("soc"), site.parts.factors
    (first,), _ = factors(visit)
    with pytest.raises(LastFactor):
        factors.remove(visit, first.id, site.hands())
    code = factors.waiting_app(visit).code(step_at(site.hands()))
    factors.add_app(visit, code, "toinen", site.hands(), None)
    with pytest.raises(FactorGone):
        factors.remove(site.visit("pol"), first.id, site.hands())
    factors.remove(visit, first.id, site.hands())
    with pytest.raises(FactorRefused):
        by_code(site, half_open(site), site.code())
    assert lines(site, Action.REMOVE_FACTOR) == ["totp"]
    assert count(site, DeletionRow, DeletionRow.of_table == "factor") == 1
    assert MOST_FACTORS > 1


def test_a_new_key_takes_factors_codes_and_browsers_along(site: Site) -> None:
    device = DeviceSecret.new()
    by_code(site, half_open(site), site.code(), device)
    site.parts.factors.print_codes(site.visit("soc"), site.hands())
    person = site.people["soc"]
    with site.parts.database.write() as connection:
        keys = {"public_key": b"x", "sealed_private_key": b"y"}
        staff.replace_keys(connection, person, keys, site.hands())
    for row in (FactorRow, OneTimeCodeRow, DeviceRow):
        assert count(site, row, row.person_id == person) == 0
    listed = count(site, DeletionRow, DeletionRow.of_table.in_(("factor", "one_time_code")))
    assert listed == 11, "no restore brings them back"


def test_an_apps_secret_is_read_by_its_person_alone(site: Site) -> None:
    with site.parts.database.read() as connection:
        sealed = [each or b"" for each in connection.scalars(select(FactorRow.sealed_secret))]
    assert not any(TOTP_SECRET.raw in each or TOTP_SECRET.text.encode() in each for each in sealed)


def test_a_factor_shown_again_is_fresh_for_ten_minutes(site: Site) -> None:
    secret = site.session("soc")
    site.hands.move(minutes=11)
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    assert not visit.fresh
    assert by_code(site, visit, site.code()) is None
    for later, fresh in ((FRESH, True), (FRESH + timedelta(seconds=1), False)):
        visit = site.parts.sign_in.resume(secret, site.hands() + later)
        assert visit is not None
        assert visit.fresh is fresh
    assert lines(site, Action.CONFIRM) == ["totp"]


def test_a_passkey_signs_in_and_each_answer_is_taken_once(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    register(site, site.visit("soc"), key)
    half, step = half_open(site), site.parts.second_step
    answer = key.get(step.ways(half).question)
    whole = step.by_passkey(half, answer, site.hands(), None)
    assert whole is not None
    assert site.parts.sign_in.resume(whole, site.hands()) is not None
    again = half_open(site)
    step.ways(again)
    for number, who in enumerate((half, again), 1):
        with pytest.raises(FactorRefused):
            step.by_passkey(who, answer, site.hands(), None)
        assert lines(site, Action.SIGN_IN_FAILED) == ["passkey"] * number
    assert lines(site, Action.SIGN_IN) == ["passkey"]


def test_of_two_who_show_one_passkeys_answer_at_once_one_gets_in(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    register(site, site.visit("soc"), key)
    half, step = half_open(site), site.parts.second_step
    answer = key.get(step.ways(half).question)
    show = partial(step.by_passkey, half, answer, site.hands(), None)
    assert at_once(show, show) == ["refused", "taken"]
    assert lines(site, Action.SIGN_IN_FAILED) == ["passkey"]


def test_a_challenge_is_answered_once_even_by_the_right_passkey(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    register(site, site.visit("soc"), key)
    half, step = half_open(site), site.parts.second_step
    question = step.ways(half).question
    with pytest.raises(FactorRefused):
        step.by_passkey(half, Authenticator(HERE).get(question), site.hands(), None)
    with pytest.raises(FactorRefused):
        step.by_passkey(half, key.get(question), site.hands(), None)
    assert step.by_passkey(half, key.get(step.ways(half).question), site.hands(), None)


def test_a_passkey_whose_counter_went_back_is_refused_with_a_line(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    register(site, site.visit("soc"), key)
    step = site.parts.second_step
    for _ in range(2):
        half = half_open(site)
        assert step.by_passkey(half, key.get(step.ways(half).question), site.hands(), None)
    half = half_open(site)
    for _ in range(FREE_TRIES):
        with pytest.raises(FactorRefused):
            step.by_passkey(half, "{}", site.hands(), None)
    key.count = 0
    with pytest.raises(FactorRefused):
        step.by_passkey(half, key.get(step.ways(half).question), site.hands(), None)
    told = lines(site, Action.SIGN_IN_FAILED)
    assert told == ["passkey"] * FREE_TRIES + ["passkey copied"], "whatever was tried before"


@pytest.mark.parametrize(
    "key",
    [Authenticator(HERE, verifies=False), Authenticator("https://elsewhere.invalid")],
    ids=["owner not verified", "another site"],
)
def test_a_passkey_that_knows_not_its_owner_or_its_site_is_refused(
    at_localhost: Site, key: Authenticator
) -> None:
    site = at_localhost
    with pytest.raises(FactorRefused):
        register(site, site.visit("soc"), key)
    good = Authenticator(HERE)
    register(site, site.visit("soc"), good)
    good.origin, good.verifies = key.origin, key.verifies
    half, step = half_open(site), site.parts.second_step
    with pytest.raises(FactorRefused):
        step.by_passkey(half, good.get(step.ways(half).question), site.hands(), None)


@pytest.mark.parametrize("answer", ["", "x", "[]", "{}", "[" * 19_000, "9" * 30_000, '{"id": 1}'])
def test_what_no_passkey_would_answer_is_refused(at_localhost: Site, answer: str) -> None:
    site = at_localhost
    register(site, site.visit("soc"), Authenticator(HERE))
    half, step = half_open(site), site.parts.second_step
    step.ways(half)
    with pytest.raises(FactorRefused):
        step.by_passkey(half, answer, site.hands(), None)
    site.parts.factors.question(half)
    with pytest.raises(FactorRefused):
        site.parts.factors.add_passkey(half, answer, "key", site.hands(), None)


def test_one_passkey_is_registered_once(at_localhost: Site) -> None:
    site, key = at_localhost, Authenticator(HERE)
    register(site, site.visit("soc"), key)
    with pytest.raises(FactorRefused):
        register(site, site.visit("pol"), key)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://staff.example.fi", "staff.example.fi"),
        ("http://localhost:8000", "localhost"),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]:8000", None),
        ("http://staff.example.fi", None),
    ],
)
def test_passkeys_are_offered_only_where_browsers_make_them(address: str, host: str | None) -> None:
    found = Passkeys.of(address)
    assert (found.rp_id if found else None) == host


def test_sessions_and_browsers_are_ended_by_their_own_person_alone(site: Site) -> None:
    own, device = OwnSessions(site.parts.database), DeviceSecret.new()
    other = by_code(site, half_open(site), site.code(), device)
    assert other is not None
    visit, stranger = site.visit("soc"), site.visit("pol")
    sessions, devices = own(visit, site.hands())
    assert len(sessions) == 2
    assert [row.id for row in devices] == [device.device_id(site.people["soc"])]
    with pytest.raises(SessionOver):
        own.end(stranger, other.session_id, site.hands())
    with pytest.raises(DeviceUnknown):
        own.forget_device(stranger, devices[0].id, site.hands())
    own.end(visit, other.session_id, site.hands())
    assert site.parts.sign_in.resume(other, site.hands()) is None
    with pytest.raises(SessionOver):
        own.end(visit, other.session_id, site.hands())
    own.forget_device(visit, devices[0].id, site.hands())
    site.session("soc")
    own.end_others(visit, site.hands())
    assert [row.id for row in own(visit, site.hands())[0]] == [visit.secret.session_id]
    assert len(lines(site, Action.END_SESSION)) == 2
    assert len(lines(site, Action.FORGET_DEVICE)) == 1
    assert site.parts.sign_in.resume(stranger.secret, site.hands()) is not None


def test_a_published_secret_shows_its_code_and_another_does_not(site: Site) -> None:
    half, step = half_open(site), site.parts.second_step
    assert step.code_of(half, TOTP_SECRET, site.hands()) == site.code()
    assert step.code_of(half, TotpSecret(b"another one, 20 byte"), site.hands()) is None
    by_code(site, half, site.code())
    following = TOTP_SECRET.code(step_at(site.hands()) + 1)
    again = half_open(site)
    assert step.code_of(again, TOTP_SECRET, site.hands()) == following, "the next one that is good"
    by_code(site, again, following)
    assert step.code_of(half_open(site), TOTP_SECRET, site.hands()) == ""
    site.hands.move(seconds=STEP_SECONDS)
    assert step.code_of(half_open(site), TOTP_SECRET, site.hands())
