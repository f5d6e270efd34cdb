"""Segments: what there is, who is in them, and why."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api import people
from api.authentication import actor_of
from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.people import Person
from api.purposes import agrees, held_purpose, purposes_asked
from api.serializers.segments import (
    MemberSerializer,
    ProfileMembershipsSerializer,
    SegmentDetailSerializer,
    SegmentSerializer,
)
from api.views.base import View
from api.views.profiles import AFTER_A_MERGE, located
from consent.decide import decide, decide_each
from identity import profiles
from segments.models import Membership, Segment
from vault import audit
from vault.grants import Actor, Grant


class Segments(View):
    """List the segments."""

    required_scopes = {"GET": "segments:read"}
    pagination_class = Cursor
    ordering = ("slug",)

    @describe(
        "List the segments",
        description="All segments, by slug, with how many members each has now.",
        operation_id="list_segments",
        tags=["segments"],
        responses={200: SegmentSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        page = pages.paginate_queryset(_counted(), request, self)
        return pages.get_paginated_response(SegmentSerializer(page, many=True).data)


class SegmentDetail(View):
    """Read a segment."""

    required_scopes = {"GET": "segments:read"}

    @describe(
        "Read a segment",
        description="The segment and its definition.",
        operation_id="read_segment",
        tags=["segments"],
        responses={200: SegmentDetailSerializer},
        fails=[404],
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(SegmentDetailSerializer(_segment(slug)).data)


class Members(View):
    """List the members of a segment."""

    required_scopes = {"GET": "segments:read"}
    pagination_class = Cursor
    ordering = ("entered_at", "id")

    @describe(
        "List the members of a segment",
        description="In the order in which they entered. The key must hold the segment's purpose, and a header "
        "that names a purpose must name that one. Consent is asked "
        "again for each page, and whoever it refuses is left out: a page may hold fewer rows than asked for.",
        operation_id="list_segment_members",
        tags=["segments"],
        responses={200: MemberSerializer(many=True)},
        fails=[404],
    )
    def get(self, request: Request, slug: str) -> Response:
        segment = _segment(slug)
        agrees(request, segment.purpose_id)
        held_purpose(request, segment.purpose_id)
        pages = Cursor()
        memberships = Membership.objects.filter(segment=segment, left_at=None)
        page = pages.paginate_queryset(memberships, request, self)
        allowed = _allowed(segment, page, actor=actor_of(request))
        shown = [member for member in page if member.profile_id in allowed]
        return pages.get_paginated_response(MemberSerializer(shown, many=True).data)


class ProfileSegments(View):
    """List the segments of a profile."""

    required_scopes = {"GET": "segments:read"}

    @describe(
        "List the segments of a profile, and why it is in them",
        description="Those whose purpose the key holds, and for which consent stands now: each segment is read under "
        f"its own purpose. {AFTER_A_MERGE}",
        operation_id="list_profile_segments",
        tags=["profiles"],
        responses={200: ProfileMembershipsSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        person = people.find(id)
        memberships = _memberships(person, purposes_asked(request))
        answer = {"profile": person.id, "results": _consented(memberships, person, actor=actor_of(request))}
        return Response(ProfileMembershipsSerializer(answer).data, headers=located(request, person))


def _counted() -> QuerySet[Segment]:
    return Segment.objects.annotate(members=Count("memberships", filter=Q(memberships__left_at=None)))


def _segment(slug: str) -> Any:
    segment = _counted().filter(slug=slug).first()
    if segment is None:
        raise Problem(404, code="not_found", detail="There is no such segment.")
    return segment


def _allowed(segment: Segment, page: Sequence[Membership], *, actor: Actor) -> frozenset[UUID]:
    people_by_profile = profiles.source_profiles_of([member.profile_id for member in page])
    decisions = decide_each(
        {id: source_profiles for id, source_profiles in people_by_profile.items() if source_profiles},
        purpose=segment.purpose_id,
        channel=segment.channel,
        at=timezone.now(),
        actor=actor,
        reason="API segment members",
    )
    if decisions.allowed:
        audit.write(
            decisions.grant, decisions.grant.source_profiles, action="read segment members", fields=["segments"]
        )
    return decisions.allowed


def _memberships(person: Person, purposes: Collection[str]) -> list[Membership]:
    rows = Membership.objects.filter(
        profile=person.id, left_at=None, segment__purpose__in=list(purposes), segment__purpose__active=True
    )
    return list(rows.select_related("segment").order_by("segment__slug"))


def _consented(memberships: Sequence[Membership], person: Person, *, actor: Actor) -> list[Membership]:
    """Those of these memberships for whose purpose and channel consent stands now."""
    asked = {(member.segment.purpose_id, member.segment.channel) for member in memberships}
    granted = set()
    for purpose, channel in sorted(asked):
        decision = decide(
            person.source_profiles,
            purpose=purpose,
            channel=channel,
            at=timezone.now(),
            actor=actor,
            reason="API profile segments",
        )
        if isinstance(decision, Grant):
            audit.write(decision, person.under(decision).source_profiles, action="read segments", fields=["segments"])
            granted.add((purpose, channel))
    return [member for member in memberships if (member.segment.purpose_id, member.segment.channel) in granted]
