"""Opening a referral: only by its agency's members, and never before its trail line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update

from intake.domain.people import Membership, Role
from intake.domain.trail import Action, TrailLine
from intake.services.read import KeyNotGranted, ReferralNotYours
from intake.store import people
from intake.store.columns import AnyRow
from intake.store.people_tables import GrantRow, MembershipRow
from intake.store.tables import ReferralRow, SectionRow, TrailRow
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import open_grant
from tests.site import POL, SOC, Site, worry_answers


def lines(site: Site, action: str) -> Sequence[AnyRow]:
    with site.parts.database.read() as connection:
        return connection.execute(select(TrailRow).where(TrailRow.action == action)).all()


def test_a_member_reads_what_was_typed_and_why_it_came(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    opened = site.parts.read(visit, row.id, site.hands())
    assert opened.sections["identity_1"]["name"] == "Kaisla Keksitty"
    assert opened.sections["concern"]["seen"].startswith("Lapsi on tullut")
    assert "R1" in {reason["rule"] for reason in opened.reasons["reasons"]}
    assert opened.referral.opened_at == site.hands()


def test_the_trail_line_is_committed_before_any_content_shows(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    site.break_writes("INSERT ON trail")
    with pytest.raises(Exception, match="full"):
        site.parts.read(visit, row.id, site.hands())


def test_another_agencys_referral_is_not_there_and_the_try_is_recorded(site: Site) -> None:
    site.send()
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    with pytest.raises(ReferralNotYours):
        site.parts.read(site.visit("pol"), row.id, site.hands())
    (line,) = lines(site, Action.REFUSED)
    assert line.person_id == site.people["pol"]
    assert line.referral_id == row.id


def test_opening_again_keeps_the_first_opening_and_leaves_another_line(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    first = site.hands()
    site.parts.read(visit, row.id, first)
    again = site.parts.read(visit, row.id, site.hands.move(hours=2))
    assert again.referral.opened_at == first
    assert len(lines(site, Action.OPEN)) == 2


def test_a_membership_alone_opens_nothing(site: Site) -> None:
    site.send()
    (row,) = site.parts.read.inbox(site.visit("soc"), ("sent",))
    with site.parts.database.write() as connection:
        people.add_membership(
            connection,
            site.people["pol"],
            Membership(Role.WORKER, SOC),
            site.hands(),
        )
    with pytest.raises(KeyNotGranted):
        site.parts.read(site.visit("pol"), row.id, site.hands())


def test_a_withdrawn_grant_opens_nothing_in_a_running_session(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    site.parts.read(visit, row.id, site.hands())
    with site.parts.database.write() as connection:
        connection.execute(
            text("UPDATE agency_grant SET withdrawn_at = granted_at WHERE person_id = :person"),
            {"person": visit.person.id.hex},
        )
    with pytest.raises(KeyNotGranted):
        site.parts.read(visit, row.id, site.hands())


def test_police_get_no_health_section(site: Site) -> None:
    site.send(
        worry_answers(
            worry={
                "categories": ["violence_outside_home"],
                "primary": "violence_outside_home",
                "child_role": "victim",
            },
            protection={"crime_against_child": "violence"},
            observations={"health": "Astma."},
        )
    )
    for name, sees_health in (("pol", False), ("soc", True)):
        visit = site.visit(name)
        (row,) = site.parts.read.inbox(visit, ("sent",))
        sections = site.parts.read(visit, row.id, site.hands()).sections
        assert ("health" in sections) == sees_health
        assert "concern" in sections


def test_the_inbox_is_sorted_by_deadline(site: Site) -> None:
    def send() -> UUID:
        before = {row.id for row in site.parts.read.inbox(visit, ("sent",))}
        site.send()
        (sent,) = {row.id for row in site.parts.read.inbox(visit, ("sent",))} - before
        found: UUID = sent
        return found

    visit = site.visit("soc")
    second = send()
    site.hands.move(days=1)
    third = send()
    site.hands.move(days=-3)
    first = send()
    inbox = [row.id for row in site.parts.read.inbox(visit, ("sent",))]
    assert inbox == [first, second, third]


def test_every_stored_line_has_the_digest_of_its_canonical_bytes(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    site.parts.read(visit, row.id, site.hands())
    with site.parts.database.read() as connection:
        stored = connection.execute(select(TrailRow)).all()
        referral = connection.execute(select(ReferralRow.id)).scalar()
    fields = TrailLine.__dataclass_fields__
    for line in stored:
        again = TrailLine(**{name: getattr(line, name) for name in fields})
        assert line.digest == again.digest()
    for writer in {line.writer for line in stored}:
        numbers = sorted(line.sequence for line in stored if line.writer == writer)
        assert numbers == list(range(1, len(numbers) + 1))
    assert referral in {line.referral_id for line in stored}


def test_nothing_is_marked_opened_that_did_not_open(site: Site) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    with site.parts.database.write() as connection:
        connection.execute(
            update(SectionRow)
            .where(SectionRow.slot == "concern")
            .values(sealed_content=b"\x01junk")
        )
    with pytest.raises(EnvelopeDamaged):
        site.parts.read(visit, row.id, site.hands())
    with site.parts.database.read() as connection:
        assert connection.scalar(select(ReferralRow.opened_at)) is None
    assert len(lines(site, Action.OPEN)) == 1


def test_no_key_is_opened_before_the_trail_line(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send()
    visit = site.visit("soc")
    (row,) = site.parts.read.inbox(visit, ("sent",))
    written: list[int] = []

    def watched(*given: Any) -> Any:
        written.append(len(lines(site, Action.OPEN)))
        return open_grant(*given)

    monkeypatch.setattr("intake.services.read.open_grant", watched)
    site.parts.read(visit, row.id, site.hands())
    assert written == [1]


def test_an_agency_whose_members_have_all_ended_gets_no_report(site: Site) -> None:
    today = site.hands().date()
    with site.parts.database.write() as connection:
        assert people.openers(connection, today)[SOC] == 3
        connection.execute(
            update(MembershipRow)
            .where(MembershipRow.agency_id == SOC)
            .values(valid_to=today - timedelta(days=1))
        )
        assert SOC in people.agency_keys_that_open(connection, today - timedelta(days=1))
        assert SOC not in people.agency_keys_that_open(connection, today)
        assert SOC not in people.openers(connection, today)
    site.send()
    with site.parts.database.read() as connection:
        assert SOC not in set(connection.scalars(select(ReferralRow.agency_id)))


def test_a_role_at_a_controller_or_another_agency_opens_nothing(site: Site) -> None:
    today = site.hands().date()
    with site.parts.database.write() as connection:
        held = people.agency_keys_that_open(connection, today)[POL]
        sealed = people.grant(connection, held.id, site.people["pol"])
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id == held.id))
        for name in ("supervisor", "soc"):
            grant = {"agency_key_id": held.id, "person_id": site.people[name]}
            people.add_grant(
                connection,
                grant | {"id": uuid4(), "sealed_key": sealed, "granted_at": site.hands()},
            )
        assert POL not in people.agency_keys_that_open(connection, today)
