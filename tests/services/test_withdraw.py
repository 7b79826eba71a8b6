"""Withdrawing what was sent by mistake: nobody there can open it again, and all is as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from intake.domain.referral import Move, State
from intake.domain.trail import Action
from intake.services.oversee import Oversee
from intake.services.read import ReferralNotYours
from intake.services.record import Entry, MoveNotOpen, ReasonMissing
from intake.services.status import Stage, Status
from intake.services.withdraw import OPENED
from intake.store import moves, same_child
from intake.store.tables import ChaseRow, DeadlineRow, ReferralRow, WrapRow
from tests.services.sending import at, clocks, gang, hand_over, lines, row_of, silence
from tests.site import ANK, SOC, TRIAGE, YOU, Site

MISTAKE = Entry(Move.WITHDRAW, reason="Väärä viranomainen.")


def sent_to_youth_services(site: Site) -> tuple[UUID, UUID]:
    """The team's own referral, and the one it was handed over as, an hour later."""
    site.send(gang())
    first = at(site, ANK).id
    site.hands.move(hours=1)
    return first, hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")


def wraps(site: Site, referral: UUID) -> int:
    with site.parts.database.read() as connection:
        found = connection.scalar(
            select(func.count()).select_from(WrapRow).where(WrapRow.referral_id == referral)
        )
    return found or 0


