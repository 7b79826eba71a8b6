"""A changed key takes along what the need-to-know rooms sealed, each agency's own part of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, delete, select, update

import intake.store.schema  # noqa: F401  (registers every table)
from intake.domain.recusal import Ground
from intake.domain.section_request import RequestState
from intake.domain.trail import Action
from intake.services.answer_request import Given
from intake.services.rotate import Rotate
from intake.store import retention, rotation, section_requests
from intake.store.need_to_know_tables import RecusalRow, SectionRequestRow
from intake.store.people_tables import GrantRow
from intake.store.retention_tables import HoldRow
from intake.store.tables import Base, MoveRow, TrailRow, WrapRow
from tests import databases
from tests.services.asking import CONSENT, WHY, asked, granted, sections, sent, services
from tests.services.recorded import recorded
from tests.services.test_hold import WHY as KEPT
from tests.services.test_hold import hold, put
from tests.services.test_recusal_reach import becomes, supervises
from tests.services.test_recuse import recuse
from tests.services.test_rotate import change, go_on, key_of, scalars, told
from tests.site import ANK, SOC, YOU, Site

NOT_SEALED_ANEW = {
    "agency_grant.sealed_key": "the key itself, for one member; a new key has grants of its own",
    "recovery_seal.sealed_key": "the key itself, for the sheets; the same",
    "recovery_seal.sealed_public": "by which that key vouches for the sheets; the same",
    "agency_recovery.sealed_public": "the same, of before each key had its own",
    "agency_index_key.sealed_secret": "one row of an agency, sealed anew before the others",
    "trail.sealed_detail": "nobody changes a line; it keeps the former key's grants alive",
}
"""Of what is sealed beside the id of an agency's key, with the reason."""


def beside_a_key() -> set[tuple[str, str]]:
    """Every sealed column of a table that names an agency's key, or may: an id of a key that
    points nowhere.
    """
    return {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        if any(map(may_name_an_agencys_key, table.c))
        for column in table.c
        if column.name.startswith("sealed_")
    }


def may_name_an_agencys_key(column: Column[Any]) -> bool:
    named = [key.column.table.name for key in column.foreign_keys]
    return named == ["agency_key"] or (not named and column.name.endswith("key_id"))


def test_a_change_of_keys_knows_everything_that_is_sealed_beside_a_keys_id() -> None:
    known = [
        (kind.row.__tablename__, column.key)
        for kind in rotation.KINDS.values()
        for column in kind.sealed
    ]
    assert len(known) == len(set(known))
    left = {f"{table}.{column}" for table, column in beside_a_key() - set(known)}
    assert left == NOT_SEALED_ANEW.keys()


def test_each_id_of_a_key_beside_something_sealed_is_found_by_an_index() -> None:
    for kind in rotation.KINDS.values():
        indexed = [[c.name for c in index.columns] for index in kind.row.__table__.indexes]
        assert [kind.key.key, "id"] in indexed


def forget(site: Site, key: str) -> None:
    """As if nobody had ever had it."""
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id == key))


def request_row(site: Site, request: UUID) -> Any:
    with site.parts.database.read() as connection:
        this = select(SectionRequestRow.__table__).where(SectionRequestRow.id == request)
        return connection.execute(this).one()


def read_by(site: Site, name: str, referral: UUID) -> Any:
    visit = site.visit(name)
    row = site.parts.read.entitled(visit, referral, site.hands())
    (request,) = services(site)[0].requests(visit, row)
    return request


def test_why_somebody_is_shut_out_and_why_content_is_held_opens_with_the_new_key(
    site: Site,
) -> None:
    _, referral = recorded(site)
    put(site, referral)
    recuse(site, "soc", referral, "soc", ground=Ground.OTHER, words="Veljeni lapsi.")
    old = key_of(site)
    assert change(site, "soc-head").left == 0
    for table in (HoldRow, RecusalRow):
        assert scalars(site, table.agency_key_id) == [key_of(site)] != [old]
    forget(site, old)
    head = site.visit("soc-head")
    row, (held,) = hold(site).holds(head, referral, site.hands())
    assert held.reason == KEPT
    (shut,) = site.parts.recuse.shut_out(head, row)
    assert shut.why == {"ground": Ground.OTHER.value, "words": "Veljeni lapsi."}


