"""The table of moves, walked: every move × state × role × kind of agency, and over HTTP.

What is expected stands here a second time, in the words of docs/moves.md, so that a changed
table has to be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import select

from intake.domain.people import AGENCY_ROLES, Role
from intake.domain.referral import MOVES, Move, State, moves_open
from intake.services.record import Entry
from intake.store.tables import ReferralRow
from tests.services.sending import gang, hand_over, silence
from tests.site import ANK, DUTY, PEOPLE, SOC, TRIAGE, Site

KINDS = ("SOC", "POL", "ANK", "HEA", "YOU", "WEL", "PRI")
LSL26 = ("lsl26_start", "lsl26_complete")
HERE = (State.SENT, State.ACCEPTED)
ALIKE = {"hea", "you", "wel", "pri"}
"""Workers of yet other agencies; the police's stands for them in the walk."""
WALKERS = sorted(PEOPLE.keys() - ALIKE)


def expected(move: Move, state: State, kind: str, role: Role) -> bool:
    """Of a report that tells of no offence, with every clock running and what was sent on not
    taken up yet.
    """
    if role not in AGENCY_ROLES:
        return False
    social, accepted = kind == "SOC", state is State.ACCEPTED
    return {
        Move.RECORD_URGENCY: social and state in HERE,
        Move.ACCEPT: state is State.SENT,
        Move.RETURN: not social and state in HERE,
        Move.HAND_OVER: state in HERE,
        Move.ASSESSMENT_STARTED: social and accepted,
        Move.ASSESSMENT_NOT_NEEDED: social and accepted,
        Move.ALREADY_CLIENT: social and accepted,
        Move.ASSESSMENT_COMPLETE: social and accepted,
        Move.RESPOND: accepted,
        Move.HAND_IN: accepted,
        Move.CLOSE: accepted,
        Move.REOPEN: state is State.CLOSED and role is Role.HEAD,
        Move.WITHDRAW: state in (State.RETURNED, State.HANDED_OVER),
        Move.TAKE_OVER: False,  # the standby desk's, never the agency's own
    }[move]


@pytest.mark.parametrize(("move", "state"), list(product(Move, State)))
def test_the_table_is_the_one_that_was_agreed(move: Move, state: State) -> None:
    for kind, role in product(KINDS, Role):
        offered = moves_open(
            state,
            kind,
            roles={role},
            reported_offence=False,
            open_clocks=LSL26,
            done=(),
            successor=State.SENT,
        )
        assert (move in offered) == expected(move, state, kind, role), (kind, role)


def test_every_move_has_its_row() -> None:
    assert set(MOVES) == set(Move)
    assert [move for move in Move if MOVES[move].standby] == [Move.TAKE_OVER]


def test_police_cannot_return_a_reported_offence() -> None:
    for offence in (True, False):
        offered = moves_open(State.SENT, "POL", reported_offence=offence, open_clocks=(), done=())
        assert (Move.RETURN in offered) != offence


@pytest.mark.parametrize("successor", [None, *State])
def test_only_what_its_receiver_has_not_taken_up_can_be_withdrawn(successor: State | None) -> None:
    for state, done in product((State.RETURNED, State.HANDED_OVER), ((), (Move.TAKE_OVER,))):
        offered = moves_open(
            state,
            "ANK",
            reported_offence=False,
            open_clocks=(),
            done=done,
            successor=successor,
        )
        assert (Move.WITHDRAW in offered) == (successor is State.SENT and not done)


# ---- Over HTTP, on referrals that came into each state by real moves ----


def referrals(site: Site, agency: str) -> dict[State, UUID]:
    with site.parts.database.read() as connection:
        rows = connection.execute(
            select(ReferralRow.id, ReferralRow.state).where(ReferralRow.agency_id == agency)
        )
        return {State(row.state): row.id for row in rows}


