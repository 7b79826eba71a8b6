"""While no key of an agency counts: what its members record, and the page of what they cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from intake.domain.recusal import Ground
from intake.domain.referral import MOVES, Move
from intake.domain.trail import Action
from intake.services.hold import Hold
from intake.services.record import Entry
from intake.store import rotation
from intake.store.need_to_know_tables import RecusalRow, SectionRequestRow
from intake.store.retention_tables import HoldRow
from intake.store.tables import MoveRow, NoteRow, ReferralRow, TrailRow
from intake.web.forms.moves import FORMS
from tests.look.page_faults import page_faults
from tests.services import asking, keyless
from tests.services.sending import at, gang, hand_over, silence
from tests.site import ANK, DUTY, SOC, YOU, Site, token_in
from tests.web.test_protected import worry as protected

WORDS = "Kirjoitin tätä pitkään."
PARTS = {"sections": ["guardians"], "way": "consent", "consent": WORDS}
RIGHT = {"asked": Action.ACCESS, "outcome": "right refused", "basis": "1050/2018 §34"}
DAY = ["2", "6", "2026"]


@dataclass(frozen=True)
class Post:
    """By whom, of which agency, to which page of a referral, and what; ``answer`` to it."""

    name: str
    agency: str
    referral: UUID
    page: str
    typed: Mapping[str, Any] = field(default_factory=lambda: {"reason": WORDS})
    answer: int = 303


def soc(site: Site, *made: Entry) -> UUID:
    """Social services' report, with these moves on it."""
    site.send(protected())
    found: UUID = at(site, SOC).id
    for entry in made:
        site.parts.respond(site.visit("soc"), found, entry, site.hands.move(minutes=1))
    return found


def ank(site: Site) -> UUID:
    site.send(gang())
    found: UUID = at(site, ANK).id
    return found


def accepted(page: str, **typed: Any) -> Callable[[Site], Post]:
    return lambda site: Post(
        "soc", SOC, soc(site, Entry(Move.ACCEPT)), page, {"reason": WORDS, **typed}
    )


def reopened(site: Site) -> Post:
    referral = soc(site, Entry(Move.ACCEPT), Entry(Move.CLOSE, reason="Valmis."))
    return Post("soc-head", SOC, referral, "reopen")


def handed_over(site: Site) -> Post:
    typed = PARTS | {"sections": ["concern"], "reason": WORDS, "step": "hand_over"}
    return Post("ank", ANK, ank(site), f"hand_over/{YOU}", typed)


def withdrawn(site: Site) -> Post:
    first = ank(site)
    hand_over(site, site.visit("ank"), first, YOU, "consent", consent="Nuori.")
    return Post("ank", ANK, first, "withdraw")


def taken_over(site: Site) -> Post:
    site.send()
    silence(site, hours=4)
    return Post("duty", DUTY, at(site, SOC).id, "take_over")


def recused(site: Site) -> Post:
    return Post("soc", SOC, soc(site), "recusal", {"ground": Ground.PARTY, "words": WORDS})


def colleague_recused(site: Site) -> Post:
    deputy = str(site.people["soc-deputy"])
    typed = {"person": deputy, "ground": Ground.PARTY, "words": WORDS}
    return Post("soc", SOC, soc(site), "recusal/colleague", typed)


def let_in_again(site: Site) -> Post:
    referral, deputy = soc(site), site.people["soc-deputy"]
    site.parts.recuse(site.visit("soc"), referral, deputy, Ground.PARTY, "", site.hands())
    with site.parts.database.read() as connection:
        recusal = connection.scalars(select(RecusalRow.id)).one()
    return Post("soc-head", SOC, referral, f"recusal/{recusal}")


def released(site: Site) -> Post:
    referral = soc(site)
    parts = site.parts
    hold = Hold(parts.database, parts.read, parts.respond, parts.retain)
    hold.put(site.visit("soc-head"), referral, "Vireillä.", None, site.hands())
    with site.parts.database.read() as connection:
        put = connection.scalars(select(HoldRow.id)).one()
    return Post("soc-head", SOC, referral, f"holds/{put}")


def parts_asked(site: Site) -> Post:
    lead, asker = asking.sent(site)
    return Post("you", YOU, asker, "parts", PARTS | {"reason": WORDS, "lead": str(lead)})


def parts_given(site: Site) -> Post:
    lead, asker = asking.sent(site)
    request = asking.asked(site, lead, asker)
    return Post("ank", ANK, lead, f"parts/{request}", PARTS | {"step": "grant"})


CONTACT = {"on": DAY, "means": "phone", "reached": "yes", "with_whom": "Äiti"}
POSTS: Mapping[str, Callable[[Site], Post]] = {
    "return": lambda site: Post("ank", ANK, ank(site), "return"),
    "assessment_not_needed": accepted("assessment_not_needed", happened_on=DAY),
    "already_client": accepted("already_client", happened_on=DAY),
    "respond": accepted("respond", choice="contacted"),
    "close": accepted("close"),
    "reopen": reopened,
    "withdraw": withdrawn,
    "what_and_why": handed_over,
    "take_over": taken_over,
    "show_protected": lambda site: Post(
        "soc", SOC, soc(site), "protected", {"need": "safety", "words": WORDS}, 200
    ),
    "recusal": recused,
    "recuse_colleague": colleague_recused,
    "lift_recusal": let_in_again,
    "holds": lambda site: Post("soc-head", SOC, soc(site), "holds"),
    "release": released,
    "ask_sections": parts_asked,
    "section_request": parts_given,
    "note": lambda site: Post(
        "soc", SOC, soc(site), "note", {"note_id": str(uuid4()), "text": WORDS}
    ),
    "contact": accepted("contact", note_id=str(uuid4()), text=WORDS, **CONTACT),
    "right": lambda site: Post("soc", SOC, soc(site), "right", RIGHT | {"reason": WORDS}),
}
"""By its move, or by its route where that is of one post alone: all that seals to an agency."""
WORDLESS: Mapping[str, Callable[[Site], Post]] = {
    "accept": lambda site: Post("soc", SOC, soc(site), "accept", {}),
    "record_urgency": lambda site: Post(
        "soc", SOC, soc(site), "record_urgency", {"choice": "urgent"}
    ),
    "assessment_started": accepted("assessment_started", happened_on=DAY),
    "assessment_complete": accepted("assessment_complete", happened_on=DAY),
    "hand_in": accepted("hand_in"),
}
"""Moves that ask for no words."""