def test_nobody_at_the_receiver_can_open_it_any_more(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    assert wraps(site, sent) == 2
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert row_of(site, sent).state == State.WITHDRAWN
    assert wraps(site, sent) == 0
    opened = site.parts.read(site.visit("you"), sent, site.hands())
    assert opened.sections == {}
    assert opened.reasons == {}
    assert list(opened.move_reasons.values()) == ["Väärä viranomainen."]


def test_the_receiver_keeps_no_marks_of_the_child(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    site.parts.read(site.visit("you"), sent, site.hands())
    assert marked(site, sent)
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert not marked(site, sent)


def marked(site: Site, referral: UUID) -> bool:
    with site.parts.database.read() as connection:
        return same_child.has_marks(connection, referral)


def test_after_a_restore_of_an_older_backup_it_can_be_withdrawn_again(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    with site.parts.database.write() as connection:  # all that a restore keeps of a withdrawal
        moves.erase_wraps(connection, sent, site.hands())
    assert site.parts.read(site.visit("you"), sent, site.hands()).sections == {}
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert row_of(site, sent).state == State.WITHDRAWN
    assert row_of(site, first).state == State.SENT
    opened = site.parts.read(site.visit("you"), sent, site.hands())
    assert list(opened.move_reasons.values()) == ["Väärä viranomainen."]


def test_the_sender_has_it_again_as_it_was_with_its_clocks(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK).id
    before = clocks(site, first)
    for state, accepts in ((State.SENT, False), (State.ACCEPTED, True)):
        if accepts:
            site.parts.respond(
                site.visit("ank"), first, Entry(Move.ACCEPT), site.hands.move(minutes=1)
            )
            before = clocks(site, first)
        hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
        site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(minutes=1))
        assert row_of(site, first).state == state
        assert clocks(site, first) == before
        assert site.parts.read(site.visit("ank"), first, site.hands()).sections["concern"]


def test_the_receiver_s_clocks_end_and_nobody_is_chased(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert {row.met_by for row in clocks(site, sent).values()} == {"withdraw"}
    silence(site, days=30)
    with site.parts.database.read() as connection:
        chased = set(
            connection.scalars(
                select(DeadlineRow.referral_id).join(
                    ChaseRow, ChaseRow.deadline_id == DeadlineRow.id
                )
            )
        )
    assert chased == {first}, "the sender is chased again"


def test_steps_that_came_while_it_was_away_are_not_caught_up(site: Site) -> None:
    first, _ = sent_to_youth_services(site)
    silence(site, days=3)
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands())
    again = clocks(site, first)["accept"]
    assert again.met_at is None
    assert again.next_chase_at > site.hands()
    assert site.parts.chase(site.hands()) == 0


@pytest.mark.parametrize("opened", [True, False])
def test_the_trail_and_the_pages_say_whether_it_had_been_opened(site: Site, opened: bool) -> None:
    first, sent = sent_to_youth_services(site)
    at_noon = site.hands.move(hours=1)
    if opened:
        site.parts.read(site.visit("you"), sent, at_noon)
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    theirs, own = lines(site, "move:withdraw")
    assert theirs.purpose == ("opened there before" if opened else "never opened there")
    assert (theirs.agency_id, theirs.referral_id) == (YOU, sent)
    assert (own.agency_id, own.purpose) == (ANK, f"from {YOU}")
    (successor,) = site.parts.read(site.visit("ank"), first, site.hands()).successors
    assert successor.opened_at == (at_noon if opened else None)


def test_an_opening_that_only_the_trail_knows_counts_as_one(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    site.break_writes("UPDATE OF opened_at ON referral")
    with pytest.raises(Exception, match="full"):
        site.parts.read(site.visit("you"), sent, site.hands())
    site.mend_writes("referral")
    assert row_of(site, sent).opened_at is None
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert row_of(site, sent).opened_at is not None
    assert lines(site, "move:withdraw")[0].purpose == "opened there before"


def test_what_has_been_taken_up_cannot_be_withdrawn(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    site.parts.respond(site.visit("you"), sent, Entry(Move.ACCEPT), site.hands.move(hours=1))
    with pytest.raises(MoveNotOpen):
        site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands())
    assert row_of(site, first).state == State.HANDED_OVER


def test_only_the_sender_withdraws_and_tells_why(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    with pytest.raises(ReferralNotYours):
        site.parts.withdraw(site.visit("you"), first, MISTAKE, site.hands())
    with pytest.raises(MoveNotOpen):
        site.parts.withdraw(site.visit("you"), sent, MISTAKE, site.hands())
    with pytest.raises(ReasonMissing):
        site.parts.withdraw(site.visit("ank"), first, Entry(Move.WITHDRAW), site.hands())


def test_a_return_can_be_withdrawn_and_made_again(site: Site) -> None:
    site.send(gang())
    first, back = at(site, ANK).id, Entry(Move.RETURN, reason="Ei kuulu tiimille.")
    site.parts.respond(site.visit("ank"), first, back, site.hands())
    sent = at(site, TRIAGE).id
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert row_of(site, first).state == State.SENT
    site.parts.respond(site.visit("ank"), first, back, site.hands.move(hours=1))
    again = at(site, TRIAGE).id
    assert again != sent
    assert site.parts.read(site.visit("soc"), again, site.hands()).sections["concern"]


def test_a_withdrawn_referral_can_be_handed_to_the_same_agency_again(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    site.hands.move(hours=1)
    again = hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    assert row_of(site, again).state == State.SENT
    assert row_of(site, sent).state == State.WITHDRAWN


def test_the_reporter_sees_the_truth(site: Site) -> None:
    code = site.send(gang()).code
    first = at(site, ANK).id
    hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    status = Status(site.parts.database, site.parts.directory).by_code(code)
    stages = {each.agency.id: (each.stage, each.moved_to) for each in status.agencies}
    assert stages == {ANK: (Stage.STORED, None), YOU: (Stage.WITHDRAWN, None)}


def test_a_mistake_is_not_counted(site: Site) -> None:
    first, _ = sent_to_youth_services(site)
    picture = Oversee(site.parts.database, site.parts.directory).picture
    assert picture() == {"2026-06": {"ANK": 1, "YOU": 1}}
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert picture() == {"2026-06": {"ANK": 1}}


def test_opening_it_after_that_leaves_a_line_but_is_no_opening(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    site.parts.read(site.visit("you"), sent, site.hands())
    assert row_of(site, sent).opened_at is None
    assert [line.purpose for line in lines(site, Action.OPEN) if line.referral_id == sent] == [
        "history of a withdrawn referral"
    ]


def test_the_pages_of_handing_over_open_it_too(site: Site) -> None:
    first, sent = sent_to_youth_services(site)
    now = site.hands.move(minutes=1)
    site.parts.hand_over.choices(site.visit("you"), sent, now)
    assert [line.at for line in lines(site, Action.OPEN) if line.referral_id == sent] == [now]
    site.parts.withdraw(site.visit("ank"), first, MISTAKE, site.hands.move(hours=1))
    assert row_of(site, sent).opened_at == now
    (line,) = [line for line in lines(site, "move:withdraw") if line.referral_id == sent]
    assert line.purpose == OPENED


def test_social_services_withdraw_what_they_sent_to_one_another(site: Site) -> None:
    site.send()
    first = at(site, SOC).id
    hand_over(site, site.visit("soc-head"), first, TRIAGE, "competent")
    site.parts.withdraw(site.visit("soc-deputy"), first, MISTAKE, site.hands.move(hours=1))
    assert {clock for clock, row in clocks(site, first).items() if row.met_at is None} == {
        "urgency",
        "lsl26_start",
        "lsl26_complete",
    }


@pytest.mark.postgresql
def test_withdrawing_holds_both_referrals_in_the_order_in_which_shutting_out_does(
    site: Site,
) -> None:
    first, sent = sent_to_youth_services(site)
    visit, now = site.visit("ank"), site.hands.move(hours=1)
    at_once = select(ReferralRow.id).with_for_update(nowait=True)
    blocked = text(
        "SELECT count(*) FROM pg_locks "
        "WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    )
    with ThreadPoolExecutor(1) as door:
        with site.parts.database.write() as connection:
            connection.execute(at_once.where(ReferralRow.id == min(first, sent)))
            withdrawn = door.submit(site.parts.withdraw, visit, first, MISTAKE, now)
            while not (connection.scalar(blocked) or withdrawn.done()):
                pass
            connection.execute(at_once.where(ReferralRow.id == max(first, sent)))
        withdrawn.result()
    assert row_of(site, sent).state == State.WITHDRAWN
