"""The shapes of all that is sealed. Anyone may seal to a public key: what opens need not be ours.

A field is asked for where something cannot do without it; reports of former years lack others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.domain.directory import Desk, Kind
from intake.domain.directory_file import LANGUAGES
from intake.domain.facts import birth_date_of_code
from intake.domain.keyed import Channel
from intake.domain.masked import Need
from intake.domain.note import Means
from intake.domain.people import Role
from intake.domain.recusal import Ground
from intake.domain.report import MAX_CHILDREN, ReportType
from intake.domain.shape import (
    Shape,
    by,
    day,
    each,
    either,
    fields,
    flag,
    instant,
    maybe,
    one_of,
    text,
    time_of_day,
    whole,
)


def _identity_code(value: Any) -> bool:
    try:
        return text(value) and birth_date_of_code(value).year > 0
    except (IndexError, ValueError):
        return not value


def _starts_with(*starts: Shape) -> Shape:
    return lambda value: (
        isinstance(value, list)
        and len(value) >= len(starts)
        and all(shape(one) for shape, one in zip(starts, value, strict=False))
    )


def _texts(*names: str) -> Mapping[str, Shape]:
    return dict.fromkeys(names, text)


_KIND = one_of(Kind)
_NUMBER = one_of(map(str, range(1, MAX_CHILDREN + 1)))
_WORDS = fields(_texts("fi"), _texts("sv", "en"))
_FACT = either(text, whole, flag, each(either(text, whole)))
_FACTS = by(text, _FACT)
_RECIPIENT = _starts_with(_KIND, one_of(Desk))
_BASIS = fields({"text": _WORDS, "law": maybe(text), "confirmed": flag})

SECTIONS: Mapping[str, Shape] = {
    "identity": fields(
        {
            **_texts("name"),
            "hetu": _identity_code,
            "birth_date": maybe(day),
            "age": maybe(whole),
            "unborn": flag,
            "due_date": maybe(day),
        },
        {**_texts("language", "interpreter"), "birth_year": maybe(whole), "protected": flag},
    ),
    "place": fields(
        _texts("municipality", "school", "school_name", "whereabouts_municipality", "turvakielto"),
        _texts("school_class", "whereabouts", "reporter_organisation"),
    ),
    "guardians": each(
        fields(_texts("suspected_perpetrator"), _texts("name", "contact", "lives_with_child"))
    ),
    "concern": fields(
        {
            **_texts("primary", "crime_against_child", "threat_to_life"),
            "categories": each(text),
            "consent_to": each(_KIND),
        },
        _texts(
            *("child_role", "urgency", "weapon", "may_need_protection", "made_together", "seen"),
            *("when", "own_view", "done_already", "child_informed", "guardian_informed"),
            *("informed_reason", "child_consent", "guardian_consent"),
        ),
    ),
    "health": fields({}, _texts("health")),
    "reporter": fields(
        {**_texts("kind", "sector"), "anonymous": flag, "verified": flag},
        _texts("name", "post", "organisation", "phone", "already_called"),
    ),
}
"""A report's sections, by kind."""

_OF_A_CHILD = ("identity", "place")
_SLOT = one_of(
    [section for section in SECTIONS if section not in _OF_A_CHILD]
    + [f"{section}_{n}" for section in _OF_A_CHILD for n in range(1, MAX_CHILDREN + 1)]
)
_CAME = fields(_texts("by"), {"reason": text, "consent": maybe(text)})

REASONS = fields(
    {
        "report_type": one_of(ReportType),
        "type_reason": text,
        "reasons": each(fields({"rule": text, "title": _WORDS, "because": _WORDS})),
        "bases": each(_BASIS),
        "notices": each(text),
        "alert": flag,
        "uncertain": each(text),
        "withheld": each(fields({"kind": _KIND, "because": _WORDS})),
    },
    {
        "children": by(text, each(whole)),
        "known": fields(
            {
                "at": instant,
                "rules": text,
                "facts": _FACTS,
                "children": by(_NUMBER, fields({"facts": _FACTS}, {"areas": each(text)})),
            }
        ),
        "keyed_in": fields(
            {
                **_texts("name", "late_reason"),
                "role": one_of(Role),
                "agency": _WORDS,
                "channel": one_of(Channel),
                "arrived_at": instant,
                "keyed_at": instant,
            }
        ),
        "returned": _CAME,
        "handed_over": _CAME,
        "taken_over": _CAME,
    },
)
"""Why a referral came to its agency, and from whom."""
DISCLOSED = fields(
    {"reason": text, "basis": _BASIS, "sections": each(_SLOT), "consent": maybe(text)}
)
"""A hand-over, as its sender keeps it."""
WRITTEN = either(
    fields({"kind": one_of(["note"]), "text": text}),
    fields(
        {
            **_texts("with_whom", "text"),
            "kind": one_of(["contact"]),
            "on": day,
            "at": maybe(time_of_day),
            "means": one_of(Means),
            "reached": flag,
        }
    ),
)
"""A note, or a contact that was made or tried."""
ASKED = fields({"reason": text, "sections": each(_SLOT)}, {"way": text, "consent": maybe(text)})
"""A request for further sections."""
GRANTED = fields(
    {"sections": each(_SLOT), "basis": _BASIS},
    {"reason": text, "way": text, "consent": maybe(text)},
)
"""What of it was granted."""
ANSWERED = fields({}, {"reason": text})
"""Any other answer: of a refusal or a withdrawal the reason."""
RECUSED = fields({"ground": one_of(Ground), "words": text})
"""Why somebody is shut out of a report."""
DETAIL = fields({}, {**_texts("reason", "words"), "need": one_of(Need), "ground": one_of(Ground)})
"""What was said with a line of the trail."""
NOTICE = fields({"address": text, "language": one_of(LANGUAGES)})
"""Where a reporter is told that there is news."""
DECIDED = fields(
    {
        "facts": each(_FACTS),
        "outcomes": each(fields({"lead": maybe(text), "recipients": each(_RECIPIENT)})),
    },
    {
        "areas": each(each(text)),
        "places": each(
            maybe(
                fields(
                    {"residence": maybe(text)},
                    {"school": maybe(text), "whereabouts": maybe(text), "urgent": flag},
                )
            )
        ),
    },
)
"""A decision, to be made again."""
TYPED = by(text, lambda _: True)
"""What a reporter has typed so far: the forms look at each answer."""
