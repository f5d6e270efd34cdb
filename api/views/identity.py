"""Who is who: the ledger of a profile as of any instant; merging, splitting, and undoing either."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from api import people
from api.authentication import actor_of
from api.documentation import PURPOSE, describe
from api.errors import Problem
from api.pagination import Cursor
from api.purposes import purpose_of
from api.serializers.identity import (
    DecidedSerializer,
    LedgerEntrySerializer,
    LedgerQuery,
    NewMergeSerializer,
    SplitSerializer,
    UndoneMergeSerializer,
)
from api.views.base import View
from consent.decide import decide_each
from identity.ledger import NotPossible
from identity.models import Assignment
from identity.profiles import profile_of
from pipeline import corrections
from vault import audit

NOBODY = "There is no such profile, it had nobody at that instant, or whoever it had has been erased."
UNDONE = "It can be undone at any later time; what is decided by hand stands whatever comes in."


class Ledger(View):
    """List the entries of the identity ledger on a profile."""

    required_scopes = {"GET": "profiles:read"}
    queries = {"GET": LedgerQuery}
    pagination_class = Cursor
    ordering = ("-assigned_at", "-id")

    @describe(
        "List the identity ledger of a profile",
        description="Which source profiles belong to it or did, since and until when, and why, the latest first; with "
        "`at` those that made it up at that instant. Of a profile that was merged, its own. Source profiles that may "
        "not be read for the purpose are absent.",
        operation_id="list_profile_ledger",
        tags=["identity"],
        parameters=[PURPOSE, LedgerQuery],
        responses={200: LedgerEntrySerializer(many=True)},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose, now = purpose_of(request), timezone.now()
        entries = Assignment.objects.filter(_held(self.query.get("at")), profile=id)
        asked = {one: (one,) for one in entries.values_list("source_profile_id", flat=True)}
        if not asked:
            raise Problem(404, code="not_found", detail=NOBODY)
        actor = actor_of(request)
        decisions = decide_each(asked, purpose=purpose.slug, at=now, actor=actor, reason="API identity ledger")
        readable = sorted(decisions.allowed & decisions.grant.source_profiles)
        audit.write(decisions.grant, readable, action="read profile", fields=["sources"])
        pages = Cursor()
        rows = entries.filter(source_profile__in=readable).select_related("source_profile__source")
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(LedgerEntrySerializer(page, many=True).data)


def _held(at: datetime | None) -> Q:
    """What holds of an entry that held at this instant; of any where none is asked for."""
    return Q(assigned_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at)) if at else Q()


class Deciding(View):
    """A decision by hand about a profile, with a reason that the ledger keeps."""

    required_scopes = {"POST": "identity:write"}
    body: type[Serializer[Any]]

    def decided(self, request: Request, id: UUID, decide: Callable[..., dict[str, UUID]]) -> Response:
        """What came of it; a 409 that says why where it cannot be done as things stand."""
        body = self.body(data=request.data)
        body.is_valid(raise_exception=True)
        _living(id)
        now, by = timezone.now(), actor_of(request).id
        try:
            found = decide(id, **body.validated_data, actor=by, now=now)
        except NotPossible as error:
            raise Problem(409, code="not_possible", detail=f"{str(error).capitalize()}.") from None
        return Response(DecidedSerializer(found).data)


def _living(id: UUID) -> None:
    """Whoever decides means this profile: one that was merged meanwhile is another."""
    person = people.find(id)
    if person.id != id:
        detail = f"This profile was merged into {person.id} meanwhile; look at that one, and decide about it."
        raise Problem(409, code="merged_meanwhile", detail=detail, members={"profile": str(person.id)})


class Merges(Deciding):
    """Merge two profiles."""

    body = NewMergeSerializer

    @describe(
        "Merge two profiles",
        description=f"The older profile stays, with the source profiles of both. {UNDONE}",
        operation_id="merge_profiles",
        tags=["identity"],
        request=NewMergeSerializer,
        responses={200: DecidedSerializer},
        fails=[404, 409, 413, 415],
    )
    def post(self, request: Request, id: UUID) -> Response:
        return self.decided(request, id, _merge)


class UndoneMerges(Deciding):
    """Undo a merge."""

    body = UndoneMergeSerializer

    @describe(
        "Undo a merge",
        description="Takes apart again what was merged into this profile, by hand or by matching: its source profiles "
        "go back to the profile that they were in, and matching will not join the two again.",
        operation_id="undo_merge",
        tags=["identity"],
        request=UndoneMergeSerializer,
        responses={200: DecidedSerializer},
        fails=[404, 409, 413, 415],
    )
    def post(self, request: Request, id: UUID) -> Response:
        return self.decided(request, id, _undo_merge)


class Splits(Deciding):
    """Split a source profile off."""

    body = SplitSerializer

    @describe(
        "Split a source profile off",
        description=f"The source profile gets a profile of its own, and matching will not join it again. {UNDONE}",
        operation_id="split_profile",
        tags=["identity"],
        request=SplitSerializer,
        responses={200: DecidedSerializer},
        fails=[404, 409, 413, 415],
    )
    def post(self, request: Request, id: UUID) -> Response:
        return self.decided(request, id, _split)


class UndoneSplits(Deciding):
    """Undo a split."""

    body = SplitSerializer

    @describe(
        "Undo a split",
        description="Puts a source profile that was split off, and is in this profile by that, back where it was.",
        operation_id="undo_split",
        tags=["identity"],
        request=SplitSerializer,
        responses={200: DecidedSerializer},
        fails=[404, 409, 413, 415],
    )
    def post(self, request: Request, id: UUID) -> Response:
        return self.decided(request, id, _undo_split)


def _merge(id: UUID, *, other: UUID, reason: str, actor: str, now: datetime) -> dict[str, UUID]:
    _living(other)
    survivor = corrections.merge(id, other, actor=actor, reason=reason, now=now)
    return {"profile": survivor, "other": other if survivor == id else id}


def _undo_merge(id: UUID, *, merged: UUID, reason: str, actor: str, now: datetime) -> dict[str, UUID]:
    return {"profile": id, "other": corrections.undo_merge(id, merged, actor=actor, reason=reason, now=now)}


def _split(id: UUID, *, source_profile: UUID, reason: str, actor: str, now: datetime) -> dict[str, UUID]:
    _belongs(source_profile, id)
    return {"profile": id, "other": corrections.split(source_profile, actor=actor, reason=reason, now=now)}


def _undo_split(id: UUID, *, source_profile: UUID, reason: str, actor: str, now: datetime) -> dict[str, UUID]:
    _belongs(source_profile, id)
    return {"profile": corrections.undo_split(source_profile, actor=actor, reason=reason, now=now), "other": id}


def _belongs(source_profile: UUID, profile: UUID) -> None:
    if profile_of([source_profile]).get(source_profile) != profile:
        raise NotPossible("this source profile does not belong to this profile")
