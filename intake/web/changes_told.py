"""What the trail says of changed directories, people and keys, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping

from intake.domain.message import mark
from intake.domain.trail import Action
from intake.language import Language
from intake.services.enrol import GRANTED
from intake.services.notify import NOTICE_ADDRESS
from intake.services.rotate import BEGUN, DAMAGED, ENDED
from intake.services.same_child import RECOGNISING
from intake.web.words import ROLES

CHANGES: Mapping[str, str] = {
    Action.CHANGE_DIRECTORY: mark("Directory changed"),
    Action.PROPOSE_DIRECTORY: mark("Change of an agency proposed"),
    Action.CONFIRM_DIRECTORY: mark("Change of an agency confirmed by a second person"),
    Action.REFUSE_DIRECTORY: mark("Change of an agency refused"),
    Action.INVITE: mark("Invited"),
    Action.WITHDRAW_INVITATION: mark("Invitation withdrawn"),
    Action.JOIN: mark("Joined"),
    Action.NEW_KEY: mark("New passphrase and key"),
    Action.GIVE_ROLE: mark("Role given"),
    Action.END_ROLE: mark("Role ended"),
    Action.WITHDRAW_GRANT: mark("Key taken back"),
    Action.CHANGE_KEY: mark("Agency's key changed"),
    Action.MAKE_SHEETS: mark("Recovery key printed"),
    Action.RECOVER_KEY: mark("Agency's key recovered from its sheets"),
    Action.NEW_RECOVERY_CODE: mark("New recovery code"),
    Action.RECOVER: mark("Came back by the recovery code"),
    Action.RECOVER_FAILED: mark("Recovery code refused"),
    Action.DAMAGED: mark("Something does not open"),
    Action.CHANGE_PERSON: mark("Details changed"),
    Action.LEAVE: mark("Left the service"),
    Action.WITHOUT_WORKER: mark("Left without a worker"),
}
_WORDS: Mapping[str, str] = {
    "agency": mark("Agency"),
    "school": mark("School"),
    "agreement": mark("Cooperation agreement"),
    "phone_line": mark("Telephone line"),
    "added": mark("added"),
    "removed": mark("removed"),
    "name": mark("name"),
    "phone": mark("telephone"),
    "hours": mark("opening hours"),
    "desk": mark("desk"),
    "municipalities": mark("area"),
    "municipality": mark("Municipality"),
    "languages": mark("languages"),
    "language": mark("language"),
    "out_of_use_from": mark("out of use"),
    "valid_from": mark("first day"),
    "valid_to": mark("last day"),
    "use": mark("use"),
    "email": mark("e-mail"),
    GRANTED: mark("Key given to a colleague"),
    BEGUN: mark("New reports go to the new key"),
    ENDED: mark("Everything is sealed to the new key"),
    DAMAGED: mark("Met while the agency's key was changed"),
    RECOGNISING: mark("Met while a child was being recognised"),
    NOTICE_ADDRESS: mark("Met while a letter to a reporter was written"),
    **ROLES,
}


def change_told(language: Language, purpose: str) -> str:
    """A purpose such as "agency: name, phone" or "maija: worker", word by word; what has no word
    stands as it was written.
    """
    head, colon, rest = purpose.partition(": ")
    first, space, name = head.partition(" ")
    head = _said(language, head) if head in _WORDS else _said(language, first) + space + name
    if not colon:
        return head
    return f"{head}: {', '.join(_said(language, word) for word in rest.split(', '))}"


def _said(language: Language, word: str) -> str:
    return language.gettext(_WORDS[word]) if word in _WORDS else word
