"""The doctor looks at what was signed, at what waits for it and at what runs out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from intake.doctor.entries import PATIENCE, entries
from intake.doctor.finding import Level
from intake.domain.deadline import local_date
from intake.domain.entry import LONGEST
from intake.store.people_tables import AgencyKeyRow
from tests.doctor.said import bad, well
from tests.site import DUTY, TUESDAY, Site


def test_a_damaged_key_fails(site: Site) -> None:
    check, today = site.parts.check_entries, local_date(site.hands())
    assert well(entries(check.found(today), [], TUESDAY))
    with site.parts.database.write() as connection:
        damaged = update(AgencyKeyRow).where(AgencyKeyRow.agency_id == DUTY)
        connection.execute(damaged.values(public_key=b"x"))
    assert f"key {DUTY}-" in bad(entries(check.found(today), [], TUESDAY))[Level.FAIL]


def test_roles_that_run_out_warn_in_time_and_fail_when_they_have(site: Site) -> None:
    found = site.parts.check_entries.found
    soon = site.hands() + LONGEST - timedelta(days=59)  # everybody was enrolled a month ago
    warned = bad(entries(found(soon.date()), [], soon))
    assert set(warned) == {Level.WARN}
    assert "run out, the first after" in warned[Level.WARN]
    late = site.hands() + LONGEST
    assert (
        "let nobody in: admin: administrator"
        in bad(entries(found(late.date()), [], late))[Level.FAIL]
    )


def test_what_waits_for_long_for_its_signature_warns() -> None:
    assert well(entries([], [TUESDAY - PATIENCE], TUESDAY))
    assert (
        "1 entries have waited"
        in bad(entries([], [TUESDAY, TUESDAY - timedelta(days=4)], TUESDAY))[Level.WARN]
    )
