"""What people are written: drafts, filled in with what a request knows; whoever sends one reads and changes it.

No draft names the person: a request holds no name. The words in brackets are for the writer to fill in.
"""

from datetime import date

from django.conf import settings

from privacy.clocks import CLOCKS
from privacy.models import COMPLETED, REJECTED, UNFINISHED, SubjectRequest
from privacy.papers import ACKNOWLEDGMENT, COMPLETION, EXTENSION, REJECTION
from privacy.references import reference_of

WORDS = {
    "access": "a copy of your data",
    "portability": "your data in a form that you can take elsewhere",
    "rectification": "a correction of your data",
    "erasure": "the erasure of your data",
    "restriction": "a restriction of the use of your data",
    "objection": "that we stop using your data for marketing",
    "opt_out": "that we neither sell nor share your data",
    "human_review": "that a person looks at a decision about you",
}
DONE = {
    "access": "This is done. You find the copy enclosed [or: you have it by the link that we sent you].",
    "portability": "This is done. You find the file enclosed [or: you have it by the link that we sent you].",
    "rectification": "This is done: your data are right now, and those to whom we had given them have been told.",
    "erasure": "This is done: your data are deleted, and whoever had them from us is asked to delete them.",
    "restriction": "This is done: we keep your data and use them for nothing, until this is settled.",
    "objection": "This is done: we use your data for marketing no more.",
    "opt_out": "This is done: we neither sell nor share your data.",
    "human_review": "This is done: a person has looked at the decision. [Say what came of it.]",
}
TEMPLATES = {
    ACKNOWLEDGMENT: """Hello,

we received your request on {received}. You ask for {asked}. Your reference is {reference}.

We answer by {due}. If we need anything else from you, we will write before then.

{sender}""",
    EXTENSION: """Hello,

you asked us on {received} for {asked} (reference {reference}). {law} lets us take more time when a request is complex
or when there are many; here [say in a sentence why]. You will have our answer by {extended}.

If you disagree, you can complain to the supervisory authority or go to court.

{sender}""",
    REJECTION: """Hello,

you asked us on {received} for {asked} (reference {reference}). We cannot do this, because [{why}].

You can complain to the supervisory authority, [its name and address], and you can go to court.

{sender}""",
    COMPLETION: """Hello,

you asked us on {received} for {asked} (reference {reference}). {done}

{sender}""",
}
NAMES = {
    ACKNOWLEDGMENT: "Confirmation of receipt",
    EXTENSION: "More time",
    REJECTION: "Rejection",
    COMPLETION: "Completion",
}
NAMELESS = "Onym"  # what ONYM_ORGANIZATION is while nobody has said it


def fitting(request: SubjectRequest, *, today: date) -> list[str]:
    """The kinds of letters that this request may be answered with as it stands."""
    fits = {
        ACKNOWLEDGMENT: request.state in UNFINISHED and not request.acknowledged_at,
        EXTENSION: may_extend(request, today=today),
        REJECTION: request.state == REJECTED,
        COMPLETION: request.state == COMPLETED,
    }
    return [kind for kind, fit in fits.items() if fit]


def may_extend(request: SubjectRequest, *, today: date) -> bool:
    """Whether the answer may still be put off: once, by a law that lets it be, within the first period."""
    clock = CLOCKS.get(request.regulation)
    known = bool(clock and clock.of(request.kind).extension)
    return known and request.state in UNFINISHED and not request.extended_at and today <= request.first_due_date


def draft(request: SubjectRequest, kind: str, *, extended: str = "") -> str:
    """The letter of this kind about this request, to be read and changed."""
    return TEMPLATES[kind].format(
        received=_day(request.received_at),
        asked=WORDS[request.kind],
        reference=reference_of(request.pk),
        due=_day(request.due_date),
        law=f"The law ({CLOCKS[request.regulation].name})" if request.regulation in CLOCKS else "The law",
        extended=extended,
        why=f"say it in plain words; noted was: {request.note}" if request.note else "say why, in plain words",
        done=DONE[request.kind],
        sender=_sender(),
    )


def _sender() -> str:
    """Who writes, and whom to ask, as far as the settings say."""
    named = settings.ORGANIZATION not in ("", NAMELESS)
    name = settings.ORGANIZATION if named else "[Name and address of your organization]"
    return "\n".join(line for line in (name, settings.PRIVACY_CONTACT) if line)


def _day(day: object) -> str:
    return f"{day:%B} {day.day}, {day.year}"  # type: ignore[attr-defined]