def test_of_a_request_each_agency_seals_its_own_part_anew_and_the_other_goes_on_reading(
    site: Site,
) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    was, theirs = request_row(site, request), key_of(site, ANK)
    assert change(site, "you", YOU).left == 0
    now = request_row(site, request)
    assert now.asker_key_id == key_of(site, YOU) != was.asker_key_id
    assert (now.lead_key_id, now.sealed_asked, now.sealed_given) == (
        theirs,
        was.sealed_asked,
        was.sealed_given,
    )
    forget(site, was.asker_key_id)
    assert "guardians" in sections(site, "you", asker)
    assert change(site, "ank", ANK).left == 0
    last = request_row(site, request)
    assert last.lead_key_id == key_of(site, ANK) != theirs
    assert (last.asker_key_id, last.sealed_keys) == (now.asker_key_id, now.sealed_keys)
    forget(site, theirs)
    for name, referral in (("ank", lead), ("you", asker)):
        read = read_by(site, name, referral)
        assert read.asked["reason"] == WHY
        assert read.answer["sections"] == ["guardians"]


def seal_wraps_alone(site: Site, name: str, agency: str) -> str:
    """A change that was left before what the need-to-know rooms sealed; the former key."""
    old, visit = key_of(site, agency), site.visit(name)
    site.parts.rotate.begin(visit, agency, site.hands())
    for _ in site.parts.rotate.steps(visit, agency, site.hands()):
        if not scalars(site, WrapRow.id, WrapRow.agency_key_id == old):
            break
    assert site.parts.rotate.progress(visit, agency).left > 0
    return old


def test_the_former_keys_grants_stay_while_a_part_of_a_request_needs_them(site: Site) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    sides = {"ank": ANK, "you": YOU}
    keys = [seal_wraps_alone(site, name, agency) for name, agency in sides.items()]
    site.parts.tidy(site.hands.move(days=2))
    for key in keys:
        assert scalars(site, GrantRow.id, GrantRow.agency_key_id == key)
    for name, agency in sides.items():
        assert go_on(site, name, agency).left == 0
    site.parts.tidy(site.hands())
    for key in keys:
        assert scalars(site, GrantRow.id, GrantRow.agency_key_id == key) == []


def test_the_former_keys_grants_stay_while_a_reason_needs_them(site: Site) -> None:
    _, referral = recorded(site)
    recuse(site, "soc-deputy", referral, "soc-deputy")
    for row, again in ((RecusalRow, HoldRow), (HoldRow, None)):
        old = key_of(site)
        change(site, "soc-head")
        with site.parts.database.write() as connection:
            connection.execute(update(row).values(agency_key_id=old))
        site.parts.tidy(site.hands.move(days=2))
        assert scalars(site, GrantRow.id, GrantRow.agency_key_id == old)
        if again is not None:
            put(site, referral)


def test_while_a_change_is_under_way_both_keys_are_read_by(site: Site) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    seal_wraps_alone(site, "you", YOU)
    assert "guardians" in sections(site, "you", asker)
    assert read_by(site, "you", asker).asked["reason"] == WHY
    _, answer = services(site)
    answer.withdraw(site.visit("ank"), lead, request, "Erehdys.", site.hands())
    assert go_on(site, "you", YOU).left == 0
    assert read_by(site, "you", asker).answer == {"reason": "Erehdys."}


def test_reasons_are_read_while_a_change_is_under_way(site: Site) -> None:
    _, referral = recorded(site)
    put(site, referral)
    recuse(site, "soc-deputy", referral, "soc-deputy", ground=Ground.OTHER, words="Naapuri.")
    seal_wraps_alone(site, "soc-head", SOC)
    head = site.visit("soc-head")
    row, (held,) = hold(site).holds(head, referral, site.hands())
    assert held.reason == KEPT
    (shut,) = site.parts.recuse.shut_out(head, row)
    assert shut.why == {"ground": Ground.OTHER.value, "words": "Naapuri."}


def test_a_request_that_is_granted_while_the_asker_changes_its_key_keeps_what_was_asked(
    site: Site,
) -> None:
    lead, asker = sent(site)
    request = asked(site, lead, asker)
    seal_wraps_alone(site, "you", YOU)
    given = Given("consent", ("guardians",), "", CONSENT)
    services(site)[1].grant(site.visit("ank"), lead, request, given, site.hands())
    assert "guardians" in sections(site, "you", asker)
    assert go_on(site, "you", YOU).left == 0
    read = read_by(site, "you", asker)
    assert (read.asked["reason"], read.answer["sections"]) == (WHY, ["guardians"])
    assert "guardians" in sections(site, "you", asker)


