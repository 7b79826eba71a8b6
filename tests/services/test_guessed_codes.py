"""Who knows the passphrase guesses at app codes ever more slowly, and locks nobody out by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from intake.domain.trail import Action
from intake.services.second_step import FactorRefused
from intake.services.tries import APP_CODE, DAY, FREE_TRIES, SignInTooSoon, Tries
from intake.vault.keyring import DeviceSecret
from tests.authenticator import Authenticator
from tests.services.test_second_step import HERE, by_code, half_open, lines, register
from tests.services.test_tries import known_browser
from tests.site import Site

GOOD_AT_ONCE = 3  # a step before and after is taken too
CODES = 10**6


def guess(site: Site) -> bool:
    """A stranger's next guess at the app's code, unless it has to wait."""
    person = site.people["soc"]
    try:
        with site.parts.database.write() as connection:
            tries = Tries(site.parts.pepper)
            tries.count(connection, APP_CODE, str(person), site.hands(), person, None)
    except SignInTooSoon as told:
        site.hands.move(seconds=told.seconds)
        return False
    return True


def guesses_of_a_day(site: Site) -> int:
    """As many as can be made."""
    end, made = site.hands() + DAY, 0
    while site.hands() < end:
        made += guess(site)
    return made


def keep_guessing(site: Site) -> DeviceSecret:
    """A person with a known browser, at whose app's code a stranger has guessed for hours."""
    device = known_browser(site)
    site.hands.move(minutes=1)
    for _ in range(60):
        guess(site)
    assert guess(site) or guess(site)
    return device


def test_a_years_guessing_at_an_apps_code_finds_it_with_a_tenth_of_a_chance(site: Site) -> None:
    days = [guesses_of_a_day(site) for _ in range(3)]
    assert days[0] <= 96 + FREE_TRIES + 10
    assert days[1:] == [96, 96], "one in a quarter of an hour, for as long as it goes on"
    year = days[0] + 364 * days[1]
    assert 0.09 < 1 - (1 - GOOD_AT_ONCE / CODES) ** year < 0.1


def test_who_rests_for_a_day_guesses_no_more_than_who_goes_on(site: Site) -> None:
    made = 0
    for _ in range(3):
        end = site.hands() + timedelta(minutes=20)
        while site.hands() < end:
            made += guess(site)
        site.hands.move(hours=24)
    assert made <= 3 * 15


def test_an_unknown_browser_waits_a_quarter_of_an_hour_at_most(site: Site) -> None:
    keep_guessing(site)
    with pytest.raises(SignInTooSoon) as told:
        by_code(site, half_open(site), site.code())
    assert 14 * 60 < told.value.seconds <= 15 * 60 + 1
    site.hands.move(seconds=told.value.seconds)
    assert by_code(site, half_open(site), site.code())


def test_the_purge_forgets_no_failure_that_counts(site: Site) -> None:
    keep_guessing(site)
    site.parts.tidy(site.hands.move(minutes=1))
    with pytest.raises(SignInTooSoon) as told:
        by_code(site, half_open(site), site.code())
    assert told.value.seconds > 13 * 60


def test_a_strangers_guesses_of_hours_delay_no_known_browser(site: Site) -> None:
    device = keep_guessing(site)
    assert by_code(site, half_open(site, device=device), site.code(), device)


def test_a_strangers_guesses_delay_no_printed_code_anywhere(site: Site) -> None:
    codes = site.parts.factors.print_codes(site.visit("soc"), site.hands())
    keep_guessing(site)
    assert by_code(site, half_open(site), codes[0])


def test_a_strangers_guesses_delay_no_passkey_anywhere(site: Site) -> None:
    settings = replace(site.parts.settings, base_url=HERE)
    site = replace(site, parts=replace(site.parts, settings=settings))
    key = Authenticator(HERE)
    register(site, site.visit("soc"), key)
    keep_guessing(site)
    half, step = half_open(site), site.parts.second_step
    assert step.by_passkey(half, key.get(step.ways(half).question), site.hands(), None)


def test_wrong_printed_codes_fill_no_log_and_a_right_one_never_waits(site: Site) -> None:
    codes = site.parts.factors.print_codes(site.visit("soc"), site.hands())
    half = half_open(site)
    for _ in range(FREE_TRIES):
        with pytest.raises(FactorRefused):
            by_code(site, half, "0000-0000-0000")
    for _ in range(20):
        with pytest.raises(SignInTooSoon):
            by_code(site, half, "0000-0000-0000")
    assert lines(site, Action.SIGN_IN_FAILED) == ["code"] * FREE_TRIES
    assert by_code(site, half, codes[0])
