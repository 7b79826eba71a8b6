"""Signing in: nothing opens by halves, and guessing is slow."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from intake.domain.trail import OF_SIGNING_IN, Action
from intake.services.sign_in import ENDED, IDLE, LONGEST, PAST_ITS_TIME, SignInRefused
from intake.services.tries import (
    FREE_TRIES,
    MINUTE,
    MOST_A_MINUTE,
    TURNED_AWAY,
    SignInTooSoon,
)
from intake.store.people_tables import SessionRow
from intake.store.tables import TrailRow
from intake.vault.keyring import PassphraseWrong, SessionSecret, unlock_person_key
from intake.vault.passphrase import HashingBusy
from tests.site import PASSPHRASE, Site

WRONG = "väärä tunnuslause tämä"


def test_a_wrong_passphrase_and_an_unknown_name_are_refused_alike(site: Site) -> None:
    for name in ("soc", "nobody"):
        with pytest.raises(SignInRefused):
            site.parts.sign_in(name, WRONG, site.hands())


def test_guessing_waits_longer_each_time_and_never_locks_out_for_good(site: Site) -> None:
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInRefused):
            site.parts.sign_in("soc", WRONG, site.hands())
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    site.hands.move(seconds=MINUTE.total_seconds())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_a_success_forgets_the_failures(site: Site) -> None:
    for _ in range(FREE_TRIES - 1):
        with pytest.raises(SignInRefused):
            site.parts.sign_in("soc", WRONG, site.hands())
    site.parts.sign_in("soc", PASSPHRASE, site.hands())
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", WRONG, site.hands())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_a_session_ends_by_idling_by_age_and_by_signing_out(site: Site) -> None:
    secret = site.session("soc")
    assert site.parts.sign_in.resume(secret, site.hands.move(minutes=29)) is not None
    assert site.parts.sign_in.resume(secret, site.hands() + IDLE * 1.1) is None
    for _ in range(int(LONGEST.total_seconds() // 1200)):
        site.parts.sign_in.resume(secret, site.hands.move(minutes=20))
    assert site.parts.sign_in.resume(secret, site.hands.move(minutes=20)) is None
    secret = site.session("soc")
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    site.parts.sign_in.out(visit, site.hands())
    assert site.parts.sign_in.resume(secret, site.hands()) is None


def test_tries_that_must_wait_leave_one_line_a_day_of_each_account(site: Site) -> None:
    def guess(name: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            site.parts.sign_in(name, WRONG, site.hands())

    for name in ("soc", "nobody"):
        for _ in range(FREE_TRIES):
            guess(name, SignInRefused)
        for _ in range(3):
            guess(name, SignInTooSoon)
    site.hands.move(minutes=20)
    for error in [SignInRefused] * FREE_TRIES + [SignInTooSoon] * 2:
        guess("soc", error)
    with site.parts.database.read() as connection:
        asked = select(TrailRow.person_id, TrailRow.purpose)
        lines = connection.execute(asked.where(TrailRow.action == Action.REFUSED)).all()
    assert [tuple(line) for line in lines] == [(site.people["soc"], TURNED_AWAY)]


def test_the_cookie_of_a_session_that_is_over_leaves_one_line_the_first_time_it_comes(
    site: Site,
) -> None:
    resume, whose = site.parts.sign_in.resume, {site.people["soc"], site.people["pol"]}
    out, idle = site.session("soc"), site.session("pol")
    half = site.parts.sign_in("hea", PASSPHRASE, site.hands())
    visit = resume(out, site.hands())
    assert visit is not None
    site.parts.sign_in.out(visit, site.hands())
    site.hands.move(minutes=31)
    for _ in range(3):
        for secret in (out, idle, half, SessionSecret.new()):
            assert resume(secret, site.hands.move(minutes=1)) is None
    with site.parts.database.read() as connection:
        lines = connection.execute(
            select(TrailRow.person_id, TrailRow.purpose)
            .where(TrailRow.action == Action.REFUSED)
            .order_by(TrailRow.at)
        ).all()
    assert [line.purpose for line in lines] == [ENDED, PAST_ITS_TIME]
    assert {line.person_id for line in lines} == whose
    assert site.parts.sign_in.whose(idle) == site.people["pol"], "what was typed is kept for them"


def test_another_cookie_finds_no_session(site: Site) -> None:
    site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert site.parts.sign_in.resume(SessionSecret.new(), site.hands()) is None


def test_the_row_holds_no_open_key_and_ending_it_deletes_the_sealed_one(site: Site) -> None:
    secret = site.session("soc")
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    with site.parts.database.read() as connection:
        row = connection.execute(select(SessionRow)).one()
    assert visit.key.raw not in row.sealed_person_key
    assert secret.raw not in (row.id, row.sealed_person_key)
    site.parts.sign_in.out(visit, site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalar(select(SessionRow.sealed_person_key)) == b""


def test_signing_in_and_failing_to_leave_lines(site: Site) -> None:
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", WRONG, site.hands())
    site.parts.sign_in("soc", PASSPHRASE, site.hands())
    with site.parts.database.read() as connection:
        actions = list(
            connection.scalars(
                select(TrailRow.action)
                .where(TrailRow.person_id == site.people["soc"], TrailRow.action.in_(OF_SIGNING_IN))
                .order_by(TrailRow.sequence)
            )
        )
    assert actions == ["sign_in_failed", "first_step"], "the passphrase alone is no sign-in"


def test_a_leaver_cannot_go_on(site: Site) -> None:
    secret = site.session("soc")
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE person SET left_at = created_at")
    assert site.parts.sign_in.resume(secret, site.hands()) is None
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_guesses_made_at_the_same_time_count_each_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way: list[str] = []

    def slow(*arguments: Any, **named: Any) -> Any:
        under_way.append("one")
        if len(under_way) <= FREE_TRIES + 3:  # while this one is hashed, the next one comes
            with pytest.raises((SignInRefused, SignInTooSoon)):
                site.parts.sign_in("soc", WRONG, site.hands())
        return unlock_person_key(*arguments, **named)

    monkeypatch.setattr("intake.services.sign_in.unlock_person_key", slow)
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", WRONG, site.hands())
    assert len(under_way) == FREE_TRIES


def test_a_try_turned_away_unhashed_is_not_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise HashingBusy

    with monkeypatch.context() as patch:
        patch.setattr("intake.services.sign_in.unlock_person_key", busy)
        for _ in range(FREE_TRIES + 1):
            with pytest.raises(HashingBusy):
                site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_all_accounts_together_have_so_many_tries_a_minute(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: Any, **__: Any) -> Any:
        raise PassphraseWrong

    with monkeypatch.context() as patch:
        patch.setattr("intake.services.sign_in.unlock_nobody", wrong)
        for number in range(MOST_A_MINUTE):
            with pytest.raises(SignInRefused):
                site.parts.sign_in(f"nobody-{number}", WRONG, site.hands())
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    site.hands.move(minutes=1)
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())
