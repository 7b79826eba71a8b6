"""The pages of the second person for agencies in a narrow browser."""

from __future__ import annotations

from typing import Any

import pytest

from intake.services.amend import Change
from tests.look.test_desk_in_browser import look_at_each, page
from tests.second_person import NAME, confirm_all, enrol_second, waiting
from tests.services.test_amend import change
from tests.services.test_confirm_directory import NEW, new_agency, propose
from tests.site import Site

__all__ = ["page"]
pytestmark = pytest.mark.browser


def test_every_page_fits_a_narrow_window_and_can_be_read(site: Site, page: Any) -> None:
    enrol_second(site)
    entry = dict(new_agency(site).entry or {}) | {"municipalities": ["vantaa"]}
    propose(site, Change("agency", NEW, entry))
    confirm_all(site)
    propose(site, change(site, "agency", NEW, municipalities=["vantaa", "kerava"]))
    (one,) = waiting(site)
    path = f"/directory/waiting/{one.id}"
    pages = [("admin", "/directory"), ("admin", f"{path}/refuse")]
    look_at_each(page, site, [*pages, (NAME, "/people/entries"), (NAME, path)])
