"""Changes: the outbox, in order."""

from collections.abc import Collection

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import key_of
from api.documentation import describe
from api.pagination import Cursor
from api.serializers.changes import ChangeQuery, ChangeSerializer
from api.views.base import View
from outbox.changes import SEGMENT_ENTERED, SEGMENT_LEFT
from outbox.models import Change
from segments.models import Segment


class Changes(View):
    """List the changes."""

    required_scopes = {"GET": "changes:read"}
    queries = {"GET": ChangeQuery}
    pagination_class = Cursor
    ordering = ("id",)

    @describe(
        "List the changes",
        description="What happened to profiles, the oldest first. `next` is null at the end: come back later with "
        "`after`, the id of the last change that you have seen. Changes of segments are listed to a key that holds "
        "the segment's purpose.",
        operation_id="list_changes",
        tags=["changes"],
        parameters=[ChangeQuery],
        responses={200: ChangeSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        visible = _visible(key_of(request).purposes, after=self.query.get("after", 0))
        page = pages.paginate_queryset(visible, request, self)
        return pages.get_paginated_response(ChangeSerializer(page, many=True).data)


def _visible(purposes: Collection[str], *, after: int) -> QuerySet[Change]:
    slugs = list(Segment.objects.filter(purpose__in=list(purposes)).values_list("slug", flat=True))
    of_segments = Q(kind__in=[SEGMENT_ENTERED, SEGMENT_LEFT])
    return Change.objects.filter(~of_segments | Q(detail__segment__in=slugs), id__gt=after)
