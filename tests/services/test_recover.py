"""A lost passphrase: the printed code works once, and for its own person."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

import config
from intake.domain.trail import Action
from intake.services.recover import Recover, RecoveryRefused
from intake.services.refuse_weak import PassphraseTooShort
from intake.services.sign_in import SignInRefused
from intake.store import deletions, staff
from intake.store import factors as factor_rows
from intake.store.people_tables import SessionRow
from intake.store.tables import TrailRow
from intake.vault.recovery import RecoveryCode, lock_for_recovery
from tests.site import CHEAP, PASSPHRASE, Site

NEW = "uusi lause kuusen alla"


@pytest.fixture
def recover(site: Site) -> Recover:
    pepper = config.read_secret(site.parts.settings.keys, config.SECRETS["pepper"])
    return Recover(site.parts.database, pepper, CHEAP)


def lines(site: Site, action: str) -> list[Any]:
    with site.parts.database.read() as connection:
        about = select(TrailRow.person_id, TrailRow.purpose).where(TrailRow.action == action)
        return list(connection.execute(about))


def test_the_code_sets_a_new_passphrase_and_every_key_opens_as_before(
    site: Site, recover: Recover
) -> None:
    site.send()
    code = recover.new_code(site.visit("soc"), site.hands())
    recover("Soc ", code.text.lower(), NEW, site.hands())
    with pytest.raises(SignInRefused):
        site.parts.sign_in("soc", PASSPHRASE, site.hands())
    visit = site.parts.sign_in.resume(site.session("soc", NEW), site.hands())
    assert visit is not None
    (row,) = site.parts.read.inbox(visit, ("sent",))
    assert site.parts.read(visit, row.id, site.hands()).sections
    assert [line.person_id for line in lines(site, Action.RECOVER)] == [site.people["soc"]]
    (letter,) = [row for row in site.claim_letters() if row.letter == "recovered"]
    assert letter.person_id == site.people["soc"]
    text = site.parts.deliver.write(letter).text
    assert "Palautuskoodiasi on käytetty" in text
    assert not any(each in text for each in (code.text, NEW))


def test_the_second_factor_stays(site: Site, recover: Recover) -> None:
    code = recover.new_code(site.visit("soc"), site.hands())
    recover("soc", code.text, NEW, site.hands())
    with site.parts.database.read() as connection:
        assert factor_rows.factors(connection, site.people["soc"])


def test_all_sessions_end_and_leave_no_key_behind(site: Site, recover: Recover) -> None:
    visit = site.visit("soc")
    code = recover.new_code(visit, site.hands())
    recover("soc", code.text, NEW, site.hands())
    assert site.parts.sign_in.resume(visit.secret, site.hands()) is None
    with site.parts.database.read() as connection:
        sealed = select(SessionRow.sealed_person_key).where(
            SessionRow.person_id == site.people["soc"]
        )
        assert set(connection.scalars(sealed)) == {b""}


def test_a_code_works_once_and_the_next_one_was_shown(site: Site, recover: Recover) -> None:
    first = recover.new_code(site.visit("soc"), site.hands())
    second = recover("soc", first.text, NEW, site.hands())
    with pytest.raises(RecoveryRefused):
        recover("soc", first.text, NEW, site.hands())
    recover("soc", second.text, PASSPHRASE, site.hands())
    assert site.visit("soc")


def test_a_new_code_takes_the_place_of_the_former(site: Site, recover: Recover) -> None:
    visit = site.visit("soc")
    assert not recover.code_there(visit)
    first = recover.new_code(visit, site.hands())
    assert recover.code_there(visit)
    recover.new_code(visit, site.hands())
    with pytest.raises(RecoveryRefused):
        recover("soc", first.text, NEW, site.hands())
    assert len(lines(site, Action.NEW_RECOVERY_CODE)) == 2


@pytest.mark.parametrize("name", ["soc-head", "nobody", "pol"])
def test_whatever_is_wrong_is_told_the_same_and_leaves_a_line(
    site: Site, recover: Recover, name: str
) -> None:
    code = recover.new_code(site.visit("soc"), site.hands())
    recover.new_code(site.visit("soc-head"), site.hands())
    for typed in (code.text, "not a code"):
        with pytest.raises(RecoveryRefused):
            recover(name, typed, NEW, site.hands())
    failed = lines(site, Action.RECOVER_FAILED)
    assert [line.person_id for line in failed] == [site.people.get(name)] * 2
    assert site.visit("soc")


def test_a_weak_passphrase_uses_up_nothing(site: Site, recover: Recover) -> None:
    code = recover.new_code(site.visit("soc"), site.hands())
    with pytest.raises(PassphraseTooShort):
        recover("soc", code.text, "lyhyt", site.hands())
    recover("soc", code.text, NEW, site.hands())


def test_of_two_uses_at_once_one_is_refused(site: Site, recover: Recover) -> None:
    code = recover.new_code(site.visit("soc"), site.hands())

    class Late(Recover):
        def _write(self, *about: Any) -> bool:
            recover("soc", code.text, PASSPHRASE, site.hands())
            return super()._write(*about)

    late = Late(recover.database, recover.pepper, CHEAP)
    with pytest.raises(RecoveryRefused):
        late("soc", code.text, NEW, site.hands())
    assert site.visit("soc")


def test_no_restore_brings_back_what_the_old_passphrase_or_the_used_code_opens(
    site: Site, recover: Recover
) -> None:
    code = recover.new_code(site.visit("soc"), site.hands())
    recover("soc", code.text, NEW, site.hands())
    with site.parts.database.read() as connection:
        listed = {(e.of_column, e.value) for e in deletions.unlisted(connection, 100)}
    assert {("sealed_private_key", ""), ("sealed_recovery", None)} <= listed


def test_who_has_left_comes_back_by_no_code(site: Site, recover: Recover) -> None:
    code = recover.new_code(site.visit("soc-head"), site.hands())
    admin = site.visit("admin").person.as_administrator()
    head = site.people["soc-head"]
    site.parts.dismiss(admin, head, None, site.hands().date().min, site.hands(), knowing=True)
    with pytest.raises(RecoveryRefused):
        recover("soc-head", code.text, NEW, site.hands())
    with site.parts.database.read() as connection:
        assert staff.recovery(connection, head) is None


def test_a_code_of_another_person_s_row_opens_nothing(site: Site, recover: Recover) -> None:
    visit, code = site.visit("soc"), RecoveryCode.new()
    sealed = lock_for_recovery(visit.key, code, recover.pepper, visit.person.id)
    with site.parts.database.write() as connection:
        staff.lock_for_recovery(connection, site.people["pol"], sealed, site.hands())
    with pytest.raises(RecoveryRefused):
        recover("pol", code.text, NEW, site.hands())
