"""What agencies take is counted once for each referral, in the transaction of the move."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import select

from intake.domain.referral import Move
from intake.domain.timing import What, bucket_of, month_of
from intake.services.record import Entry, MoveNotOpen
from intake.store import privileges, timing
from intake.store.database import _alembic
from intake.store.timing import TimingRow
from tests.services.sending import at, gang, hand_over
from tests.site import ANK, SOC, YOU, Site

DAY = timedelta(days=1)
ACCEPT, RESPOND = Entry(Move.ACCEPT), Entry(Move.RESPOND, choice="contacted")


def counted(site: Site) -> dict[tuple[str, str, str, int], int]:
    with site.parts.database.read() as connection:
        rows = connection.execute(select(TimingRow.__table__))
        return {(r.agency_id, r.month, r.what, r.bucket): r[4] for r in rows}


def at_team(site: Site) -> UUID:
    site.send(gang())
    found: UUID = at(site, ANK).id
    return found


def test_the_first_acceptance_and_the_first_response_are_counted_from_the_arrival(
    site: Site,
) -> None:
    referral, visit = at_team(site), site.visit("ank")
    site.parts.respond(visit, referral, ACCEPT, site.hands.move(hours=5, minutes=10))
    accepted = {(ANK, "2026-06", What.ACCEPT.value, 5): 1}
    assert counted(site) == accepted
    site.hands.move(days=28)
    for _ in range(2):
        site.parts.respond(visit, referral, RESPOND, site.hands.move(hours=1))
    responded = (ANK, "2026-06", What.RESPOND.value, bucket_of(28 * DAY + timedelta(hours=6)))
    assert counted(site) == accepted | {responded: 1}


def test_the_month_is_that_of_the_move_not_of_the_arrival(site: Site) -> None:
    referral, visit = at_team(site), site.visit("ank")
    site.parts.respond(visit, referral, ACCEPT, site.hands.move(days=29))
    assert list(counted(site)) == [(ANK, "2026-07", "accept", bucket_of(29 * DAY))]


def test_reopening_counts_nothing_twice(site: Site) -> None:
    site.send()
    referral = at(site, SOC).id
    soc, head, respond = site.visit("soc"), site.visit("soc-head"), site.parts.respond
    close = Entry(Move.CLOSE, reason="Perhe muutti.")
    for who, entry in (
        (soc, ACCEPT),
        (soc, RESPOND),
        (soc, close),
        (head, Entry(Move.REOPEN, reason="Uusi yhteydenotto.")),
        (soc, RESPOND),
        (soc, close),
    ):
        respond(who, referral, entry, site.hands.move(hours=1))
    assert {key[2]: count for key, count in counted(site).items()} == {"accept": 1, "respond": 1}


def test_sending_on_at_once_counts_as_taken_up_and_withdrawing_that_counts_nothing_twice(
    site: Site,
) -> None:
    referral, visit = at_team(site), site.visit("ank")
    site.hands.move(hours=2)
    hand_over(site, visit, referral, YOU, "consent", consent="Nuori.")
    site.parts.withdraw(
        visit, referral, Entry(Move.WITHDRAW, reason="Väärä."), site.hands.move(hours=1)
    )
    site.parts.respond(visit, referral, ACCEPT, site.hands.move(hours=1))
    assert counted(site) == {(ANK, "2026-06", "accept", 2): 1}


def test_a_move_that_is_not_kept_is_not_counted(site: Site) -> None:
    referral, visit = at_team(site), site.visit("ank")
    site.break_writes("INSERT ON trail")
    with pytest.raises(Exception, match="full"):
        site.parts.respond(visit, referral, ACCEPT, site.hands.move(hours=1))
    assert counted(site) == {}
    site.mend_writes("trail")
    site.parts.respond(visit, referral, ACCEPT, site.hands())
    with pytest.raises(MoveNotOpen):
        site.parts.respond(visit, referral, ACCEPT, site.hands())
    assert list(counted(site).values()) == [1]


def test_many_who_count_at_once_lose_none(site: Site) -> None:
    key: tuple[Any, ...] = (ANK, "2026-06", What.ACCEPT, 3)

    def count(_: int) -> None:
        with site.parts.database.write() as connection:
            timing.count_referral(connection, *key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(40)))
    assert counted(site) == {key: 40}


def test_what_was_recorded_before_is_counted_as_it_would_have_been(site: Site) -> None:
    visit, respond = site.visit("ank"), site.parts.respond
    waits = (0, 1, 48, 651, 2420)  # hours
    for _ in waits:
        site.send(gang())
    for row, hours in zip(site.parts.read.inbox(visit, ("sent",)), waits, strict=True):
        respond(visit, row.id, ACCEPT, site.hands.move(hours=hours))
        respond(visit, row.id, RESPOND, site.hands())
        respond(visit, row.id, RESPOND, site.hands.move(minutes=1))
    before = counted(site)
    assert len(Counter(key[3] for key in before)) > 3
    assert {key[1] for key in before} >= {"2026-06", month_of(site.hands())}
    database = site.parts.database
    command.downgrade(_alembic(database.url), "0011")
    database.upgrade()
    with database.write() as connection:
        privileges.renew(connection)
    assert counted(site) == before
