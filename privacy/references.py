"""The reference of a request, as letters and pages show it, and the requests that somebody means by one."""

import re
from uuid import UUID

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Replace, Right

from privacy.models import SubjectRequest

LENGTH = 8
WHOLE = 32
MOST = 20
_DIGITS = re.compile(r"[0-9a-f]{4,32}")


def reference_of(id: UUID | str) -> str:
    """The end of the id, which is random: what people are told to give when they write again."""
    return str(id).replace("-", "")[-LENGTH:]


def find(text: str) -> list[SubjectRequest]:
    """The requests whose id or reference is this or begins so, the newest first, at most 20; none for other texts.

    A controller's own number of a request that came by OpenDSR counts when it is whole.
    """
    sought = text.strip().strip("#").lower().replace("-", "").replace(" ", "")
    if not _DIGITS.fullmatch(sought):
        return []
    theirs = Q(digits__startswith=sought) | Q(reference__startswith=sought)
    if len(sought) == WHOLE:
        theirs |= Q(opendsr_request__subject_request_id=UUID(sought))
    whole = Replace(Cast("pk", CharField()), Value("-"))
    rows = SubjectRequest.objects.annotate(digits=whole).annotate(reference=Right(F("digits"), LENGTH))
    return list(rows.filter(theirs).order_by("-opened_at")[:MOST])
