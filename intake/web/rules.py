"""The rule editor's door: the rules in force, on paper too, and what they would give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for

from intake.domain.calendar import Calendar
from intake.domain.directory import Directory
from intake.domain.people import Permission
from intake.language import Language
from intake.services.rule_drafts import DraftGone, Drafts, SetNotYours
from intake.services.rulebook import Rulebook
from intake.services.sign_in import Visit
from intake.web.compact_words import CompactWords
from intake.web.guards import Entrance, Refusal
from intake.web.page import Clock as Now
from intake.web.page import reader_language, render
from intake.web.rule_desk.desk import editor, title_of
from intake.web.rule_places import address_kept, place_asked, places
from intake.web.rule_words import RuleWords
from intake.web.try_rules import TryPage
from routing_rules.book import VOCABULARY, Book, chain_of


@dataclass(frozen=True)
class _Rules:
    book: Book
    rulebook: Rulebook
    directory: Directory
    now: Now

    def table(self, _visit: Visit) -> Response:
        """The rules in force in one municipality: every rule by its tier, and the clocks."""
        words, shown = self._shown()
        clocks = map(words.clock, shown["ruleset"].beside["clock"].values())
        tiers = words.tiers(shown["ruleset"])
        return render("rules/table.html", **shown, tiers=tiers, clocks=list(clocks))

    def compact(self, _visit: Visit) -> Response:
        """The same on a page or two of paper."""
        words, shown = self._shown()
        back = url_for("rules.table", municipality=shown["place"])
        compact = CompactWords(words).tiers(shown["ruleset"])
        return render("rules/compact.html", **shown, **compact, back_href=back)

    def _shown(self) -> tuple[RuleWords, dict[str, Any]]:
        language = reader_language()
        offered = places(self.book, self.directory, language)
        place = place_asked(offered)
        ruleset = self.book.table(place)
        return RuleWords.of(language, ruleset), {
            "ruleset": ruleset,
            "since": self._since(),
            "fingerprints": _fingerprints(language, self.book, ruleset.id),
            "place": place,
            "place_name": dict(offered).get(place, place),
            "places": offered,
            "query": address_kept(),
        }

    def _since(self) -> datetime:
        """When the sets by which reports are decided came into force together."""
        now, book = self.now(), self.book
        digests = {layer: document.digest for layer, document in book.documents.items()}
        digests[VOCABULARY] = book.vocabulary.digest
        for edition in reversed(self.rulebook.editions):
            if edition.since <= now and dict(edition.digests) == digests:
                return edition.since
        return self.rulebook.edition(now).since


def _fingerprints(language: Language, book: Book, layer: str) -> list[tuple[str, str, None]]:
    """Each set of which a table is made, from its own one down to the words, with its digest."""
    chain = [book.vocabulary, *chain_of(book.documents[layer], book.documents)]
    named = [(title_of(language, each.id or VOCABULARY, each), each.digest, None) for each in chain]
    return named[::-1]


def make_blueprint(
    *,
    book: Book,
    rulebook: Rulebook,
    drafts: Drafts,
    directory: Directory,
    calendar: Calendar,
    refuse: Refusal,
    now: Now,
) -> Blueprint:
    """The door's routes."""

    def draft_book(visit: Visit, draft_id: UUID) -> Book | None:
        try:
            return drafts.read(drafts.draft(editor(visit), draft_id)).book
        except (DraftGone, SetNotYours):
            return None

    blueprint = Blueprint("rules", __name__)
    entrance = Entrance(blueprint, refuse)
    rules = _Rules(book, rulebook, directory, now)
    reads = Permission.READ_RULES
    entrance.route("/rules", reads)(rules.table)
    entrance.route("/rules/print", reads)(rules.compact)
    entrance.route("/rules/try", reads)(TryPage(book, draft_book, directory, calendar, now).try_out)
    return blueprint
