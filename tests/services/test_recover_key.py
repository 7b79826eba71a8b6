"""Two sheets of three bring back an agency that nobody can open; one alone does nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from intake.domain.trail import Action
from intake.services.enrol import GrantRefused, make_key_unless_held
from intake.services.recover_key import RecoverKey, RecoveryUnusable, SealedKeys
from intake.services.sign_entries import sign_what_waits
from intake.store.people_tables import AgencyKeyRow, AgencyRecoveryRow, GrantRow, RecoverySealRow
from intake.store.tables import TrailRow
from intake.vault.keyring import new_key_pair
from intake.vault.printed_key import new_printed_key, vouch
from intake.vault.shares import Share, SharesUnfit
from tests import keeper
from tests.services.test_rotate import change, go_on, key_of, lived, referrals
from tests.services.test_rotate_members import unsign
from tests.site import POL, SOC, Site


@pytest.fixture
def recover_key(site: Site) -> RecoverKey:
    return RecoverKey(site.parts.database)


def sheets(site: Site, recover_key: RecoverKey, name: str = "soc") -> Sequence[Share]:
    printed: list[Share] = []
    recover_key.make_sheets(site.visit(name), SOC, site.hands(), printed.extend)
    return printed


def lose_all(site: Site) -> None:
    """Nobody can open the agency's reports any more."""
    with site.parts.database.write() as connection:
        keys = select(AgencyKeyRow.id).where(AgencyKeyRow.agency_id == SOC)
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id.in_(keys)))


def bring_back(
    site: Site, recover_key: RecoverKey, one: Share, other: Share, name: str = "soc-head"
) -> str:
    """By way of the two files, as if their machine had no network."""
    exported = json.loads(json.dumps(recover_key.export(SOC, site.hands()).to_json()))
    granted = SealedKeys.parse(exported).open_for(name, site.words(name), one, other)
    return recover_key.take_in(json.loads(json.dumps(granted)), site.hands())


def lines(site: Site, action: str) -> list[Any]:
    with site.parts.database.read() as connection:
        about = select(TrailRow.person_id, TrailRow.agency_id, TrailRow.purpose)
        return list(connection.execute(about.where(TrailRow.action == action)))


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (2, 0)])
def test_two_sheets_let_one_member_open_everything_again(
    site: Site, recover_key: RecoverKey, one: int, other: int
) -> None:
    first = lived(site)
    printed = sheets(site, recover_key)
    lose_all(site)
    assert bring_back(site, recover_key, printed[one], printed[other]) == "soc-head"
    opened = site.parts.read(site.visit("soc-head"), first, site.hands())
    assert opened.written
    (line,) = lines(site, Action.RECOVER_KEY)
    assert (line.person_id, line.agency_id, line.purpose) == (None, SOC, "soc-head")
    assert len(lines(site, Action.MAKE_SHEETS)) == 1


def test_sheets_open_the_keys_that_came_after_them_too(site: Site, recover_key: RecoverKey) -> None:
    lived(site)
    printed = sheets(site, recover_key)
    change(site)
    site.parts.rotate.begin(site.visit("soc-deputy"), SOC, site.hands())
    site.send()
    lose_all(site)
    bring_back(site, recover_key, printed[0], printed[2])
    assert go_on(site, "soc-head").left == 0
    for row in referrals(site, "soc-head"):
        assert site.parts.read(site.visit("soc-head"), row.id, site.hands()).sections


def test_new_sheets_end_the_former_ones(site: Site, recover_key: RecoverKey) -> None:
    former, newer = sheets(site, recover_key), sheets(site, recover_key)
    with pytest.raises(RecoveryUnusable, match="newest"):
        bring_back(site, recover_key, former[0], former[1])
    with pytest.raises(SharesUnfit):
        bring_back(site, recover_key, former[0], newer[1])
    lose_all(site)
    bring_back(site, recover_key, newer[0], newer[1])


def test_a_recovery_key_that_no_holder_vouched_for_gets_no_new_key(
    site: Site, recover_key: RecoverKey, caplog: pytest.LogCaptureFixture
) -> None:
    sheets(site, recover_key)
    own, planted = new_key_pair(key_of(site)), new_printed_key(SOC).public
    with site.parts.database.write() as connection:
        connection.execute(
            update(AgencyRecoveryRow).values(
                recovery_key_id=planted.key_id, sealed_public=vouch(own, planted)
            )
        )
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    with site.parts.database.read() as connection:
        sealed = connection.scalars(select(RecoverySealRow.agency_key_id)).all()
    assert key_of(site) not in sealed
    assert "vouched" in caplog.text


@pytest.mark.parametrize("name", ["pol", "hea"])
def test_who_does_not_open_the_agency_prints_no_sheets(
    site: Site, recover_key: RecoverKey, name: str
) -> None:
    printed: list[Share] = []
    with pytest.raises(GrantRefused):
        recover_key.make_sheets(site.visit(name), SOC, site.hands(), printed.extend)
    assert printed == []


def test_sheets_that_were_not_printed_are_not_stored(site: Site, recover_key: RecoverKey) -> None:
    def jammed(_shares: Sequence[Share]) -> None:
        raise OSError("no paper")

    with pytest.raises(OSError, match="no paper"):
        recover_key.make_sheets(site.visit("soc"), SOC, site.hands(), jammed)
    with pytest.raises(RecoveryUnusable, match="no printed"):
        recover_key.export(SOC, site.hands())


