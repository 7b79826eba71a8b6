"""The line of a reading: which parts opened, and on which basis the agency has them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, update

from intake.domain.contents import SECTIONS
from intake.domain.masked import Need
from intake.domain.referral import Move
from intake.domain.report import kinds_of
from intake.domain.trail import HANDLING, LONGEST_BASIS, Action, joined
from intake.services.answer_request import Given
from intake.services.ask_sections import Wanted
from intake.services.note_print import NotePrint
from intake.services.record import Entry
from intake.services.show_protected import ShowProtected
from intake.store.columns import AnyRow
from intake.store.tables import TrailRow
from intake.store.trail import write_line
from tests import databases
from tests.services.asking import WHY, asked, granted, sent, services
from tests.services.sending import at, gang, hand_over, lines, row_of, silence
from tests.site import ANK, DUTY, HEA, POL, SOC, YOU, Site, worry_answers

FEW = ["concern", "identity_1"]


def last(site: Site, action: Action) -> AnyRow:
    return lines(site, action)[-1]


def parts_of(line: AnyRow) -> set[str]:
    return set(line.purpose.split(", "))


def opened(site: Site, name: str, referral: UUID) -> tuple[set[str], str | None]:
    """The parts that the line of an opening names, which are those that opened, and its basis."""
    found = site.parts.read(site.visit(name), referral, site.hands.move(minutes=1))
    line = max(lines(site, Action.OPEN), key=lambda line: line.at)
    assert line.referral_id == referral
    said, _, parts = (line.purpose or "").partition(": ")
    assert said == HANDLING
    kinds = set(parts.split(", "))
    assert kinds == set(kinds_of(found.sections).split(", "))
    return kinds, line.basis


def test_each_recipient_reads_its_own_parts_on_its_own_basis(site: Site) -> None:
    gang_and_need = worry_answers(
        worry={"categories": ["gang"], "primary": "gang", "child_role": "suspected"},
        consent=worry_answers()["consent"] | {"child_consent": "given", "consent_to": ["ANK"]},
    )
    site.send(gang_and_need)
    every = {"concern", "guardians", "health", "identity", "place", "reporter"}
    assert opened(site, "soc", at(site, SOC).id) == (every, "417/2007 §25.1")
    assert opened(site, "ank", at(site, ANK).id) == (every - {"health"}, "consent")


def test_who_it_was_handed_to_reads_what_was_chosen_on_the_basis_that_was_chosen(
    site: Site,
) -> None:
    site.send(gang())
    first = at(site, ANK).id
    new = hand_over(site, site.visit("ank"), first, HEA, "consent", FEW, "Nuori.")
    (line,) = lines(site, Action.DISCLOSE)
    assert opened(site, "hea", new) == ({"concern", "identity"}, line.basis)
    assert line.basis


def test_who_looks_for_somebody_to_hand_it_to_opens_who_the_child_is_and_where_alone(
    site: Site,
) -> None:
    site.send(gang())
    site.parts.hand_over.choices(site.visit("ank"), at(site, ANK).id, site.hands())
    line = last(site, Action.OPEN)
    assert (line.purpose, line.basis) == (f"{HANDLING}: identity, place", "consent")


def test_the_desk_that_stood_by_reads_it_on_the_basis_of_taking_over(site: Site) -> None:
    site.send()
    silence(site, hours=4)
    here = at(site, SOC).id
    taken = site.parts.take_over(site.visit("duty"), here, "Ei vastata.", site.hands())
    assert at(site, DUTY).id == taken
    (sent_line,) = lines(site, Action.SEND)
    assert opened(site, "duty", taken) == (parts_of(sent_line), "1301/2014 §29")


def test_what_was_returned_is_read_on_the_basis_of_the_transfer(site: Site) -> None:
    site.send(gang())
    why = Entry(Move.RETURN, reason="Ei meidän.")
    site.parts.respond(site.visit("ank"), at(site, ANK).id, why, site.hands.move(minutes=1))
    (line,) = lines(site, Action.DISCLOSE)
    assert line.basis == "434/2003 §21"
    assert opened(site, "soc", line.referral_id) == (parts_of(line), line.basis)


def test_of_further_parts_those_stand_in_it_whose_grant_was_not_withdrawn(site: Site) -> None:
    lead, asker = sent(site)
    first = {"concern", "identity", "reporter"}
    assert opened(site, "you", asker) == (first, "consent")
    asked(site, lead, asker)
    assert opened(site, "you", asker)[0] == first
    _, answer = services(site)
    ank = site.visit("ank")
    (waiting,) = answer.ask.requests(ank, row_of(site, lead))
    answer.refuse(ank, lead, waiting.row.id, "Ei tarpeen.", site.hands.move(minutes=1))
    guardians = granted(site, lead, asker)
    granted(site, lead, asker, "place_1")
    assert opened(site, "you", asker)[0] == {*first, "guardians", "place"}
    answer.withdraw(ank, lead, guardians, "Erehdys.", site.hands.move(minutes=1))
    assert opened(site, "you", asker) == ({*first, "place"}, "consent")


def test_what_was_granted_is_read_on_the_basis_of_the_grant_beside_that_of_the_report(
    site: Site,
) -> None:
    threat = {"urgency": "normal", "threat_to_life": "to_others", "weapon": "no"}
    site.send(worry_answers(urgency=threat))
    asker = at(site, POL).id
    parts, basis = opened(site, "pol", asker)
    assert "health" not in parts
    soc, lead = site.visit("soc"), at(site, SOC).id
    ask, answer = services(site)
    wanted = Wanted(lead, "crime-against-child", ("health",), WHY, "")
    request = ask(site.visit("pol"), asker, wanted, site.hands.move(minutes=1))
    given = Given("crime-against-child", ("health",))
    answer.grant(soc, lead, request, given, site.hands.move(minutes=1))
    told = opened(site, "pol", asker)
    assert told == ({*parts, "health"}, f"{basis}; 417/2007 §25.3")
    why = "Erehdys."
    answer.withdraw(soc, lead, request, why, site.hands.move(minutes=1))
    assert opened(site, "pol", asker) == (parts, basis)


def test_of_what_was_withdrawn_no_part_is_named_and_the_basis_is(site: Site) -> None:
    site.send(gang())
    first = at(site, ANK).id
    new = hand_over(site, site.visit("ank"), first, YOU, "consent", FEW, "Nuori.")
    mistake = Entry(Move.WITHDRAW, reason="Väärä.")
    site.parts.withdraw(site.visit("ank"), first, mistake, site.hands.move(minutes=1))
    site.parts.read(site.visit("you"), new, site.hands.move(minutes=1))
    line = last(site, Action.OPEN)
    assert (line.purpose, line.basis) == ("history of a withdrawn referral", "consent")
    NotePrint(site.parts.database, site.parts.read)(site.visit("you"), new, site.hands())
    line = last(site, Action.PRINT)
    assert (line.purpose, line.basis) == (HANDLING, "consent")


def test_printing_and_showing_a_protected_place_name_parts_and_basis_too(site: Site) -> None:
    site.send(gang())
    referral, ank, now = at(site, ANK).id, site.visit("ank"), site.hands()
    NotePrint(site.parts.database, site.parts.read)(ank, referral, now)
    parts, _ = opened(site, "ank", referral)
    named = ", ".join(sorted(parts))
    line = last(site, Action.PRINT)
    assert (line.purpose, line.basis) == (f"{HANDLING}: {named}", "consent")
    show = ShowProtected(site.parts.database, site.parts.read, site.parts.respond)
    show(ank, referral, Need.SAFETY, "", now)
    line = last(site, Action.SHOW_PROTECTED)
    assert (line.purpose, line.basis) == (named, "consent")
    assert line.sealed_detail


def test_a_report_whose_lines_name_nothing_is_read_without_a_basis(site: Site) -> None:
    site.send(gang())
    with site.parts.database.write() as connection:
        connection.execute(update(TrailRow).values(purpose=None, basis=None))
    site.parts.read(site.visit("ank"), at(site, ANK).id, site.hands())
    line = last(site, Action.OPEN)
    assert (line.purpose, line.basis) == (HANDLING, None)


def test_no_line_that_another_door_invents_keeps_a_report_shut(site: Site) -> None:
    """Each door's role adds lines to the trail, and these have room for no invented part."""
    site.send(gang())
    referral = at(site, ANK).id
    reporters = databases.of_role(site.parts.database, "reporter")
    with reporters.write() as connection:
        forged = {"referral_id": referral, "purpose": "concern, " + "x" * 70, "basis": "y" * 160}
        write_line(connection, at=site.hands(), action=Action.SEND, **forged)
    parts, _ = opened(site, "ank", referral)
    assert "concern" in parts


def test_a_line_has_room_for_every_part() -> None:
    room = TrailRow.__table__.c.purpose.type
    assert isinstance(room, String)
    assert len(f"{HANDLING}: {', '.join(SECTIONS)}") <= (room.length or 0)


def test_bases_joined_again_are_cut_once_and_at_the_end() -> None:
    many = [f"{number}/2007 §25.1" for number in range(100, 120)]
    cut = joined(many)
    assert len(cut) <= LONGEST_BASIS
    assert cut.endswith("; …")
    again = joined([cut, "621/1999 §11"])
    assert (again.count("…"), again.endswith("; …"), len(again) <= LONGEST_BASIS) == (1, True, True)
    assert joined(["a", "a; b", "b"]) == "a; b"
    assert joined(["a; …", "b"]) == "a; b; …"
    assert joined([]) == ""
