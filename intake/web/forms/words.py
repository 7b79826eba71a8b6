"""The words of every closed answer, as catalogue keys: forms ask with them, pages show them."""

from __future__ import annotations

from intake.domain.keyed import Channel
from intake.domain.message import mark
from intake.web.forms.fields import Choices

REPORTER_KINDS: Choices = (
    ("professional", mark("I work with children, young people or families")),
    ("private_person", mark("I am a private person, such as a neighbour or a relative")),
    ("guardian", mark("I am the child’s parent or guardian")),
    ("child", mark("I am a child or a young person")),
)
CHANNELS: Choices = (
    (Channel.PHONE, mark("By telephone")),
    (Channel.LETTER, mark("By letter or on paper")),
    (Channel.VISIT, mark("Face to face")),
    (Channel.OTHER, mark("In some other way")),
)
SECTORS: Choices = (
    ("school", mark("School or other education")),
    ("early_education", mark("Early childhood education")),
    ("youth", mark("Youth work")),
    ("health", mark("Health care")),
    ("social", mark("Social services")),
    ("police", mark("Police")),
    ("rescue", mark("Rescue services")),
    ("parish", mark("Parish or religious community")),
    ("hobby", mark("Hobby or sports club")),
    ("other", mark("Some other field")),
)
YES_NO: Choices = (("yes", mark("Yes")), ("no", mark("No")))
YES_NO_UNKNOWN: Choices = (*YES_NO, ("unknown", mark("I don’t know")))
LIVES_WITH: Choices = (
    ("yes", mark("Yes")),
    ("part_time", mark("Part of the time")),
    ("no", mark("No")),
    ("unknown", mark("I don’t know")),
)
CATEGORIES: Choices = (
    ("offence_by_child", mark("An offence by the child")),
    ("substance_use", mark("Alcohol, drugs or other substances")),
    ("domestic_violence", mark("Violence at home or in a close relationship")),
    ("sexual_offence", mark("A sexual offence")),
    ("violence_outside_home", mark("Violence outside the home")),
    ("radicalisation", mark("Violent radicalisation")),
    ("bullying", mark("Bullying")),
    ("running_away", mark("Running away or going missing")),
    ("online_harm", mark("Harm or threats online")),
    ("gang", mark("A gang or other criminal group")),
    ("mental_health", mark("Mental health")),
    ("self_harm", mark("Self-harm or thoughts of suicide")),
    ("school_absence", mark("Absence from school")),
    ("neglect", mark("Lack of care")),
    ("other", mark("Some other worry")),
)
CHILD_ROLES: Choices = (
    ("suspected", mark("The child is suspected of having done something")),
    ("victim", mark("It has happened to the child")),
    ("witness", mark("The child has seen or heard it")),
    ("other", mark("Something else, or I don’t know")),
)
URGENCIES: Choices = (
    ("emergency", mark("Emergency")),
    ("today", mark("Urgent today")),
    ("normal", mark("Not urgent today")),
)
THREATS: Choices = (
    ("none", mark("No")),
    ("to_self", mark("Yes, the child may harm himself or herself badly")),
    ("to_others", mark("Yes, somebody else’s life or health")),
    ("unknown", mark("I don’t know")),
)
CRIMES: Choices = (
    ("none", mark("No")),
    ("sexual", mark("Yes, a sexual offence")),
    ("violence", mark("Yes, violence or another offence against life or health")),
    ("other", mark("Yes, some other offence")),
    ("suspected", mark("I suspect an offence, but cannot say which")),
)
PROTECTION: Choices = (
    ("yes", mark("Yes")),
    ("dont_know", mark("I don’t know")),
    ("no", mark("No")),
)
INFORMED: Choices = (
    ("yes", mark("Yes")),
    ("no", mark("No")),
    ("not_safe", mark("No, because telling would not be safe")),
)
CHILD_CONSENT: Choices = (
    ("given", mark("Has consented")),
    ("refused", mark("Has refused")),
    ("not_asked", mark("Has not been asked")),
    ("lacks_understanding", mark("Does not yet understand what is asked")),
)
GUARDIAN_CONSENT: Choices = CHILD_CONSENT[:3]
RECIPIENTS: Choices = (
    ("SOC", mark("County social services")),
    ("POL", mark("Police")),
    ("ANK", mark("Ankkuri team")),
    ("HEA", mark("Health services")),
    ("YOU", mark("Youth services")),
    ("WEL", mark("Pupil welfare")),
    ("PRI", mark("School")),
)
CONSENT_TO: Choices = tuple(choice for choice in RECIPIENTS if choice[0] != "POL")