def at_social_services(site: Site) -> dict[State, UUID]:
    """One in each state that social services can have."""
    soc, head = site.visit("soc"), site.visit("soc-head")
    respond = site.parts.respond

    def sent() -> UUID:
        site.send()
        site.hands.move(minutes=1)
        return referrals(site, SOC)[State.SENT]

    closed = sent()
    respond(soc, closed, Entry(Move.ACCEPT), site.hands())
    respond(soc, closed, Entry(Move.CLOSE, reason="Valmis."), site.hands.move(minutes=1))
    accepted = sent()
    respond(soc, accepted, Entry(Move.ACCEPT), site.hands())
    handed = sent()
    hand_over(site, head, handed, TRIAGE, "competent")
    site.hands.move(minutes=1)
    withdrawn = sent()
    triage = hand_over(site, head, withdrawn, TRIAGE, "competent")
    site.hands.move(minutes=1)
    back = hand_over(site, soc, triage, SOC, "competent")
    site.parts.withdraw(
        soc, triage, Entry(Move.WITHDRAW, reason="Väärä."), site.hands.move(minutes=1)
    )
    left = sent()
    return {
        State.SENT: left,
        State.ACCEPTED: accepted,
        State.HANDED_OVER: handed,
        State.CLOSED: closed,
        State.WITHDRAWN: back,
    }


def at_the_team(site: Site) -> dict[State, UUID]:
    """One in each state that an Ankkuri team can have beside those."""
    site.send(gang())
    returned = referrals(site, ANK)[State.SENT]
    entry = Entry(Move.RETURN, reason="Ei kuulu tiimille.")
    site.parts.respond(site.visit("ank"), returned, entry, site.hands.move(minutes=1))
    site.send(gang())
    found = referrals(site, ANK)
    return {State.RETURNED: returned, State.SENT: found[State.SENT]}


def walked(site: Site) -> Iterator[tuple[str, str, State, UUID]]:
    for state, referral in at_social_services(site).items():
        yield SOC, "SOC", state, referral
    for state, referral in at_the_team(site).items():
        yield ANK, "ANK", state, referral


def test_every_move_of_every_person_in_every_state_is_open_or_refused_as_agreed(
    site: Site,
) -> None:
    cases = list(walked(site))
    assert {state for _, _, state, _ in cases} == set(State) - {State.CANARY}  # nobody's to move
    clients = {name: site.signed_in(name) for name in WALKERS}
    assert {m.role for name in WALKERS for m in PEOPLE[name][1]} == set(Role)
    for (agency, kind, state, referral), (name, client) in product(cases, clients.items()):
        roles = {m.role for m in PEOPLE[name][1] if m.agency == agency}
        anywhere = any(m.agency for m in PEOPLE[name][1])
        for move in Move:
            answer = client.get(f"/referrals/{referral}/{move.value}").status_code
            case = (move, state, kind, name, answer)
            if not anywhere:
                assert answer == 403, case
            elif move is Move.TAKE_OVER:
                desk = {"SOC": DUTY, "ANK": TRIAGE}[kind]
                stands_by = any(m.agency == desk for m in PEOPLE[name][1])
                assert answer == (409 if stands_by and state is not State.WITHDRAWN else 404), case
            elif not roles:
                assert answer == 404, case
            else:
                is_open = any(expected(move, state, kind, role) for role in roles)
                assert answer == (200 if is_open else 409), case


def test_taking_over_opens_to_the_standby_desk_alone_once_the_step_allows_it(site: Site) -> None:
    site.send()
    referral = referrals(site, SOC)[State.SENT]
    silence(site, hours=4)
    for name in PEOPLE:
        answer = site.signed_in(name).get(f"/referrals/{referral}/take_over").status_code
        anywhere = any(m.agency for m in PEOPLE[name][1])
        assert answer == (200 if name == "duty" else 404 if anywhere else 403), name


def test_a_move_that_is_not_open_is_refused_by_the_service_too(site: Site) -> None:
    """The routes above only ask; these record."""
    visits = {name: site.visit(name) for name in PEOPLE}
    for agency, kind, state, referral in walked(site):
        names = [n for n in PEOPLE if any(m.agency == agency for m in PEOPLE[n][1])]
        for name, move in product(names, Move):
            roles = {m.role for m in PEOPLE[name][1] if m.agency == agency}
            if any(expected(move, state, kind, role) for role in roles):
                continue
            entry = Entry(move, reason="x", happened_on=date(2026, 6, 2), choice="urgent")
            before = snapshot(site, referral)
            for service in (site.parts.respond, site.parts.withdraw):
                with pytest.raises(Exception, match=r"^$") as refused:
                    service(visits[name], referral, entry, site.hands())
                assert type(refused.value).__name__ == "MoveNotOpen", (move, state, name)
            assert snapshot(site, referral) == before


def snapshot(site: Site, referral: UUID) -> tuple[object, ...]:
    with site.parts.database.read() as connection:
        row = connection.execute(select(ReferralRow).where(ReferralRow.id == referral)).one()
    return tuple(row)
