"""Requests that come by the public form: confirmed by the mailed link, opened, and answered by the same link."""

from datetime import datetime
from typing import Any

from django.db import transaction

from identity.profiles import profile_of
from privacy import access, links, requests
from privacy.models import ACCESS, APPROVED, PORTABILITY, Link, SubjectRequest
from vault.grants import Actor

ACTOR = "data_subject"
METHOD = "email_link"
LONGEST_DETAILS = 300


def confirm(link: Link, *, details: str, now: datetime) -> SubjectRequest:
    """Open what the link is for: following it from the person's own mailbox is what verifies them.

    Safe to repeat: a link opens one request. Raises what `privacy.requests.open` raises.
    """
    with transaction.atomic():
        link = Link.objects.select_for_update(of=("self",)).select_related("request").get(pk=link.pk)
        if link.request is not None:
            return link.request
        profile = profile_of([link.source_profile_id]).get(link.source_profile_id)
        request = requests.open(link.asked, profile_id=profile, actor=ACTOR, now=now)
        text = " ".join(details.split())[:LONGEST_DETAILS]
        if text:
            SubjectRequest.objects.filter(pk=request.pk).update(note=text)
        requests.take_step(request, "verified", actor=ACTOR, now=now, detail={"method": METHOD})
        links.lead_to(link, request)
    return request


def is_ready(request: SubjectRequest) -> bool:
    """Whether the person may fetch the answer: somebody has looked at the request and approved it."""
    return request.kind in (ACCESS, PORTABILITY) and request.state == APPROVED


def answer(request: SubjectRequest, *, now: datetime) -> dict[str, Any]:
    """All that is held about the person; handing it over completes the request."""
    return access.answer(request, actor=Actor("person", ACTOR), now=now)
