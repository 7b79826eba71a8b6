"""What is not as the keeper of the directory key signed it counts for nothing, and is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select, update

from intake.domain.deadline import local_date
from intake.domain.entry import LONGEST
from intake.domain.people import Membership, Permission, Role
from intake.domain.row_id import new_id
from intake.domain.trail import Action
from intake.services.check_entries import LETTER
from intake.services.enrol import Enrol, GrantRefused
from intake.services.entries import Entries
from intake.services.sign_in import SignInRefused
from intake.store import directory as store
from intake.store import people
from intake.store.database import Database
from intake.store.entry_tables import DirectoryEntryRow
from intake.store.people_tables import AgencyKeyRow, AgencyRow, MembershipRow, PersonRow, SessionRow
from intake.store.tables import OutboxRow, ReferralRow, TrailRow, WrapRow
from intake.vault.directory_signing import DirectorySigningKey
from intake.vault.keyring import (
    SessionSecret,
    lock_person_key,
    new_key_pair,
    seal_person_key,
)
from tests import keeper
from tests.site import CHEAP, COUNTY, DUTY, PASSPHRASE, POL, SOC, TRIAGE, Site

ATTACKER = new_key_pair("attacker")
OF_SOC = (AgencyKeyRow.agency_id == SOC, AgencyKeyRow.retired_at.is_(None))


def change(site: Site, *statements: Any) -> None:
    with site.parts.database.write() as connection:
        for statement in statements:
            connection.execute(statement)


def one(site: Site, statement: Any) -> Any:
    with site.parts.database.read() as connection:
        return connection.execute(statement).one()


def role_of(name: str) -> Any:
    return MembershipRow.person_id.in_(select(PersonRow.id).where(PersonRow.sign_in_name == name))


def entry_of(name: str) -> Any:
    return DirectoryEntryRow.membership_id.in_(select(MembershipRow.id).where(role_of(name)))


def lines(site: Site) -> list[str]:
    with site.parts.database.read() as connection:
        found = select(TrailRow.purpose).where(TrailRow.action == Action.BAD_ENTRY)
        return list(connection.scalars(found))


def told(site: Site) -> list[str]:
    """Who got a letter of something that is not as it was signed."""
    with site.parts.database.read() as connection:
        statement = (
            select(PersonRow.sign_in_name)
            .join(OutboxRow, OutboxRow.person_id == PersonRow.id)
            .where(OutboxRow.letter == LETTER)
        )
        return list(connection.scalars(statement))


def is_told_once(site: Site) -> str:
    """What the trail says of it, however often one looks on a day."""
    assert site.parts.check_entries(site.hands()) == 1
    assert site.parts.check_entries(site.hands()) == 0
    (line,) = lines(site)
    assert told(site)
    return line


def test_what_is_signed_counts_and_nothing_is_told(site: Site) -> None:
    assert site.parts.check_entries(site.hands()) == 0
    assert lines(site) == told(site) == []
    assert SOC in site.parts.route.keys_that_open(local_date(site.hands()))


def test_a_swapped_key_is_never_sealed_to_and_the_report_goes_to_another_desk(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    change(site, update(AgencyKeyRow).where(*OF_SOC).values(public_key=ATTACKER.public().raw))
    receipt = site.send()
    with site.parts.database.read() as connection:
        wraps = connection.execute(
            select(WrapRow.agency_id, WrapRow.purpose)
            .join(ReferralRow, ReferralRow.id == WrapRow.referral_id)
            .where(ReferralRow.report_id == receipt.report_id)
        ).all()
    assert SOC not in {row.agency_id for row in wraps}
    assert {row.agency_id for row in wraps if row.purpose == "recipient"} & {TRIAGE, DUTY}
    swapped = f"the key of agency {SOC} is not as it was signed: nothing is sealed to it"
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR].count(
        swapped
    ) == 1
    assert is_told_once(site).startswith("not as it was signed: key ")
    site.parts.alarm(site.hands())
    letter = select(OutboxRow.params).where(OutboxRow.letter == "openers")
    with site.parts.database.read() as connection:
        assert any(SOC in params["agencies"] for params in connection.scalars(letter))


def test_a_key_of_an_agency_whose_kind_or_controller_changed_counts_no_more(site: Site) -> None:
    today = local_date(site.hands())
    for change_of_it in ({"kind": "YOU"}, {"controller_id": "police"}):
        with site.parts.database.write() as connection:
            connection.execute(update(AgencyRow).where(AgencyRow.id == SOC).values(**change_of_it))
            assert SOC not in people.agency_keys_that_open(connection, today)
            connection.rollback()
        with site.parts.database.write() as connection:
            store.replace(connection, _tables(connection, {"kind": "YOU"}))
            assert SOC not in people.agency_keys_that_open(connection, today)
            connection.rollback()


def _tables(connection: Connection, changed: dict[str, Any]) -> dict[str, Any]:
    """The directory with another kind of agency in the place of one."""
    tables = store.tables(connection)
    agencies = [one | (changed if one["id"] == SOC else {}) for one in tables["agency"]]
    return {**tables, "agency": agencies}


def _swap_person_key(site: Site) -> Any:
    return (
        update(PersonRow)
        .where(PersonRow.sign_in_name == "pol")
        .values(public_key=ATTACKER.public().raw)
    )


ALTERED: dict[str, Callable[[Site], Any]] = {
    "another role": lambda _site: (
        update(MembershipRow).where(role_of("pol")).values(role=Role.HEAD.value)
    ),
    "another agency": lambda _site: (
        update(MembershipRow).where(role_of("pol")).values(agency_id=SOC)
    ),
    "another person": lambda site: (
        update(MembershipRow).where(role_of("pol")).values(person_id=site.people["rules"])
    ),
    "another key": _swap_person_key,
    "an earlier first day": lambda site: (
        update(MembershipRow)
        .where(role_of("pol"))
        .values(valid_from=local_date(site.hands()) - timedelta(days=99))
    ),
    "no signature": lambda _site: (
        update(DirectoryEntryRow).where(entry_of("pol")).values(signature=b"")
    ),
    "another's signature": lambda _site: (
        update(DirectoryEntryRow)
        .where(entry_of("pol"))
        .values(
            signature=select(DirectoryEntryRow.signature).where(entry_of("hea")).scalar_subquery()
        )
    ),
    "another's entry": lambda _site: (
        update(DirectoryEntryRow)
        .where(entry_of("pol"))
        .values(
            body=select(DirectoryEntryRow.body).where(entry_of("hea")).scalar_subquery(),
            signature=select(DirectoryEntryRow.signature).where(entry_of("hea")).scalar_subquery(),
        )
    ),
}


@pytest.fixture
def again(site: Site) -> Callable[[], Any]:
    """Who ``pol`` is, and who the rule editor is, to a process that has just started."""

    def look() -> Any:
        site.parts.database.believe(keeper.signed())
        today = local_date(site.hands())
        with site.parts.database.read() as connection:
            return [people.person(connection, site.people[n], today) for n in ("pol", "rules")]

    return look


@pytest.mark.parametrize("altered", ALTERED.values(), ids=ALTERED)
def test_an_altered_role_counts_for_nothing(
    site: Site, again: Callable[[], Any], altered: Callable[[Site], Any]
) -> None:
    pol, rules = again()
    assert pol.agencies(Permission.READ_REFERRALS) == {POL}
    change(site, altered(site))
    pol, rules = again()
    assert pol.memberships == ()
    assert rules.agencies(Permission.READ_REFERRALS) == frozenset()
    assert "pol" in is_told_once(site) or "rules" in lines(site)[0]


def test_a_role_that_was_put_into_the_database_counts_for_nothing(site: Site) -> None:
    values = {
        "id": new_id(site.hands()),
        "person_id": site.people["hea"],
        "role": Role.ADMINISTRATOR.value,
        "controller_id": COUNTY,
        "valid_from": local_date(site.hands()),
    }
    change(site, insert(MembershipRow).values(values))
    assert not site.visit("hea").person.may(Permission.MANAGE_PEOPLE)
    site.parts.database.upgrade()  # as `ankkuri init` does after each upgrade: it proposes none
    assert not site.visit("hea").person.may(Permission.MANAGE_PEOPLE)
    assert is_told_once(site) == f"not as it was signed: hea: administrator, {COUNTY}"


def test_an_entry_signed_with_another_key_counts_for_nothing(
    site: Site, again: Callable[[], Any]
) -> None:
    entry = one(site, select(DirectoryEntryRow.__table__).where(entry_of("rules")))
    body = json.loads(entry.body) | {"role": Role.ADMINISTRATOR.value}
    forged = json.dumps(body, separators=(",", ":"))
    theirs = DirectorySigningKey.new().sign(entry.kind, forged)
    change(
        site,
        update(MembershipRow).where(role_of("rules")).values(role=Role.ADMINISTRATOR.value),
        update(DirectoryEntryRow).where(entry_of("rules")).values(body=forged, signature=theirs),
    )
    _, rules = again()
    assert rules.memberships == ()


def test_the_letter_says_how_many_and_names_nobody(site: Site) -> None:
    change(site, ALTERED["another role"](site))
    site.hands.move(days=350)
    site.parts.check_entries(site.hands())
    (row,) = [
        row
        for row in site.claim_letters()
        if row.letter == LETTER and row.person_id == site.people["admin-police"]
    ]
    text = site.parts.deliver.write(row).text
    assert "1 rooli tai avain ei ole sellaisena kuin se allekirjoitettiin" in text
    assert "allekirjoitettava uudelleen" in text
    assert text.rstrip().endswith("/people/entries")
    assert not {"pol", "Pekka", POL} & set(text.replace(":", " ").split())


def test_a_role_may_end_earlier_than_it_was_signed_and_never_later(site: Site) -> None:
    today = local_date(site.hands())
    site.parts.appoint(
        site.visit("admin").person.as_administrator(),
        site.people["hea"],
        [site.appointment(Membership(Role.WORKER, TRIAGE), last=today + timedelta(days=9))],
        site.hands(),
    )
    ours = role_of("hea"), MembershipRow.agency_id == TRIAGE

    def counts(last: Any) -> bool:
        change(site, update(MembershipRow).where(*ours).values(valid_to=last))
        return TRIAGE in site.visit("hea").person.agencies(Permission.READ_REFERRALS)

    assert counts(today + timedelta(days=9))
    assert counts(today)
    assert not counts(today + timedelta(days=10))
    assert not counts(None)


def test_a_role_that_nobody_signs_again_runs_out_but_its_agency_goes_on_getting_reports(
    site: Site,
) -> None:
    site.hands.move(days=LONGEST.days - 40)  # everybody was enrolled a month ago
    assert site.parts.check_entries(site.hands()) > 0  # a warning, long enough before
    assert lines(site) == []
    assert "admin" in told(site)
    assert site.visit("soc").person.memberships
    site.hands.move(days=11)
    visit = site.visit("soc")
    assert visit.person.memberships == ()
    assert len(visit.person.waiting) == 2
    assert SOC in site.parts.route.keys_that_open(local_date(site.hands()))


def test_a_session_or_a_lock_that_holds_another_key_lets_nobody_in(site: Site) -> None:
    admin, at = site.people["admin"], site.hands()
    own, secret = new_key_pair(str(admin)), SessionSecret.new()
    session = {
        "id": secret.session_id,
        "person_id": admin,
        "sealed_person_key": seal_person_key(secret, own, admin),
        "started_at": at,
        "seen_at": at,
    }
    change(site, insert(SessionRow).values(session))
    assert site.parts.sign_in.resume(secret, at) is None
    pepper = site.parts.sign_in.pepper
    locked = lock_person_key(own, PASSPHRASE, pepper, admin, cost=CHEAP)
    change(site, update(PersonRow).where(PersonRow.id == admin).values(sealed_private_key=locked))
    with pytest.raises(SignInRefused):
        site.session("admin")


def test_an_agencys_key_is_given_to_nobody_whose_key_was_swapped(site: Site) -> None:
    enrol = Enrol(site.parts.database, site.parts.sign_in.pepper, CHEAP)
    role = (Membership(Role.WORKER, POL),)
    enrol.person("uusi", "Uuno Uusi", "u@ankkuri.invalid", "fi", PASSPHRASE, role, site.hands())
    swapped = update(PersonRow).where(PersonRow.sign_in_name == "uusi")
    change(site, swapped.values(public_key=ATTACKER.public().raw))
    giver, words = site.visit("pol"), site.words("uusi")  # those of the swapped key
    with pytest.raises(GrantRefused, match="waits for the signature"):
        enrol.grant(giver, POL, "uusi", site.hands(), words=words)
    with site.parts.database.read() as connection:
        row = people.row_by_sign_in_name(connection, "uusi")
        assert row is not None
        assert people.grants_held(connection, POL, row.id) == []


def test_a_database_that_was_opened_without_the_directory_key_believes_nothing(site: Site) -> None:
    blind, today = Database(site.parts.database.url), local_date(site.hands())
    with blind.read() as connection:
        person = people.person(connection, site.people["soc"], today)
        assert person is not None
        assert person.memberships == ()
        assert people.agency_keys_that_open(connection, today) == {}
        assert (
            people.agency_key(connection, one(site, select(AgencyKeyRow.id).where(*OF_SOC)).id)
            is None
        )
    blind.engine.dispose()


def test_a_signature_is_checked_once_in_a_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.visit("soc")
    site.send()
    signed = site.parts.database.signed
    assert isinstance(signed, Entries)
    monkeypatch.setattr(
        "intake.vault.directory_key.DirectoryKey.has_signed",
        lambda *_: pytest.fail("checked again"),
    )
    assert site.visit("soc").person.memberships
    site.send()


def test_each_role_and_key_of_the_site_has_one_entry(site: Site) -> None:
    def count(table: Any) -> int:
        row: Table = table.__table__
        return int(one(site, select(func.count()).select_from(row))[0])

    assert count(DirectoryEntryRow) == count(MembershipRow) + count(AgencyKeyRow)
