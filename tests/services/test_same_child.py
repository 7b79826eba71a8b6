"""An agency recognises a child of an earlier report; nobody without its key can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from intake.domain.referral import State
from intake.services.enrol import make_key_unless_held
from intake.services.recover_key import RecoverKey
from intake.services.same_child import SameChild
from intake.store import deletions, retention, same_child
from intake.store.people_tables import AgencyRecoveryRow, GrantRow
from intake.store.same_child_tables import AgencyIndexKeyRow, SameChildRow
from intake.vault.blind import IndexSecret, seal_index_secret
from tests.services import keyless
from tests.services.recorded import recorded
from tests.services.sending import overtaken
from tests.services.test_recover_key import bring_back, lose_all, sheets
from tests.services.test_rotate import change, go_on, key_of
from tests.site import ANK, POL, SOC, Site, child_answers, worry_answers

BY_NAME = {"known_by": "birth_date", "hetu": "", "birth_date": "2016-05-01"}
GANG = {"categories": ["gang"], "primary": "gang", "child_role": "suspected"}


def told_of(site: Site, **child: Any) -> Any:
    """A worry on this child, opened by its social worker."""
    site.hands.move(minutes=1)
    site.send(worry_answers() | {"children": [child_answers(**child)]})
    return open_newest(site)


def open_newest(site: Site, name: str = "soc") -> Any:
    visit = site.visit(name)
    rows = site.parts.read.inbox(visit, tuple(State))
    newest = max(rows, key=lambda row: row.arrived_at)
    return site.parts.read(visit, newest.id, site.hands())


def references(rows: Sequence[Any] | None) -> list[str]:
    assert rows is not None
    return [row.reference for row in rows]


def blinds(site: Site, agency: str = SOC) -> set[bytes]:
    with site.parts.database.read() as connection:
        marks = select(SameChildRow.blind).where(SameChildRow.agency_id == agency)
        return set(connection.scalars(marks))


def test_a_second_report_finds_the_first_and_not_itself(site: Site) -> None:
    first = told_of(site)
    assert list(first.earlier) == []
    second = told_of(site)
    assert references(second.earlier) == [first.referral.reference]
    third = told_of(site, name="keksitty kaisla")
    assert references(third.earlier) == [second.referral.reference, first.referral.reference]
    again = site.parts.read(site.visit("soc-head"), second.referral.id, site.hands())
    assert references(again.earlier) == [first.referral.reference]


def test_a_report_that_knows_the_name_and_birth_date_alone_finds_the_one_with_a_code(
    site: Site,
) -> None:
    first = told_of(site)
    second = told_of(site, **BY_NAME)
    assert references(second.earlier) == [first.referral.reference]


@pytest.mark.parametrize(
    "other",
    [
        {"hetu": "020516A902D", "name": "Kaisla Keksitty"},
        BY_NAME | {"birth_date": "2016-05-02"},
        BY_NAME | {"name": "Kaislo Keksitty"},
        {"known_by": "age", "hetu": "", "age": "10"},
    ],
)
def test_another_child_is_not_found(site: Site, other: dict[str, Any]) -> None:
    told_of(site)
    assert list(told_of(site, **other).earlier) == []


def test_marks_of_one_child_are_unrelated_between_agencies(site: Site) -> None:
    site.send(worry_answers(worry=GANG, consent={"child_consent": "given", "consent_to": ["ANK"]}))
    for name in ("soc", "ank"):
        open_newest(site, name)
    own, theirs = blinds(site, SOC), blinds(site, ANK)
    assert len(own) == len(theirs) == 2
    assert not own & theirs
    assert list(open_newest(site, "ank").earlier) == []


def test_who_holds_the_database_alone_cannot_try_a_code(site: Site) -> None:
    told_of(site)
    with site.parts.database.read() as connection:
        (row,) = connection.execute(select(AgencyIndexKeyRow.__table__)).all()
    assert row.agency_key_id == key_of(site)
    for secret in (row.sealed_secret[-32:], row.sealed_secret[:32], b"\0" * 32):
        tried = IndexSecret(SOC, secret)
        assert tried.blind("hetu", "010516A901V") not in blinds(site)


def test_who_can_write_to_the_database_alone_cannot_plant_a_secret_of_their_own(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    told_of(site)
    before = blinds(site)
    with site.parts.database.write() as connection:
        connection.execute(update(AgencyIndexKeyRow).values(sealed_secret=b"\x01" + b"a" * 92))
    opened = told_of(site)
    assert opened.sections["identity_1"]["name"] == "Kaisla Keksitty"
    assert opened.earlier is None
    assert blinds(site) == before
    assert "not marked: EnvelopeDamaged" in caplog.text
    assert "Kaisla" not in caplog.text


def test_a_secret_under_a_key_that_was_put_in_marks_nobody(site: Site) -> None:
    planted = keyless.plant(site, SOC, "soc", activated=False)
    known = IndexSecret.new(SOC)
    with site.parts.database.write() as connection:
        values = {"agency_id": SOC, "agency_key_id": planted.key_id}
        sealed = seal_index_secret(planted, known)
        connection.execute(insert(AgencyIndexKeyRow).values(**values, sealed_secret=sealed))
    opened = told_of(site)
    assert opened.sections["identity_1"]["name"] == "Kaisla Keksitty"
    assert opened.earlier is None
    assert blinds(site) == set()
    change(site)
    with site.parts.database.read() as connection:
        row = same_child.index_key(connection, SOC)
    assert row is not None
    assert row.agency_key_id == planted.key_id, "carried over to no key that counts"


def test_no_failure_keeps_anybody_from_reading(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.break_writes("INSERT ON same_child")
    assert told_of(site).sections["identity_1"]["hetu"] == "010516A901V"
    assert "010516A901V" not in caplog.text
    site.mend_writes("same_child")
    open_newest(site)
    assert len(blinds(site)) == 2


def test_a_changed_key_recognises_children_as_before(site: Site) -> None:
    first = told_of(site)
    before = blinds(site)
    change(site)
    with site.parts.database.write() as connection:
        assert same_child.index_key(connection, SOC).agency_key_id == key_of(site)  # type: ignore[union-attr]
        former = GrantRow.agency_key_id != key_of(site)
        connection.execute(delete(GrantRow).where(former))
    second = told_of(site)
    assert references(second.earlier) == [first.referral.reference]
    assert blinds(site) == before


def test_between_the_new_key_and_the_sealing_anew_children_are_recognised_too(site: Site) -> None:
    first = told_of(site)
    site.parts.rotate.begin(site.visit("soc"), SOC, site.hands())
    assert references(told_of(site).earlier) == [first.referral.reference]


def test_a_secret_whose_key_nobody_holds_gives_way_with_its_marks(site: Site) -> None:
    told_of(site)
    before = blinds(site)
    with site.parts.database.write() as connection:
        connection.execute(delete(GrantRow).where(GrantRow.agency_key_id == key_of(site)))
        assert make_key_unless_held(connection, SOC, site.people["soc"], site.hands())
    assert list(told_of(site).earlier) == []
    assert not blinds(site) & before


def test_an_agency_without_the_identity_marks_nothing(site: Site) -> None:
    site.send(worry_answers(worry=GANG, consent={"child_consent": "given", "consent_to": ["ANK"]}))
    opened = open_newest(site, "soc")
    sections = {s: c for s, c in opened.sections.items() if not s.startswith("identity")}
    visit = site.visit("pol")
    key = site.parts.read.agency_key(site.visit("soc"), opened.referral)
    found = SameChild(site.parts.database)(visit, opened.referral, key, sections, site.hands())
    assert references(found) == []
    assert blinds(site, POL) == set()


def test_erased_marks_are_listed_and_no_restore_brings_them_back(site: Site) -> None:
    first = told_of(site)
    with site.parts.database.write() as connection:
        assert same_child.erase(connection, [first.referral.id], site.hands()) == 2
    assert blinds(site) == set()
    with site.parts.database.read() as connection:
        listed = deletions.unlisted(connection, 50)
    marks = [entry for entry in listed if entry.of_table == "same_child"]
    assert len(marks) == 2
    assert all(entry.is_readable() for entry in marks), "the list outside the database takes them"
    with site.parts.database.write() as connection:
        assert [entry.replay(connection) for entry in marks] == [0, 0]
    assert list(told_of(site).earlier) == []


def test_a_secret_that_the_sheets_still_open_is_not_given_up_and_comes_back_with_them(
    site: Site,
) -> None:
    recover_key = RecoverKey(site.parts.database)
    first = told_of(site)
    before, printed = blinds(site), sheets(site, recover_key)
    lose_all(site)
    with site.parts.database.write() as connection:
        assert make_key_unless_held(connection, SOC, site.people["soc"], site.hands())
    meanwhile = told_of(site)
    assert meanwhile.sections
    assert list(meanwhile.earlier) == []
    assert blinds(site) == before
    bring_back(site, recover_key, printed[0], printed[1], "soc")
    now = site.hands.move(minutes=1)
    again = site.parts.read(site.visit("soc"), meanwhile.referral.id, now)
    assert references(again.earlier) == [first.referral.reference]
    assert blinds(site) == before
    assert go_on(site, "soc").left == 0
    third = told_of(site)
    found = [meanwhile.referral.reference, first.referral.reference]
    assert references(third.earlier) == found


def test_a_secret_that_only_former_sheets_open_gives_way(site: Site) -> None:
    recover_key = RecoverKey(site.parts.database)
    told_of(site)
    before = blinds(site)
    sheets(site, recover_key)
    lose_all(site)
    with site.parts.database.write() as connection:
        connection.execute(update(AgencyRecoveryRow).values(recovery_key_id="of newer sheets"))
        assert make_key_unless_held(connection, SOC, site.people["soc"], site.hands())
    told_of(site)
    assert not blinds(site) & before
    assert blinds(site)


def test_no_child_is_marked_once_the_content_has_been_deleted(site: Site) -> None:
    report, referral = recorded(site)
    opened = site.parts.read(site.visit("soc"), referral, site.hands())
    key = site.parts.read.agency_key(site.visit("soc"), opened.referral)
    with site.parts.database.write() as connection:
        same_child.erase(connection, [referral], site.hands())

    def deleting() -> None:
        with site.parts.database.write() as connection:
            assert retention.delete_content(connection, report, site.hands())

    late = overtaken(SameChild(site.parts.database), deleting)
    found = late(site.visit("soc"), opened.referral, key, opened.sections, site.hands())
    assert list(found) == []
    assert blinds(site) == set()
