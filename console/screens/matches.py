"""The review queue: pairs that may be one person, with the evidence field by field, for a person to decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from access.roles import CORRECT_IDENTITY, REVEAL_IDENTIFIERS
from console import review_queue
from console.answer_list import answers
from console.asking import LINKING, actor_of, ask_for_each, may
from console.forms import Reason, first_error, ids_of
from console.guards import needs
from console.profile.evidence import of_fields, of_levels, steps_of
from console.review_filters import FromSource, WaitsBecause
from console.review_queue import WHY
from console.screen import FirstPages, Screen
from console.showing import label_of, moment, short, shown
from console.telling import telling
from identity.given_answers import contradicts_itself, given, teaches
from identity.ledger import NotPossible
from identity.matching.picture import picture
from identity.models import DryRunChange, Match, Verdict
from identity.profiles import profile_of, source_profiles
from pipeline import corrections
from records.models import SourceProfile
from records.reading import open_attributes, open_identifiers
from vault.grants import Grant
from vault.sealing import open_what_opens

# Where a session keeps the reason of its last answer, until whoever gave it signs out.
LAST_REASON = "review.last_reason"
COMPARED = ("given_name", "family_name", "full_name", "birth_date", "email", "phone", "street", "postcode", "city")


@dataclass(frozen=True)
class Side:
    """One of the two source profiles."""

    id: UUID
    short: str
    source: str
    source_kind: str
    profile: UUID | None
    values: dict[str, str]
    refused: str


@dataclass(frozen=True)
class Compared:
    """One field of both."""

    label: str
    left: str
    right: str


class MatchScreen(Screen):
    """Pairs that matching could not decide."""

    may_view = CORRECT_IDENTITY
    heading = "Review queue"
    list_display = ("pair", "likely", "evidence_bars", "why", "found")
    list_display_links = ("pair",)
    list_filter = (WaitsBecause, FromSource)
    list_before_template = "console/matches/to_answers.html"
    sortable_by = ()
    paginator = FirstPages
    intro = (
        "Pairs that are likely one person and were not joined: too little speaks for it, or something holds them back. "
        "Those come first by whose answers matching learns most. Either answer can be undone."
    )
    empty_hint = (
        "No pair waits for a decision. Matching puts pairs here that are likely, but not certain, to be one person."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Match]":
        pairs = review_queue.waiting(review_queue.part_in(request.GET))
        return review_queue.in_order(pairs).select_related("left__source", "right__source")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return review_queue.ORDER

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """The part of the queue that somebody works on, for the addresses of its pairs."""
        return review_queue.part_in(request.GET).query

    @admin.display(description="Pair")
    def pair(self, match: Match) -> SafeString:
        return render_to_string(
            "console/matches/cell_pair.html", {"sides": (match.left, match.right), "short": short(match.pk)}
        )

    @admin.display(description="Likely one person")
    def likely(self, match: Match) -> SafeString:
        return render_to_string("console/matches/cell_likely.html", {"percent": 100 * match.probability})

    @admin.display(description="Speaks for and against")
    def evidence_bars(self, match: Match) -> SafeString:
        return render_to_string("console/matches/cell_evidence.html", {"pieces": of_fields(match.evidence)})

    @admin.display(description="Because")
    def why(self, match: Match) -> str:
        return match.reason

    @admin.display(description="Found")
    def found(self, match: Match) -> str:
        return moment(match.found_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:match>/evidence.svg", guard(self.picture), name="identity_match_picture"),
            path("<uuid:match>/reveal/", guard(self.reveal), name="identity_match_reveal"),
            path("<uuid:match>/join/", guard(self.join), name="identity_match_join"),
            path("<uuid:match>/keep-apart/", guard(self.keep_apart), name="identity_match_keep_apart"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        found = self._whichever().filter(pk__in=ids_of([object_id])).first()
        if found is None:
            return _waits_no_more(request)
        return self._page(request, found, reason="review a pair")

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def picture(self, request: HttpRequest, match: UUID) -> HttpResponse:
        """The evidence as a drawing to keep or to pass on: levels and bits, no value."""
        found = get_object_or_404(self._whichever(), pk=match)
        return HttpResponse(
            picture(steps_of(found.evidence)),
            content_type="image/svg+xml",
            headers={"Content-Disposition": f'attachment; filename="evidence-{short(found.pk)}.svg"'},
        )

    @needs(REVEAL_IDENTIFIERS, fresh=True)
    def reveal(self, request: HttpRequest, match: UUID) -> HttpResponseBase:
        """The same page with its values, this once, to those who may see the page at all."""
        if not may(request, CORRECT_IDENTITY):
            raise PermissionDenied
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to_pair(request, match)
        found = get_object_or_404(self._whichever(), pk=match)
        return self._page(request, found, reason=f"reveal: {form.cleaned_data['reason']}", revealed=True)

    @needs(CORRECT_IDENTITY)
    def join(self, request: HttpRequest, match: UUID) -> HttpResponse:
        return self._decide(request, match, corrections.join, done="joined, they are one profile now.")

    @needs(CORRECT_IDENTITY)
    def keep_apart(self, request: HttpRequest, match: UUID) -> HttpResponse:
        return self._decide(request, match, corrections.keep_apart, done="kept apart, matching will not join them.")

    def _decide(self, request: HttpRequest, match: UUID, decide: Any, *, done: str) -> HttpResponse:
        found = review_queue.waiting().filter(pk=match).first()
        if found is None:
            return _waits_no_more(request)
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to_pair(request, match)
        with telling(request, NotPossible):
            by, reason, now = actor_of(request).id, form.cleaned_data["reason"], timezone.now()
            decide(found, actor=by, reason=reason, now=now)
            request.session[LAST_REASON] = reason
            messages.success(request, _told(found, done, by, now))
        following = review_queue.after(found, review_queue.part_in(request.GET))
        return _to_pair(request, following.pk) if following else _to_queue(request)

    def _whichever(self) -> "QuerySet[Match]":
        """Pairs of any part of the queue: one may have come to wait for something else meanwhile."""
        return review_queue.waiting().select_related("left__source", "right__source")

    def _page(self, request: HttpRequest, match: Match, *, reason: str, revealed: bool = False) -> TemplateResponse:
        part = review_queue.part_in(request.GET)
        sides, left = sides_of(match, request, reason=reason, revealed=revealed), review_queue.count(part)
        return self.page(
            request,
            "console/matches/page.html",
            title="Review a pair",
            match=match,
            percent=100 * match.probability,
            sides=sides,
            compared=compared_of(sides),
            evidence=of_levels(match.evidence),
            purpose=match.purpose.replace("_", " "),
            revealed=revealed,
            may_reveal=may(request, REVEAL_IDENTIFIERS),
            form=Reason(),
            answer_form=Reason(initial={"reason": request.session.get(LAST_REASON, "")}),
            left=left,
            left_told=review_queue.told(left),
            following=review_queue.after(match, part),
            part=f"?{part.query}" if part.query else "",
            part_named=WHY.get(part.why, ""),
            teaches=teaches(match),
            contradicts=contradicts_itself(match),
            given=given(),
        )


def _told(match: Match, done: str, by: str, now: datetime) -> SafeString:
    """What came of an answer, with the way to whoever the two are now, and to where it can be taken back."""
    homes = profile_of([match.left_id, match.right_id])
    profiles = list(dict.fromkeys(homes[id] for id in (match.left_id, match.right_id) if id in homes))
    pages = [(reverse("admin:identity_profile_change", args=[one]), f"Profile {short(one)}") for one in profiles]
    theirs = {match.left_id, *(id for profile in profiles for id in source_profiles(profile))}
    answer = answers(left__in=theirs, right__in=theirs, actor=by, decided_at=now).first()
    pages += [(reverse("admin:identity_verdict_change", args=[answer.pk]), "Take it back")] if answer else []
    links = format_html_join(", ", '<a class="o-link" href="{}">{}</a>', pages)
    return format_html("Pair {}: {} {}", short(match.pk), done, links)


def _to_pair(request: HttpRequest, match: UUID) -> HttpResponse:
    """To this pair, in the part of the queue that is worked on."""
    return redirect(_in_part(reverse("admin:identity_match_change", args=[match]), request))


def _waits_no_more(request: HttpRequest) -> HttpResponse:
    messages.info(request, "That pair waits no more: it was decided, or found anew.")
    return _to_queue(request)


def _to_queue(request: HttpRequest) -> HttpResponse:
    return redirect(_in_part(reverse("admin:identity_match_changelist"), request))


def _in_part(page: str, request: HttpRequest) -> str:
    query = review_queue.part_in(request.GET).query
    return f"{page}?{query}" if query else page


def compared_of(sides: Sequence[Side]) -> list[Compared]:
    """What both or either says, field by field."""
    fields = [field for field in COMPARED if any(field in side.values for side in sides)]
    return [Compared(label_of(field), *(side.values.get(field, "") for side in sides)) for field in fields]


def sides_of(match: Match | DryRunChange | Verdict, request: HttpRequest, *, reason: str, revealed: bool) -> list[Side]:
    """Both source profiles of a pair, with what may be shown of them."""
    ids = [match.left_id, match.right_id]
    decisions = ask_for_each({id: [id] for id in ids}, request, purpose=LINKING, reason=reason, now=timezone.now())
    values = _values(sorted(decisions.allowed), decisions.grant, revealed=revealed)
    homes = profile_of(ids)
    return [
        _side(known, homes.get(known.pk), values.get(known.pk, {}), decisions.refused.get(known.pk, ""))
        for known in (match.left, match.right)
    ]


def _values(source_profiles: list[UUID], grant: Grant, *, revealed: bool) -> dict[UUID, dict[str, str]]:
    """The latest value of each compared field; both lists run from the latest to the earliest."""
    found: dict[UUID, dict[str, str]] = {id: {} for id in source_profiles}
    for id, identifiers in open_identifiers(source_profiles, grant, opening=open_what_opens).items():
        for item in identifiers:
            found[id].setdefault(item.namespace, shown(item.namespace, item.value, revealed=revealed))
    for id, attributes in open_attributes(source_profiles, grant, opening=open_what_opens).items():
        for known in attributes:
            found[id].setdefault(known.field, shown(known.field, known.value, revealed=revealed))
    return found


def _side(known: SourceProfile, profile: UUID | None, values: dict[str, str], refused: str) -> Side:
    return Side(known.pk, short(known.pk), known.source.name, known.source.kind, profile, values, refused)
