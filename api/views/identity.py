"""Who is who: the ledger of a profile as of any instant; merging, splitting, and undoing either."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
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
from identity import ledger
from identity.ledger import NotPossible
from identity.models import Assignment
from identity.profiles import profile_of, source_profiles_of
from pipeline import corrections
from vault import audit

NOBODY = "There is no such profile, it had nobody at that instant, or whoever it had has been erased."
# What the evidence of an entry names: other source profiles.
NAMED = ("with", "apart_from", "kept_from")


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
        "not be read for the purpose, as parts of whom they belong to now, are absent and not named as evidence.",
        operation_id="list_profile_ledger",
        tags=["identity"],
        parameters=[PURPOSE, LedgerQuery],
        responses={200: LedgerEntrySerializer(many=True)},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose, now = purpose_of(request), timezone.now()
        at = self.query.get("at")
        entries = (Assignment.objects.held_at(at) if at else Assignment.objects.all()).filter(profile=id)
        rows = entries.values_list("source_profile_id", *(f"evidence__{name}" for name in NAMED))
        theirs = {own for own, *_ in rows}
        if not theirs:
            raise Problem(404, code="not_found", detail=NOBODY)
        people_now = _people_now(theirs | {UUID(other) for _, *named in rows for other in named if other})
        actor = actor_of(request)
        grant = decide_each(people_now, purpose=purpose.slug, at=now, actor=actor, reason="API identity ledger").grant
        readable = sorted(theirs & grant.source_profiles)
        audit.write(grant, readable, action="read profile", fields=["sources"])
        pages = Cursor()
        shown = entries.filter(source_profile__in=readable).select_related("source_profile__source")
        page = pages.paginate_queryset(shown, request, self)
        told = LedgerEntrySerializer(page, many=True).data
        return pages.get_paginated_response([_naming(grant.source_profiles, row) for row in told])


def _people_now(source_profiles: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Everybody whom these are part of now, whole: a word of one part holds of all. Who belongs nowhere is alone."""
    homes = profile_of(source_profiles)
    return source_profiles_of(set(homes.values())) | {id: [id] for id in source_profiles if id not in homes}


def _naming(readable: Collection[UUID], row: dict[str, Any]) -> dict[str, Any]:
    """The entry, whose evidence names nobody but these."""
    given = row["evidence"].items()
    return {**row, "evidence": {key: value for key, value in given if key not in NAMED or UUID(value) in readable}}


class Deciding(View):
    """A decision by hand about a profile, with a reason that the ledger keeps."""

    required_scopes = {"POST": "identity:write"}
    body: type[Serializer[Any]]

    def decided(self, request: Request, id: UUID, decide: Callable[..., dict[str, UUID]]) -> Response:
        """What came of it; a 409 that says why where it cannot be done as things stand."""
        body = self.body(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            with transaction.atomic():
                # Who is who stands still from here on, and nothing of it began later than `now`.
                ledger.lock()
                _living(id)
                by, now = actor_of(request).id, timezone.now()
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
        description="The older profile stays, with the source profiles of both. It can be undone at any later time; "
        "what is decided by hand stands whatever comes in.",
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
        description="The source profile gets a profile of its own, and matching will not join it again. It can be "
        "undone as long as the source profile is where the split put it.",
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
        description="Puts a source profile that was split off, and is in this profile by that, back where it was, or "
        "into the profile that went on from there.",
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
