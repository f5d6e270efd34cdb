"""Requests that come by the public form: confirmed by the mailed link, opened, and answered by the same link."""

from datetime import datetime
from typing import Any

from django.db import transaction

from identity.profiles import profile_of
from privacy import access, links, papers, requests
from privacy.models import ACCESS, APPROVED, EMAIL_LINK, FORM, PORTABILITY, Link, SubjectRequest
from privacy.verification import Verification
from records.models import Identifier
from vault.grants import Actor

ACTOR = "data_subject"
LONGEST_DETAILS = 1_000


def confirm(link: Link, *, details: str, now: datetime) -> SubjectRequest:
    """Receive what the link is for: following it from the person's own mailbox is what verifies them.

    An address that came in through a public write key alone may be anybody's who typed it: then somebody of the team
    has to verify the person. Safe to repeat: a link opens one request.
    """
    with transaction.atomic():
        link = Link.objects.select_for_update(of=("self",)).select_related("request").get(pk=link.pk)
        if link.request is not None:
            return link.request
        home = links.home_of(link)
        profile = profile_of([home]).get(home)
        request = requests.receive(
            link.asked,
            profile_id=profile,
            actor=ACTOR,
            channel=FORM,
            verification=Verification(EMAIL_LINK, ACTOR) if _is_theirs(link) else None,
            now=now,
        )
        text = details.strip()[:LONGEST_DETAILS]
        if text:
            papers.keep_comment(request, text, actor=ACTOR, now=now)
        links.lead_to(link, request)
    return request


def _is_theirs(link: Link) -> bool:
    """Whether a source that we trust says that the address is this person's."""
    return Identifier.objects.filter(source_profile=link.source_profile_id, namespace="email", verified=True).exists()


def is_ready(request: SubjectRequest) -> bool:
    """Whether the person may fetch the answer: somebody has looked at the request and approved it."""
    return request.kind in (ACCESS, PORTABILITY) and request.state == APPROVED


def answer(request: SubjectRequest, *, now: datetime) -> dict[str, Any]:
    """All that is held about the person; handing it over completes the request."""
    return access.answer(request, actor=Actor("person", ACTOR), now=now)
