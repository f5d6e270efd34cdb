"""Profiles: the list, the look-up by identifier, and the page of one person with what can be done about them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from access import look_ups
from access.limits import TooMany
from access.roles import (
    CORRECT_IDENTITY,
    DECIDE_REQUESTS,
    OPEN_REQUESTS,
    RECORD_CONSENT,
    REVEAL_IDENTIFIERS,
    SET_VALUES,
    VIEW_AUDIT,
    VIEW_CONSENTS,
    VIEW_PROFILES,
)
from consent.acts import UnknownPurpose
from consent.explanation import explain
from consent.receipts import receipts_of
from console import acts
from console.actors import names_of
from console.asking import actor_of, ask, user_of
from console.explaining import Question, entries_of, restrictions_of
from console.files import as_file
from console.forms import LookUp, PutHold, Reason, Say, first_error
from console.guards import needs
from console.profile.called import called, declared, named
from console.profile.list import describe
from console.profile.looks import looks, readers
from console.profile.page import gather
from console.screens.as_of import AsOfPages
from console.screens.golden import GoldenPages
from console.screens.merging import MergePages
from console.screens.records import RecordPages
from console.showing import day, label_of, short
from console.telling import telling
from identity.ledger import NotPossible
from identity.models import Profile
from identity.profiles import UnknownNamespace, living, look_up, profile_of, source_profiles, where_now
from pipeline import corrections
from privacy import break_glass, holds, subjects
from privacy.holds import AlreadyLifted, NotReasoned
from privacy.models import EmergencyReveal, LegalHold
from privacy.subjects import UnknownProfile
from vault import audit

READS_SHOWN = 200


class Known(admin.SimpleListFilter):
    """Those of whom a name is known and may be read here; those whom an address or a number tells, too; or everybody.

    Which few of them said no to that purpose is left to each row: it would cost a decision for every profile.
    """

    title = "who"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("known", "All known people"), ("unknown", "Unknown visitors"), ("everybody", "Everybody")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "People with a name"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Profile]") -> "QuerySet[Profile]":
        if self.value() == "everybody":
            return queryset
        if self.value() == "unknown":
            return queryset.filter(~called())
        return queryset.filter(called(), declared()) if self.value() == "known" else queryset.filter(named())


class ProfileScreen(MergePages, GoldenPages, RecordPages, AsOfPages):
    """Unified people. They come and go by the ledger and by subject requests alone."""

    may_view = VIEW_PROFILES
    list_display = ("person", "email", "sources", "segments", "first_seen", "last_seen")
    list_display_links = ("person",)
    list_filter = (Known,)
    list_before_template = "console/profiles/look_up.html"
    intro = (
        "The newest profiles first; those without a name that may be shown are found under Who. Names and identifiers "
        "are masked; each page you open is audited."
    )
    empty_hint = (
        "Nobody with a name yet. Profiles appear once records have come in from a source and were resolved; those "
        "without a name are found under Who."
    )
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Profile]":
        return living()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-id",)

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        described = describe(rows, request)
        for profile in rows:
            profile.row = described[profile.pk]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, {"look_up": LookUp(), **(extra_context or {})})
        return response

    @admin.display(description="Person")
    def person(self, profile: Any) -> SafeString:
        return render_to_string("console/profiles/cell_person.html", {"row": profile.row, "short": short(profile.pk)})

    @admin.display(description="E-mail")
    def email(self, profile: Any) -> str:
        return profile.row.email or "–"

    @admin.display(description="Sources")
    def sources(self, profile: Any) -> SafeString:
        return render_to_string("console/profiles/cell_sources.html", {"row": profile.row})

    @admin.display(description="Segments")
    def segments(self, profile: Any) -> str:
        names = profile.row.segments
        return ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "") or "–"

    @admin.display(description="First seen")
    def first_seen(self, profile: Any) -> str:
        return day(profile.row.first_seen_at)

    @admin.display(description="Last seen")
    def last_seen(self, profile: Any) -> str:
        return day(profile.row.last_seen_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        one = "<uuid:profile>"
        return [
            path("look-up/", guard(self.look_up), name="identity_profile_look_up"),
            path(f"{one}/who-looked/", guard(self.who_looked), name="identity_profile_who_looked"),
            path(f"{one}/reveal/", guard(self.reveal), name="identity_profile_reveal"),
            path(f"{one}/break-glass/", guard(self.break_glass), name="identity_profile_break_glass"),
            path(f"{one}/split/<uuid:source_profile>/", guard(self.split), name="identity_profile_split"),
            path(
                f"{one}/undo-split/<uuid:source_profile>/", guard(self.undo_split), name="identity_profile_undo_split"
            ),
            path(f"{one}/undo-merge/<uuid:merged>/", guard(self.undo_merge), name="identity_profile_undo_merge"),
            path(f"{one}/allow-again/<uuid:other>/", guard(self.allow_again), name="identity_profile_allow_again"),
            path(f"{one}/hold/", guard(self.hold), name="identity_profile_hold"),
            path(f"{one}/lift-hold/<uuid:id>/", guard(self.lift_hold), name="identity_profile_lift_hold"),
            path(f"{one}/was-allowed/", guard(self.was_allowed), name="identity_profile_was_allowed"),
            path(f"{one}/receipts.json", guard(self.receipts), name="identity_profile_receipts"),
            path(f"{one}/say/", guard(self.say), name="identity_profile_say"),
            *self.as_of_urls(),
            *self.merge_urls(),
            *self.golden_urls(),
            *self.record_urls(),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_PROFILES, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The page of one person; of one merged into another, the page of that one."""
        asked = _uuid(object_id)
        living_now = where_now(asked)
        if living_now is None:
            raise Http404("There is no such profile, or it has been erased.")
        if living_now != asked:
            messages.info(request, "That profile was merged into this one.")
            return _to(living_now)
        emergency = break_glass.standing(living_now, actor=actor_of(request).id, now=timezone.now())
        if emergency:
            reason = f"{break_glass.MARK}{emergency.reason}"
            return self._page(request, living_now, reason=reason, revealed=True, emergency=emergency)
        return self._page(request, living_now, reason="profile page")

    def _page(
        self,
        request: HttpRequest,
        profile: UUID,
        *,
        reason: str,
        revealed: bool = False,
        emergency: EmergencyReveal | None = None,
    ) -> TemplateResponse:
        now = timezone.now()
        person = ask(profile, request, reason=reason, now=now)
        user = user_of(request)
        return self.page(
            request,
            "console/profiles/page.html",
            title=short(profile),
            **gather(request, person, revealed=revealed, now=now),
            may_reveal=user.may(REVEAL_IDENTIFIERS) and person.grant is not None,
            may_break_glass=not user.may(REVEAL_IDENTIFIERS) and person.grant is not None,
            emergency=emergency,
            may_see_reads=user.may(VIEW_AUDIT),
            may_correct=user.may(CORRECT_IDENTITY),
            may_set=user.may(SET_VALUES) and person.grant is not None,
            may_open=user.may(OPEN_REQUESTS),
            may_hold=user.may(DECIDE_REQUESTS),
            may_say=user.may(RECORD_CONSENT),
            forms={
                "reason": Reason(),
                "say": Say(),
                "hold": PutHold(),
            },
        )

    @needs(VIEW_AUDIT, methods=("GET",))
    def who_looked(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """Every read of this person by people and programs, the latest first."""
        if not user_of(request).may(VIEW_PROFILES):
            raise PermissionDenied
        reads = audit.reads_of(source_profiles(profile)).reverse()
        shown = list(reads[:READS_SHOWN])
        looked = looks(shown, names_of(entry.actor for entry in shown))
        return self.page(
            request,
            "console/profiles/who_looked.html",
            title=f"Who looked at {short(profile)}",
            profile=profile,
            short=short(profile),
            looks=looked,
            readers=readers(looked),
            counted=len(shown),
            count=reads.count(),
        )

    @needs(VIEW_CONSENTS, methods=("GET",))
    def was_allowed(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """A decision at any instant, as known at any other, and all that it rests on."""
        known = _theirs(profile, request)
        form = Question(request.GET or None)
        found = explain(known, **form.asked()) if form.is_valid() else None
        return self.page(
            request,
            "console/profiles/was_allowed.html",
            title=f"Was this allowed? {short(profile)}",
            profile=profile,
            short=short(profile),
            form=form,
            found=found,
            basis=label_of(found.rule.legal_basis) if found and found.rule else "",
            entries=entries_of(found) if found else [],
            restrictions=restrictions_of(found) if found else [],
        )

    @needs(VIEW_CONSENTS, methods=("GET",))
    def receipts(self, request: HttpRequest, profile: UUID) -> HttpResponse:
        """The receipts of everything that the person said, as a file."""
        return as_file(receipts_of(_theirs(profile, request)), name=f"consent-receipts-{short(profile)}.json")

    @needs(VIEW_PROFILES)
    def look_up(self, request: HttpRequest) -> HttpResponse:
        """From an identifier to the page of whoever bears it."""
        form = LookUp(request.POST)
        found = None
        if form.is_valid():
            with telling(request, UnknownNamespace, TooMany):
                look_ups.count(actor_of(request))
                found = look_up(form.cleaned_data["namespace"], form.cleaned_data["value"], now=timezone.now())
        if found:
            return _to(found)
        messages.warning(request, first_error(form) or "Nobody bears this identifier.")
        return redirect("admin:identity_profile_changelist")

    @needs(REVEAL_IDENTIFIERS, fresh=True)
    def reveal(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """The same page with its values, this once, for a reason that the audit log keeps."""
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(profile)
        if where_now(profile) != profile:
            return _to(profile)
        return self._page(request, profile, reason=f"reveal: {form.cleaned_data['reason']}", revealed=True)

    @needs(VIEW_PROFILES, fresh=True)
    def break_glass(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """In an emergency: this person's values for fifteen minutes, to somebody without the role for it."""
        if user_of(request).may(REVEAL_IDENTIFIERS):
            raise PermissionDenied
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(profile)
        with telling(request, break_glass.NotReasoned, UnknownProfile):
            break_glass.open(profile, reason=form.cleaned_data["reason"], **_by(request))
        return _to(profile)

    @needs(CORRECT_IDENTITY)
    def split(self, request: HttpRequest, profile: UUID, source_profile: UUID) -> HttpResponse:
        if (reason := _reason(request)) and _lives_in(source_profile, profile, request):
            with telling(
                request, NotPossible, done="Split off. This is its new profile; matching will keep them apart."
            ):
                profile = corrections.split(source_profile, reason=reason, **_by(request))
        return _to(profile)

    @needs(CORRECT_IDENTITY)
    def undo_split(self, request: HttpRequest, profile: UUID, source_profile: UUID) -> HttpResponse:
        if (reason := _reason(request)) and _lives_in(source_profile, profile, request):
            with telling(request, NotPossible, done="Brought back."):
                profile = corrections.undo_split(source_profile, reason=reason, **_by(request))
        return _to(profile)

    @needs(CORRECT_IDENTITY)
    def undo_merge(self, request: HttpRequest, profile: UUID, merged: UUID) -> HttpResponse:
        if reason := _reason(request):
            done = "Taken apart again. This is the profile that was merged; its golden record follows within moments."
            with telling(request, NotPossible, done=done):
                profile = corrections.undo_merge(profile, merged, reason=reason, **_by(request))
        return _to(profile)

    @needs(CORRECT_IDENTITY)
    def allow_again(self, request: HttpRequest, profile: UUID, other: UUID) -> HttpResponse:
        if reason := _reason(request):
            with telling(request, NotPossible, done="Taken back: matching may join them again."):
                corrections.allow_again(profile, other, reason=reason, **_by(request))
        return _to(profile)

    @needs(DECIDE_REQUESTS)
    def hold(self, request: HttpRequest, profile: UUID) -> HttpResponse:
        form = PutHold(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(profile)
        with telling(request, NotReasoned, UnknownProfile, done="On hold: nothing is destroyed while it stands."):
            holds.put(profile, **form.cleaned_data, **_by(request))
        return _to(profile)

    @needs(DECIDE_REQUESTS)
    def lift_hold(self, request: HttpRequest, profile: UUID, id: UUID) -> HttpResponse:
        if (reason := _reason(request)) and get_object_or_404(LegalHold, pk=id) in holds.over(profile):
            with telling(request, AlreadyLifted, NotReasoned, done="Lifted."):
                holds.lift(id, reason=reason, **_by(request))
        return _to(profile)

    @needs(RECORD_CONSENT)
    def say(self, request: HttpRequest, profile: UUID) -> HttpResponse:
        """Record what the person said, on every source profile that is theirs."""
        form = Say(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(profile)
        with telling(request, UnknownPurpose, UnknownProfile, done="Recorded. It holds from now on, everywhere."):
            living = subjects.living(profile)
            acts.say(source_profiles(living), profile=living, **form.cleaned_data, **_by(request))
        return _to(profile)


def _theirs(profile: UUID, request: HttpRequest) -> list[UUID]:
    """The source profiles of a living profile, for those who may see profiles."""
    if not user_of(request).may(VIEW_PROFILES):
        raise PermissionDenied
    if not (known := source_profiles(profile)):
        raise Http404("There is no such profile, or it has been erased.")
    return known


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request).id, "now": timezone.now()}


def _reason(request: HttpRequest) -> str:
    form = Reason(request.POST)
    if form.is_valid():
        return str(form.cleaned_data["reason"])
    messages.error(request, first_error(form))
    return ""


def _lives_in(source_profile: UUID, profile: UUID, request: HttpRequest) -> bool:
    if profile_of([source_profile]).get(source_profile) == profile:
        return True
    messages.error(request, "That source profile is not part of this profile any more.")
    return False


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404("That is not the id of a profile.") from None


def _to(profile: UUID) -> HttpResponse:
    return redirect(reverse("admin:identity_profile_change", args=[profile]))
