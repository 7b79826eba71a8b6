"""No stranger keeps an owner out: also where no browser is known, a code that was printed lets them
past all that a stranger can do.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from intake.domain.trail import Action
from intake.services.invite import Newcomer
from intake.services.join import Join
from intake.services.own_sessions import OwnSessions
from intake.services.recover import Recover, RecoveryRefused
from intake.services.second_step import FactorRefused
from intake.services.sign_in import SignInRefused
from intake.services.tries import FREE_TRIES, MANY_TRIES, SignInTooSoon
from intake.vault.keyring import DeviceSecret
from intake.vault.passphrase import AT_ONCE, PLACES, HashingBusy
from intake.vault.recovery import RecoveryCode
from tests.processes import until
from tests.services.test_second_step import by_code, half_open, lines
from tests.services.test_tries import NEW, WRONG, flood, hammer, known_browser
from tests.site import CHEAP, PASSPHRASE, Site
from tests.vault.test_hashing_queue import PATIENCE, Visits


def printed(site: Site, name: str = "soc") -> tuple[str, ...]:
    return site.parts.factors.print_codes(site.visit(name), site.hands())


def recovery(site: Site) -> Recover:
    return Recover(site.parts.database, site.parts.pepper, CHEAP)


def sign_in(site: Site, code: str, passphrase: str = PASSPHRASE, name: str = "soc") -> object:
    """In a browser that nobody knows."""
    return site.parts.sign_in(name, passphrase, site.hands(), DeviceSecret.new(), code)


def test_a_bot_that_tries_each_second_keeps_its_owner_out_at_no_moment(site: Site) -> None:
    device, codes = known_browser(site), printed(site)
    recover, kept_out = recovery(site), 0
    code = recover.new_code(site.visit("soc"), site.hands())
    for second in range(30 * 60):
        hammer(site)
        if second % 60 == 59:
            assert site.parts.sign_in("soc", PASSPHRASE, site.hands(), device)
            assert sign_in(site, codes[0].lower().replace("-", " "))
            with pytest.raises(SignInTooSoon):
                sign_in(site, "")
            kept_out += 1
        site.hands.move(seconds=1)
    assert kept_out == 30
    new = DeviceSecret.new()
    recover("soc", code.text, NEW, site.hands(), new)
    assert site.parts.sign_in("soc", NEW, site.hands(), new), "known since the code was taken"
    site.hands.move(minutes=1)
    assert sign_in(site, "", NEW), "once the bot has stopped"


def test_a_flood_on_all_accounts_stops_no_code_that_was_printed(site: Site) -> None:
    codes, code = printed(site), recovery(site).new_code(site.visit("soc"), site.hands())
    flood(site)
    with pytest.raises(SignInTooSoon):
        sign_in(site, "")
    assert sign_in(site, codes[0])
    new = DeviceSecret.new()
    recovery(site)("soc", code.text, NEW, site.hands(), new)
    assert site.parts.sign_in("soc", NEW, site.hands(), new)


def test_a_flood_stops_nobody_at_the_second_step(site: Site) -> None:
    half = half_open(site)
    flood(site)
    assert by_code(site, half, site.code(), DeviceSecret.new())


def test_a_full_queue_has_a_place_for_who_shows_a_printed_code(site: Site) -> None:
    codes, queue = printed(site), site.parts.sign_in.queue
    code = recovery(site).new_code(site.visit("pol"), site.hands())
    strangers = Visits(queue)
    for number in range(PLACES):
        strangers.come(str(number))
    until(lambda: len(strangers.running) == AT_ONCE, PATIENCE)
    with pytest.raises(HashingBusy):
        sign_in(site, "")
    recover = Recover(site.parts.database, site.parts.pepper, CHEAP, queue)
    with ThreadPoolExecutor(2) as threads:
        owner = threads.submit(sign_in, site, codes[0])
        other = threads.submit(recover, "pol", code.text, NEW, site.hands())
        until(lambda: queue._inside == PLACES + 2, PATIENCE)
        for name in list(strangers.running):
            strangers.let_go[name].set()
        assert owner.result(PATIENCE)
        assert other.result(PATIENCE)
    strangers.end()


def test_a_printed_code_is_worth_no_more_guesses_than_a_known_browser(site: Site) -> None:
    codes = printed(site)
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInRefused):
            sign_in(site, codes[0], WRONG)
    with pytest.raises(SignInTooSoon):
        sign_in(site, codes[0])
    assert sign_in(site, codes[1]), "another one counts by itself"
    assert sign_in(site, ""), "and so does a browser without any"


def test_a_printed_code_lets_its_owner_past_their_own_wrong_tries_in_a_known_browser(
    site: Site,
) -> None:
    device, codes = known_browser(site), printed(site)
    for _ in range(FREE_TRIES):
        hammer(site, device)
    with pytest.raises(SignInTooSoon):
        site.parts.sign_in("soc", PASSPHRASE, site.hands(), device)
    assert site.parts.sign_in("soc", PASSPHRASE, site.hands(), device, codes[0])


@pytest.mark.parametrize("whose", ["another's", "used", "replaced", "invented", "no code"])
def test_what_is_no_unused_printed_code_of_this_person_lets_nobody_past(
    site: Site, whose: str
) -> None:
    codes, of_another = printed(site), printed(site, "pol")
    if whose == "used":
        assert by_code(site, half_open(site), codes[0])
    shown = {
        "another's": of_another[0],
        "used": codes[0],
        "replaced": codes[0],
        "invented": "0123-4567-89AB",
        "no code": site.code(),
    }[whose]
    if whose == "replaced":
        printed(site)
    for _ in range(FREE_TRIES):
        hammer(site)
    with pytest.raises(SignInTooSoon):
        sign_in(site, shown)
    flood(site)
    with pytest.raises(SignInTooSoon):
        sign_in(site, shown, name="nobody")


def test_a_code_beside_the_passphrase_is_used_by_the_second_step_alone(site: Site) -> None:
    codes = printed(site)
    assert sign_in(site, codes[0])
    assert by_code(site, half_open(site), codes[0])
    with pytest.raises(FactorRefused):
        by_code(site, half_open(site), codes[0])


def test_wrong_recovery_codes_wait_and_fill_no_log_and_a_right_one_never_waits(site: Site) -> None:
    recover = recovery(site)
    code = recover.new_code(site.visit("soc"), site.hands())
    for name in ("soc", "nobody"):
        for _ in range(FREE_TRIES):
            with pytest.raises(RecoveryRefused):
                recover(name, RecoveryCode.new().text, NEW, site.hands())
        for _ in range(20):
            with pytest.raises(SignInTooSoon):
                recover(name, RecoveryCode.new().text, NEW, site.hands())
    assert len(lines(site, Action.RECOVER_FAILED)) == 2 * FREE_TRIES
    assert sign_in(site, ""), "they delay no passphrase"
    recover("soc", code.text, NEW, site.hands())


def test_a_stolen_recovery_code_is_worth_no_more_guesses_at_an_apps_code(site: Site) -> None:
    """Each use gives the next code, and knows another browser."""
    recover = recovery(site)
    code, tried = recover.new_code(site.visit("soc"), site.hands()), 0
    for _ in range(2 * FREE_TRIES):
        device = DeviceSecret.new()
        code = recover("soc", code.text, NEW, site.hands(), device)
        half = site.parts.sign_in.half(
            site.parts.sign_in("soc", NEW, site.hands(), device), site.hands()
        )
        assert half
        try:
            by_code(site, half, "000000", device)
        except FactorRefused:
            tried += 1
        except SignInTooSoon:
            continue
    assert tried == FREE_TRIES


def test_a_whole_sign_in_where_one_came_back_leaves_one_known_browser(site: Site) -> None:
    recover, device = recovery(site), DeviceSecret.new()
    code = recover.new_code(site.visit("soc"), site.hands())
    recover("soc", code.text, NEW, site.hands(), device)
    half = site.parts.sign_in.half(site.parts.sign_in("soc", NEW, site.hands()), site.hands())
    assert half
    assert by_code(site, half, site.code(), device)
    visit = site.parts.sign_in.resume(site.session("soc", NEW), site.hands())
    assert visit
    _, known = OwnSessions(site.parts.database)(visit, site.hands())
    assert [row.id for row in known] == [device.device_id(visit.person.id)]


def test_of_many_wrong_recovery_codes_the_owner_is_told(site: Site) -> None:
    for _ in range(MANY_TRIES):
        with pytest.raises(RecoveryRefused):
            recovery(site)("soc", RecoveryCode.new().text, NEW, site.hands.move(minutes=1))
    assert [row.letter for row in site.claim_letters()].count("signing_in") == 1


def test_where_one_has_joined_no_stranger_delays_the_first_sign_in(site: Site) -> None:
    admin = site.visit("admin").person.as_administrator()
    newcomer = Newcomer("maija", "Maija Uusi", "maija@ankkuri.invalid", "fi")
    secret, device = site.parts.invite(admin, newcomer, [], site.hands()), DeviceSecret.new()
    Join(site.parts.database, site.parts.pepper, CHEAP)(secret, PASSPHRASE, site.hands(), device)
    flood(site)
    with pytest.raises(SignInTooSoon):
        sign_in(site, "", name="maija")
    assert site.parts.sign_in("maija", PASSPHRASE, site.hands(), device)