def send(site: Site, post: Post, language: str = "en") -> Any:
    client = site.signed_in(post.name)
    client.set_cookie("ankkuri_language", language)
    token = token_in(client.get("/inbox").text)
    path = f"/referrals/{post.referral}/{post.page}"
    return client.post(path, data={"csrf_token": token, **post.typed})


def stored(site: Site) -> list[Any]:
    """What there is of each thing that is recorded, and of the lines that tell of it."""
    tables = MoveRow, NoteRow, HoldRow, RecusalRow, SectionRequestRow, ReferralRow
    done = select(func.count()).where(
        TrailRow.action.not_in((Action.OPEN, Action.LOOK, Action.FIRST_STEP))
    )
    with site.parts.database.read() as connection:
        found = [connection.execute(select(t.__table__).order_by(t.id)).all() for t in tables]
        return [*found, connection.scalar(done.select_from(TrailRow))]


def test_every_post_of_the_agencys_door_is_among_these(site: Site) -> None:
    named = {
        rule.endpoint.removeprefix("agency.")
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.startswith("agency.")
        and ".key_in." not in rule.endpoint
        and "POST" in (rule.methods or ())
    }
    assert (named - {"move", "printed"}) | {move.value for move in FORMS} == {*POSTS, *WORDLESS}
    assert not any(MOVES[Move(name)].asks_reason for name in WORDLESS)


@pytest.mark.on_both
@pytest.mark.parametrize("what", [*POSTS, *WORDLESS])
def test_while_a_new_key_waits_all_is_recorded_under_the_key_of_the_reports_own_wrap(
    site: Site, what: str
) -> None:
    post = {**POSTS, **WORDLESS}[what](site)
    keyless.new_key_waits(site, post.name, post.agency)
    assert send(site, post).status_code == post.answer
    waiting = keyless.in_use(site, post.agency)
    with site.parts.database.read() as connection:
        assert rotation.count_sealed(connection, post.agency)[waiting] == 0
        assert waiting not in set(connection.scalars(select(TrailRow.detail_key_id)))


@pytest.mark.on_both
@pytest.mark.parametrize("trouble", [keyless.unsign, keyless.alter])
@pytest.mark.parametrize("what", POSTS)
def test_where_no_key_counts_nothing_is_recorded_and_what_was_typed_stays_on_a_calm_page(
    site: Site,
    what: str,
    trouble: Callable[[Site, str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    post = POSTS[what](site)
    trouble(site, keyless.in_use(site, post.agency))
    before = stored(site)
    answer = send(site, post)
    assert answer.status_code == 409
    assert page_faults(answer.text) == []
    assert "Not recorded: the agency’s key cannot be used now" in answer.text
    assert "Call the administrator at once." in answer.text
    assert answer.text.count(WORDS) >= 2  # to be read, and to be sent again
    assert f'action="/referrals/{post.referral}/{post.page}"' in answer.text
    assert stored(site) == before
    endpoint = "move" if what in FORMS else what
    assert f"no key of an agency counts at agency.{endpoint}" in caplog.text


@pytest.mark.parametrize("what", WORDLESS)
def test_what_asks_for_no_words_is_recorded_though_no_key_counts(site: Site, what: str) -> None:
    post = WORDLESS[what](site)
    keyless.unsign(site, keyless.in_use(site, post.agency))
    assert send(site, post).status_code == 303


@pytest.mark.parametrize(
    ("language", "told"),
    [("fi", "Soita heti pääkäyttäjälle."), ("sv", "Ring genast administratören.")],
)
def test_the_page_speaks_the_readers_language(site: Site, language: str, told: str) -> None:
    post = POSTS["note"](site)
    keyless.unsign(site, keyless.in_use(site, SOC))
    answer = send(site, post, language)
    assert page_faults(answer.text) == []
    assert told in answer.text


def test_what_stayed_on_the_page_is_recorded_once_the_key_counts_again(site: Site) -> None:
    post = POSTS["note"](site)
    keyless.new_key_waits(site, "soc", SOC)
    keyless.unsign(site, keyless.wraps_key(site, post.referral))
    assert send(site, post).status_code == 409
    keyless.sign(site)
    assert send(site, post).status_code == 303


def test_a_silent_agency_without_a_key_is_told_who_took_the_report_over(site: Site) -> None:
    post = POSTS["take_over"](site)
    keyless.unsign(site, keyless.in_use(site, SOC))
    assert send(site, post).status_code == 303
    client = site.signed_in("soc")
    client.set_cookie("ankkuri_language", "en")
    page = client.get(f"/referrals/{post.referral}").text
    assert page_faults(page) == []
    assert "took the report over. Ask them for the reason." in page
    assert WORDS not in page
