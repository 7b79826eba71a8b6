"""What the pages of a worry say to staff who key it in for somebody else.

The pages speak to a reporter as *you*. Here stands, for each text that would be wrong, the one that
speaks of the reporter instead; every other text is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from gettext import NullTranslations

from intake.domain.message import mark
from intake.language import Language
from intake.web.words import TYPE_REASONS

INSTEAD: Mapping[str, str] = {
    # Who reports
    "Who are you?": mark("Who is the reporter?"),
    "Choose who you are.": mark("Choose who the reporter is."),
    "I work with children, young people or families": mark(
        "Somebody who works with children, young people or families"
    ),
    "I am a private person, such as a neighbour or a relative": mark(
        "A private person, such as a neighbour or a relative"
    ),
    "I am the child’s parent or guardian": mark("The child’s parent or guardian"),
    "I am a child or a young person": mark("A child or a young person"),
    "Or you have a position of trust with them. You report with your own name.": mark(
        "Or has a position of trust with them. A professional reports by name."
    ),
    "You may stay anonymous.": mark("May stay anonymous."),
    "You can also call 116 111. It is free and you need not tell your name. In danger, call 112.": (
        mark("Can also call 116 111, free and without a name. In danger, call 112.")
    ),
    "Your details": mark("The reporter’s details"),
    "A guardian may usually read your report and your name.": mark(
        "A guardian may usually read the report and the reporter’s name. Tell the reporter so."
    ),
    "You can talk to an adult at once: call 116 111. In danger, call 112.": mark(
        "The reporter is a child, who can talk to an adult at once at 116 111. In danger, call 112."
    ),
    "It is right that you tell. What happens is not your fault.": mark(
        "Say that it is right to tell, and that what happens is not the child’s fault."
    ),
    "I want to stay anonymous": mark("The reporter stays anonymous"),
    "Then leave your name and telephone number empty. The agency cannot ask you for more.": mark(
        "Then leave the name and the telephone number empty. No agency can ask for more."
    ),
    "You chose to stay anonymous: remove your name and telephone number, or the choice.": mark(
        "You chose that the reporter stays anonymous: remove the name and the telephone number, or "
        "the choice."
    ),
    "Your field": mark("The reporter’s field"),
    "Choose your field.": mark("Choose the reporter’s field."),
    "Your post": mark("The reporter’s post"),
    "Your workplace or organisation": mark("The reporter’s workplace or organisation"),
    "Your name": mark("The reporter’s name"),
    "Write your name.": mark("Write the reporter’s name."),
    "A number that you can be called at safely.": mark(
        "A number at which the reporter can be called safely."
    ),
    "Have you already called somebody about this? Whom, and when?": mark(
        "Has the reporter already told somebody else about this? Whom, and when?"
    ),
    "We write to it that there is news, at most once an hour, and nothing else. The address is "
    "kept sealed, apart from the report, and the agencies do not see it. You can stop the messages "
    "with your code. Give an address whose post only you read.": mark(
        "Only if the reporter asks for it: an address whose post only the reporter reads. We write "
        "to it that there is news, at most once an hour, and nothing else. It is kept sealed, "
        "apart from the report, and the agencies do not see it. The messages can be stopped with "
        "the code."
    ),
    # The child
    "If the matter is your own, write your own details here.": mark(
        "If the matter is the reporter’s own, write the reporter’s details here."
    ),
    "I don’t know": mark("Not known"),
    "Choose the municipality where the child lives, or “I don’t know”.": mark(
        "Choose the municipality where the child lives, or “Not known”."
    ),
    "Do you suspect that this guardian has done something to the child?": mark(
        "Does the reporter suspect that this guardian has done something to the child?"
    ),
    "Choose whether you suspect the guardian of something.": mark(
        "Choose whether the reporter suspects the guardian of something."
    ),
    # The worry
    "Something else, or I don’t know": mark("Something else, or not known"),
    "I have called 112, or an adult has": mark("I have called 112, or somebody else has"),
    "If you cannot call yourself, ask an adult near you to call.": mark(
        "If you cannot call yourself, ask a colleague to call."
    ),
    "Do you suspect an offence against the child?": mark(
        "Does the reporter suspect an offence against the child?"
    ),
    "Choose whether you suspect an offence against the child.": mark(
        "Choose whether the reporter suspects an offence against the child."
    ),
    "I suspect an offence, but cannot say which": mark(
        "An offence is suspected, but it cannot be said which"
    ),
    "Are you making this report together with the child or a guardian?": mark(
        "Is the reporter making this report together with the child or a guardian?"
    ),
    "Choose whether you are making the report together.": mark(
        "Choose whether the report is made together."
    ),
    "Write what you saw and heard. Do not question the child. A guardian may usually read your "
    "report and your name.": mark(
        "Write what the reporter saw and heard, in the reporter’s own words. A guardian may "
        "usually read the report and the reporter’s name."
    ),
    "What have you seen or heard?": mark("What has the reporter seen or heard?"),
    "Write what you have seen or heard.": mark("Write what the reporter has seen or heard."),
    "What happened, in what words was it told? Keep to what you know yourself.": mark(
        "What happened, in what words was it told? Keep to what the reporter knows."
    ),
    "Your own view": mark("The reporter’s own view"),
    "What you think of it. It is kept apart from what you saw and heard.": mark(
        "What the reporter thinks of it. It is kept apart from what was seen and heard."
    ),
    "With whom have you talked, what support is there?": mark(
        "With whom has the reporter talked, what support is there?"
    ),
    "If the report is about yourself, choose Yes.": mark(
        "If the report is about the reporter, choose Yes."
    ),
    "If the report is about yourself, say here whether the information may be passed on.": mark(
        "If the report is about the reporter, say here whether the information may be passed on."
    ),
    # Who gets it
    "The worry, your observations, your own view and the consents": mark(
        "The worry, the reporter’s observations and own view, and the consents"
    ),
    "The worry, your observations and the consents": mark(
        "The worry, the reporter’s observations and the consents"
    ),
    "Only a report to social services fulfils a professional’s duty to notify (Child Welfare Act "
    "417/2007, section 25). If the child may need child welfare, change your answer.": mark(
        "Only a report to social services fulfils a professional’s duty to notify (Child Welfare "
        "Act 417/2007, section 25), and you have that duty too. If the child may need child "
        "welfare, change the answer."
    ),
    **{
        said: told
        for said, told in TYPE_REASONS.items()
        if said.startswith(("By your answer", "You do not know"))
    },
    # What was begun, and what was sent
    "This report has been sent already, so this page was not stored. If you want to add something, "
    "call the agency, or make a new report once you have noted the code of this one.": mark(
        "This report has been sent already, so this page was not stored. If there is something to "
        "add, call the agency, or key in a new report."
    ),
    "Your report has been sent.": mark("The report that you keyed in has been sent."),
    "There is an unfinished report in this browser.": mark("You have an unfinished report."),
    "This browser holds no report, or it has been erased because it was left for twelve hours.": (
        mark("It has been sent or erased, or it was left for twelve hours.")
    ),
    "If you have sent the report already, you can follow it with your follow-up code.": mark(
        "A report that has been sent is followed with its code."
    ),
    "Start a new report": mark("Key in a worry"),
    "There is no receipt in this browser": mark("There is no receipt here"),
    "The receipt is shown in the browser that sent the report, until its code has been noted.": (
        mark("The receipt is shown to who keyed the report in, until its code has been given.")
    ),
    "If the code did not have time to show, the report may have been stored all the same. Call the "
    "agency, or make the report again.": mark("Without a receipt the report was not stored."),
    "Go to the front page": mark("Go to the inbox"),
    "Your follow-up code": mark("Follow-up code for the reporter"),
    "Write down the code or print this page.": mark(
        "Read the code to the reporter, or print this page."
    ),
    "You can follow the report only with it. We cannot give it to you again.": mark(
        "The report can be followed only with it. It cannot be given again."
    ),
    "If you gave your contact details, the agency may ask you for more. It may not tell you what "
    "it decides, but with the code you see that the report is being handled.": mark(
        "The agencies may ask the reporter for more. They may not tell what they decide, but the "
        "code shows that the report is being handled."
    ),
    "When you have noted the code": mark("When the code has been given"),
    "The code and your own copy are then removed from this browser.": mark(
        "It is then not shown any more."
    ),
    "I have written down the code or printed this page": mark(
        "The reporter has the code, or does not want it"
    ),
    "Note the code first, then tick the box.": mark("Give the code first, then tick the box."),
    "Thank you for reporting": mark("The worry has been keyed in"),
    "Nothing of the report that you sent is left in this browser. You can follow it with the code "
    "that you noted.": mark(
        "The code is not shown any more. The reporter can follow the report with it."
    ),
    "Make a new report": mark("Key in another worry"),
}


class _OfTheReporter(NullTranslations):
    """A catalogue in which the texts to a reporter give way to those about one."""

    def gettext(self, message: str) -> str:
        """The text for staff."""
        return super().gettext(INSTEAD.get(message, message))


class StaffLanguage(Language):
    """A language as it speaks to staff about a reporter."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        own, self.catalogue = self.catalogue, _OfTheReporter()
        self.catalogue.add_fallback(own)
