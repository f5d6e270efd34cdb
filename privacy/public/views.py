"""The public pages: asking for a link, a person's choices, their requests, and the confirmation of a subscription."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation

from consent.signals.status import control_status
from identity.profiles import profile_of
from privacy import links, portability, subjects
from privacy.links import BadLink, UsedLink
from privacy.models import OPT_IN, PREFERENCES, REQUEST, Link
from privacy.public import choices, demands, inquiries, opt_in
from privacy.public.choices import Proved
from privacy.public.inquiries import NoAddress, TooMany
from privacy.public.pages import client_of, language_of, public, see_other, show
from privacy.public.wording import CHOICES, STATES, kind_name
from privacy.subjects import Subject


@public("GET", "POST")
def ask(request: HttpRequest) -> HttpResponse:
    """The form; sent, it says the same to everybody."""
    wanted = request.POST.get("asked") or request.GET.get("asked") or PREFERENCES
    context: dict[str, Any] = {"choices": CHOICES.items(), "asked": wanted, "address": "", "problem": ""}
    if request.method != "POST":
        return show("privacy/public/ask.html", context)
    context["address"] = request.POST.get("address", "")[:254]
    if wanted not in inquiries.ASKABLE:
        return show("privacy/public/ask.html", context | {"problem": "asked"}, status=400)
    try:
        inquiries.ask(
            wanted,
            address=context["address"],
            client=client_of(request),
            locale=language_of(request),
            now=timezone.now(),
        )
    except NoAddress:
        return show("privacy/public/ask.html", context | {"problem": "address"}, status=400)
    except TooMany:
        return show("privacy/public/ask.html", context | {"problem": "too_many"}, status=429)
    return see_other(reverse("asked"))


@public("GET")
def asked(request: HttpRequest) -> HttpResponse:
    """What everybody is told."""
    return show("privacy/public/asked.html")


@public("GET", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """A person's choices, to see and to change; giving and withdrawing are one step each, by the same link."""
    now, locale = timezone.now(), translation.get_language() or "en"
    link = links.follow(token, use=PREFERENCES, now=now)
    theirs, addressed = _person(link).source_profiles, links.home_of(link)
    if request.method == "POST":
        if request.POST.get("do") == "withdraw_everything":
            choices.withdraw_everything(theirs, addressed=addressed, locale=locale, now=now)
        else:
            choices.save(
                theirs,
                chosen=request.POST.getlist("yes"),
                shown=request.POST.getlist("shown"),
                addressed=addressed,
                proved=Proved(inquiries.proved_by(link, now), by=str(link.pk)),
                locale=locale,
                now=now,
            )
        return see_other(f"{request.path}?saved=1")
    context = {
        "choices": choices.choices(theirs, at=now, locale=locale),
        "given": choices.given(),
        "control": control_status(theirs, at=now),
        "saved": "saved" in request.GET,
    }
    return show("privacy/public/preferences.html", context)


@public("GET", "POST")
def subject_request(request: HttpRequest, token: str) -> HttpResponse:
    """A request to be confirmed; once it is, where it stands."""
    now = timezone.now()
    link = links.follow(token, use=REQUEST, now=now)
    if request.method == "POST":
        if link.request is None:
            demands.confirm(link, details=request.POST.get("details", ""), now=now)
        return see_other(request.path)
    if link.request is None:
        context = {"asked": kind_name(link.asked), "kind": link.asked, "longest": demands.LONGEST_DETAILS}
        return show("privacy/public/confirm_request.html", context)
    found = link.request
    context = {
        "asked": kind_name(found.kind),
        "found": found,
        "state": STATES.get(found.state, found.state),
        "ready": demands.is_ready(found),
    }
    return show("privacy/public/request.html", context)


@public("POST")
def download(request: HttpRequest, token: str) -> HttpResponse:
    """The answer to a request for access, as a file."""
    now = timezone.now()
    link = links.follow(token, use=REQUEST, now=now)
    if link.request is None or not demands.is_ready(link.request):
        raise BadLink
    found = demands.answer(link.request, now=now)
    response = HttpResponse(portability.package(found), content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return response


@public("GET", "POST")
def confirm_opt_in(request: HttpRequest, token: str) -> HttpResponse:
    """The second yes of a subscription. Opening the page changes nothing: mail scanners open every link."""
    now = timezone.now()
    link = links.follow(token, use=OPT_IN, now=now)
    outcome = ""
    if request.method == "POST":
        try:
            opt_in.confirm(link, locale=translation.get_language() or "en", now=now)
            outcome = "confirmed"
        except UsedLink:
            outcome = "used"
    elif link.used_at:
        outcome = "used"
    context = {"outcome": outcome, "purpose": opt_in.purpose_name(link), "channel": link.channel}
    return show("privacy/public/opt_in.html", context)


def _person(link: Link) -> Subject:
    """The person behind the link as the ledger has them now. Raises `BadLink` when they are gone."""
    with transaction.atomic():
        home = links.home_of(link)
        profile: UUID | None = profile_of([home]).get(home)
        if profile is None:
            raise BadLink
        return subjects.find(profile)