def test_the_exported_file_opens_nothing_by_itself_and_for_nobody_else(
    site: Site, recover_key: RecoverKey
) -> None:
    one, other, _ = sheets(site, recover_key)
    exported = recover_key.export(SOC, site.hands())
    with site.parts.database.read() as connection:
        asked = select(TrailRow.agency_id).where(TrailRow.action == Action.TAKE_SEALED_KEYS)
        assert connection.scalars(asked).all() == [SOC]
    with pytest.raises(RecoveryUnusable, match="not the words"):
        exported.open_for("soc-head", site.words("soc"), one, other)
    with pytest.raises(RecoveryUnusable, match="no signed role"):
        exported.open_for("pol", site.words("pol"), one, other)
    theirs = new_printed_key(POL).sheets
    with pytest.raises(SharesUnfit):
        exported.open_for("soc-head", site.words("soc-head"), theirs[0], theirs[1])


def test_a_swapped_public_key_is_met_before_anything_is_granted(
    site: Site, recover_key: RecoverKey
) -> None:
    one, other, _ = sheets(site, recover_key)
    with site.parts.database.write() as connection:
        theirs = select(AgencyKeyRow.public_key).where(AgencyKeyRow.agency_id == POL)
        key = connection.scalar(theirs)
        connection.execute(
            update(AgencyKeyRow).where(AgencyKeyRow.agency_id == SOC).values(public_key=key)
        )
    with pytest.raises(RecoveryUnusable, match="another key"):
        bring_back(site, recover_key, one, other)


@pytest.mark.parametrize("content", [None, [], {}, {"format": "other"}, "x", [{"agency": 1}]])
def test_other_files_are_refused(site: Site, recover_key: RecoverKey, content: Any) -> None:
    with pytest.raises(RecoveryUnusable):
        SealedKeys.parse(content)
    with pytest.raises(RecoveryUnusable):
        recover_key.take_in(content, site.hands())


def test_grants_for_one_who_has_left_meanwhile_are_not_taken_in(
    site: Site, recover_key: RecoverKey
) -> None:
    one, other, _ = sheets(site, recover_key)
    exported = recover_key.export(SOC, site.hands())
    granted = exported.open_for("soc-head", site.words("soc-head"), one, other)
    admin = site.visit("admin").person.as_administrator()
    head = site.people["soc-head"]
    site.parts.dismiss(admin, head, None, site.hands().date().min, site.hands(), knowing=True)
    with pytest.raises(RecoveryUnusable, match="no role"):
        recover_key.take_in(granted, site.hands())
    assert lines(site, Action.RECOVER_KEY) == []


def test_sheets_open_nothing_for_a_member_whose_role_is_not_signed_with_their_key(
    site: Site, recover_key: RecoverKey
) -> None:
    one, other, _ = sheets(site, recover_key)
    exported = recover_key.export(SOC, site.hands())
    granted = exported.open_for("soc-head", site.words("soc-head"), one, other)
    lose_all(site)
    unsign(site, "soc-head")
    with pytest.raises(RecoveryUnusable, match="not signed"):
        recover_key.take_in(granted, site.hands())
    again = recover_key.export(SOC, site.hands())
    assert set(again.members) == {"soc", "soc-deputy"}
    with pytest.raises(RecoveryUnusable, match="no signed role"):
        again.open_for("soc-head", site.words("soc-head"), one, other)
    assert lines(site, Action.RECOVER_KEY) == []


def test_sheets_open_the_keys_that_came_after_one_that_was_refused(
    site: Site, recover_key: RecoverKey
) -> None:
    lived(site)
    printed = sheets(site, recover_key)
    admin = site.visit("admin").person.as_administrator()
    with keeper.away():
        site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
        (refused,) = site.parts.confirm_entries.waiting(admin, site.hands().date())
        site.parts.confirm_entries.refuse(admin, refused.id, site.hands.move(minutes=1))
    change(site)
    change(site)
    site.send()
    lose_all(site)
    bring_back(site, recover_key, printed[0], printed[2])
    for row in referrals(site, "soc-head"):
        assert site.parts.read(site.visit("soc-head"), row.id, site.hands()).sections


def test_sheets_that_were_made_while_a_new_key_waits_open_what_comes_after_it(
    site: Site, recover_key: RecoverKey
) -> None:
    with keeper.away():
        site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
        printed = sheets(site, recover_key)
    sign_what_waits(site.parts.database, keeper.KEY, site.hands())
    change(site)
    site.send()
    lose_all(site)
    bring_back(site, recover_key, printed[0], printed[1])
    for row in referrals(site, "soc-head"):
        assert site.parts.read(site.visit("soc-head"), row.id, site.hands()).sections


def test_sheets_of_before_each_key_had_its_own_voucher_open_the_next_keys_too(
    site: Site, recover_key: RecoverKey
) -> None:
    printed = sheets(site, recover_key)
    with site.parts.database.write() as connection:
        connection.execute(update(RecoverySealRow).values(sealed_public=None))
    change(site)
    change(site)
    site.send()
    lose_all(site)
    bring_back(site, recover_key, printed[1], printed[2])
    assert site.parts.read(site.visit("soc-head"), referrals(site)[0].id, site.hands()).sections


def test_a_key_made_while_nobody_could_open_is_on_no_sheet_until_new_ones_are_made(
    site: Site, recover_key: RecoverKey
) -> None:
    printed = sheets(site, recover_key)
    lived(site)
    lose_all(site)
    with site.parts.database.write() as connection:
        assert make_key_unless_held(connection, SOC, site.people["soc"], site.hands())
    bring_back(site, recover_key, printed[0], printed[1], "soc")
    assert go_on(site).left == 0
    newer = sheets(site, recover_key)
    lose_all(site)
    bring_back(site, recover_key, newer[0], newer[1])
    assert site.parts.read(site.visit("soc-head"), referrals(site)[0].id, site.hands()).sections
