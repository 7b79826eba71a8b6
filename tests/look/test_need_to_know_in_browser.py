"""The pages of masking, disqualification, requests and holds in a narrow browser."""

from __future__ import annotations

from typing import Any

import pytest

from intake.domain.recusal import Ground
from intake.domain.trail import Action
from tests.look.test_desk_in_browser import look_at_each, page
from tests.look.test_signing_in_browser import served
from tests.services.asking import asked, granted, sent
from tests.services.recorded import recorded
from tests.services.sending import at, lines
from tests.services.test_hold import put
from tests.services.test_recuse import recuse
from tests.site import SOC, Site, child_answers, worry_answers

__all__ = ["page"]
pytestmark = pytest.mark.browser
PAGES = (
    ("soc", "/referrals/{masked}"),
    ("soc", "/referrals/{masked}/protected"),
    ("soc-head", "/referrals/{masked}/recusal"),
    ("soc-head", "/going"),
    ("soc-head", "/referrals/{held}/holds"),
    ("soc-head", "/referrals/{held}"),
    ("ank", "/inbox"),
    ("ank", "/referrals/{lead}"),
    ("ank", "/referrals/{lead}/parts/{waiting}"),
    ("ank", "/referrals/{lead}/parts/{given}"),
    ("you", "/referrals/{asker}"),
    ("soc", "/referrals/{deleted}"),
)


@pytest.fixture
def told(site: Site) -> dict[str, str]:
    """Something of each; what the addresses name."""
    _, deleted = recorded(site)
    site.parts.retain(site.hands.move(days=90))
    site.hands.move(minutes=1)
    _, held = recorded(site)
    put(site, held)
    site.hands.move(days=70)
    lead, asker = sent(site)
    given = granted(site, lead, asker)
    waiting = asked(site, lead, asker, "place_1")
    site.hands.move(minutes=1)
    site.send(worry_answers() | {"children": [child_answers(turvakielto="yes")]})
    masked = at(site, SOC).id
    recuse(site, "soc", masked, "soc-deputy", ground=Ground.OTHER, words="Naapurin lapsi." * 8)
    named = {"deleted": deleted, "held": held, "lead": lead, "asker": asker, "masked": masked}
    named |= {"given": given, "waiting": waiting}
    return {name: str(value) for name, value in named.items()}


def test_every_page_fits_a_narrow_window_and_can_be_read(
    site: Site, told: dict[str, str], page: Any
) -> None:
    look_at_each(page, site, [(name, path.format(**told)) for name, path in PAGES])


def test_printing_a_report_leaves_its_line_by_itself(site: Site, browser: Any) -> None:
    site.send()
    referral = at(site, SOC).id
    with served(site) as (address, here):
        context = browser.new_context()
        cookie = {"name": "ankkuri_staff", "value": here.session("soc").cookie, "url": address}
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(f"{address}/referrals/{referral}")
        with page.expect_event("requestfinished", lambda sent: sent.url.endswith("/printed")):
            page.pdf()
        context.close()
    (line,) = lines(site, Action.PRINT)
    assert (line.person_id, line.referral_id) == (site.people["soc"], referral)
