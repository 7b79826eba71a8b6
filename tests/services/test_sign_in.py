"""Signing in: nothing opens by halves, and guessing is slow."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from intake.services.sign_in import (
    FREE_TRIES,
    IDLE,
    LONGEST,
    LONGEST_WAIT,
    SignInRefused,
    SignInTooSoon,
)
from intake.store.people_tables import SessionRow
from intake.store.tables import TrailRow
from intake.vault.keyring import SessionSecret
from tests.site import PASSPHRASE, Site


def test_a_wrong_passphrase_and_an_unknown_name_are_refused_alike(site: Site) -> None:
    for name in ("soc", "nobody"):
        with pytest.raises(SignInRefused):
            site.parts.sign_in(name, "väärä tunnuslause tämä", site.hands())


def test_guessing_waits_longer_each_time_and_never_locks_out_for_good(site: Site) -> None:
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInRefused):
            site.parts.sign_in("soc", "väärä tunnuslause tämä", site.hands())
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    site.hands.move(seconds=LONGEST_WAIT.total_seconds())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_a_success_forgets_the_failures(site: Site) -> None:
    for _ in range(FREE_TRIES - 1):
        with pytest.raises(SignInRefused):
            site.parts.sign_in("soc", "väärä tunnuslause tämä", site.hands())
    site.parts.sign_in("soc", PASSPHRASE, site.hands())
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", "väärä tunnuslause tämä", site.hands())
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands())


def test_a_session_ends_by_idling_by_age_and_by_signing_out(site: Site) -> None:
    secret = site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert site.parts.sign_in.resume(secret, site.hands.move(minutes=29)) is not None
    assert site.parts.sign_in.resume(secret, site.hands() + IDLE * 1.1) is None
    for _ in range(int(LONGEST.total_seconds() // 1200)):
        site.parts.sign_in.resume(secret, site.hands.move(minutes=20))
    assert site.parts.sign_in.resume(secret, site.hands.move(minutes=20)) is None
    secret = site.parts.sign_in("soc", PASSPHRASE, site.hands())
    visit = site.parts.sign_in.resume(secret, site.hands())
    assert visit is not None
    site.parts.sign_in.out(visit, site.hands())
    assert site.parts.sign_in.resume(secret, site.hands()) is None


def test_another_cookie_finds_no_session(site: Site) -> None:
    site.parts.sign_in("soc", PASSPHRASE, site.hands())
    assert site.parts.sign_in.resume(SessionSecret.new(), site.hands()) is None


def test_the_row_holds_no_open_key_and_ending_it_deletes_the_sealed_one(site: Site) -> None:
    secret = site.parts.sign_in("soc", PASSPHRASE, site.hands())
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
        site.parts.sign_in("soc", "väärä tunnuslause tämä", site.hands())
    site.parts.sign_in("soc", PASSPHRASE, site.hands())
    with site.parts.database.read() as connection:
        actions = list(
            connection.scalars(
                select(TrailRow.action)
                .where(TrailRow.person_id == site.people["soc"], TrailRow.action != "grant")
                .order_by(TrailRow.sequence)
            )
        )
    assert actions == ["sign_in_failed", "sign_in"]


def test_a_leaver_cannot_go_on(site: Site) -> None:
    secret = site.parts.sign_in("soc", PASSPHRASE, site.hands())
    with site.parts.database.write() as connection:
        connection.exec_driver_sql("UPDATE person SET left_at = created_at")
    assert site.parts.sign_in.resume(secret, site.hands()) is None
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
