"""What people are written: drafts, filled in with what a request knows; whoever sends one reads and changes it.

No draft names the person: a request holds no name. The words in brackets are for the writer to fill in.
"""

from privacy.clocks import CLOCKS
from privacy.models import SubjectRequest
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
TEMPLATES = {
    ACKNOWLEDGMENT: """Hello,

we received your request on {received}. You ask for {asked}. Your reference is {reference}.

We answer by {due}. If we need anything else from you, we will write before then.

[Name and address of your organization]""",
    EXTENSION: """Hello,

you asked us on {received} for {asked} (reference {reference}). {law} lets us take more time when a request is complex
or when there are many; here [say in a sentence why]. You will have our answer by {extended}.

If you disagree, you can complain to the supervisory authority or go to court.

[Name and address of your organization]""",
    REJECTION: """Hello,

you asked us on {received} for {asked} (reference {reference}). We cannot do this, because [say why, in plain words].

You can complain to the supervisory authority, [its name and address], and you can go to court.

[Name and address of your organization]""",
    COMPLETION: """Hello,

you asked us on {received} for {asked} (reference {reference}). This is done. [Say what was done, and what is enclosed.]

[Name and address of your organization]""",
}
NAMES = {
    ACKNOWLEDGMENT: "Confirmation of receipt",
    EXTENSION: "More time",
    REJECTION: "Rejection",
    COMPLETION: "Completion",
}


def draft(request: SubjectRequest, kind: str, *, extended: str = "") -> str:
    """The letter of this kind about this request, to be read and changed."""
    return TEMPLATES[kind].format(
        received=_day(request.received_at),
        asked=WORDS[request.kind],
        reference=reference_of(request.pk),
        due=_day(request.due_date),
        law=f"The law ({CLOCKS[request.regulation].name})" if request.regulation in CLOCKS else "The law",
        extended=extended,
    )


def _day(day: object) -> str:
    return f"{day:%B} {day.day}, {day.year}"  # type: ignore[attr-defined]