def test_what_is_taken_back_while_it_is_being_sealed_anew_does_not_come_back(site: Site) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    _, answer = services(site)

    class Late(Rotate):
        def _anew(self, kind: str, *about: Any) -> Any:
            found = super()._anew(kind, *about)
            if kind == "asker":
                answer.withdraw(site.visit("ank"), lead, request, "Erehdys.", site.hands())
            return found

    visit = site.visit("you")
    site.parts.rotate.begin(visit, YOU, site.hands())
    list(Late(site.parts.database).steps(visit, YOU, site.hands()))
    assert request_row(site, request).sealed_keys is None
    assert go_on(site, "you", YOU).left == 0
    assert request_row(site, request).sealed_keys is None
    assert read_by(site, "you", asker).answer == {"reason": "Erehdys."}


def test_an_answer_that_was_sealed_to_a_key_that_has_changed_meanwhile_is_not_kept(
    site: Site,
) -> None:
    lead, asker = sent(site)
    request = asked(site, lead, asker)
    before = request_row(site, request)
    change(site, "ank", ANK)
    late = {"state": RequestState.REFUSED.value, "sealed_given": b"late"}
    with site.parts.database.write() as connection:
        assert not section_requests.answer(connection, before, late)
    _, answer = services(site)
    given = Given("consent", ("guardians",), "", CONSENT)
    answer.grant(site.visit("ank"), lead, request, given, site.hands())
    before = request_row(site, request)
    change(site, "you", YOU)
    with site.parts.database.write() as connection:
        who, now = site.people["ank"], site.hands()
        assert not section_requests.withdraw(connection, before, who, b"late", now)
    assert "guardians" in sections(site, "you", asker)


def test_what_has_been_deleted_keeps_no_change_from_its_end(site: Site) -> None:
    report, referral = recorded(site)
    recuse(site, "soc-deputy", referral, "soc-deputy")
    with site.parts.database.write() as connection:
        assert retention.delete_content(connection, report, site.hands())
    for column in (MoveRow.sealed_reason, RecusalRow.sealed_reason):
        assert set(scalars(site, column)) == {None}
    old = key_of(site)
    progress = change(site)
    assert (progress.left, progress.damaged) == (0, 0)
    assert scalars(site, RecusalRow.agency_key_id) == [key_of(site)] != [old]
    assert set(scalars(site, RecusalRow.sealed_reason)) == {None}


def test_a_damaged_part_of_a_request_stays_as_it_is_and_leaves_one_line(site: Site) -> None:
    lead, asker = sent(site)
    request = granted(site, lead, asker)
    with site.parts.database.write() as connection:
        this = update(SectionRequestRow).where(SectionRequestRow.id == request)
        connection.execute(this.values(sealed_answer=b"\x01broken"))
    was = request_row(site, request)
    assert change(site, "you", YOU).left == 1
    assert request_row(site, request) == was
    (line,) = told(site, Action.DAMAGED)
    assert (line.referral_id, line.agency_id) == (asker, YOU)


@pytest.mark.postgresql
def test_the_roles_of_the_agencys_door_and_of_the_jobs_suffice(site: Site) -> None:
    lead, asker = sent(site)
    granted(site, lead, asker)
    becomes(site, "supervisor", supervises(site, YOU))  # who is told that nobody opens it
    recuse(site, "you", asker, "you", knowing=True)
    hold(site)
    old = key_of(site, YOU)
    agency = databases.of_role(site.parts.database, "agency")
    visit, rotate = site.visit("you"), Rotate(agency)
    rotate.begin(visit, YOU, site.hands())
    list(rotate.steps(visit, YOU, site.hands()))
    assert rotate.progress(visit, YOU).left == 0
    assert scalars(site, RecusalRow.agency_key_id) == [key_of(site, YOU)]
    jobs = databases.of_role(site.parts.database, "jobs")
    with jobs.write() as connection:
        assert rotation.forget_keys(connection, site.hands.move(days=2)) == 0  # the trail's line
    with site.parts.database.write() as connection:
        line = update(TrailRow).where(TrailRow.detail_key_id == old)
        connection.execute(line.values(detail_key_id=None))
    with jobs.write() as connection:
        assert rotation.forget_keys(connection, site.hands()) == 1
