"""Sources, what became of their records, and their files."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import actor_of
from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.serializers.sources import (
    FileLoadSerializer,
    SourceSerializer,
    UploadQuery,
)
from api.uploading import pass_on
from api.views.base import View
from pipeline import tasks
from records.models import FileLoad, Source
from records.readers import NotReadable
from records.readers.charset import known
from records.uploads import Receiver

COUNTS = ("acknowledged", "stored", "duplicate", "quarantined", "refused")


class Sources(View):
    """List the sources."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("name",)

    @describe(
        "List the sources",
        description="By name, with what became of their records. Write keys are never shown.",
        operation_id="list_sources",
        tags=["sources"],
        responses={200: SourceSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        page = pages.paginate_queryset(_counted(), request, self)
        return pages.get_paginated_response(SourceSerializer(page, many=True).data)


class Files(View):
    """Load a file of a source."""

    required_scopes = {"POST": "sources:write"}
    queries = {"POST": UploadQuery}

    @describe(
        "Load a file",
        description="The file as the body, or as the member `file` of a form: CSV, JSON lines (each also gzipped) or "
        "Parquet. It is kept sealed until a worker has loaded it; ask at `Location` how far that is. What was loaded "
        "before changes nothing, so a file may be sent again. With `dry_run` it is only read: the answer at `Location` "
        "then says what would become of its rows, and nothing of it is kept.",
        operation_id="load_file",
        tags=["sources"],
        parameters=[UploadQuery],
        request={
            "application/octet-stream": {"type": "string", "format": "binary"},
            "multipart/form-data": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            },
        },
        responses={202: FileLoadSerializer},
        fails=(404, 409, 413, 415),
    )
    def post(self, request: Request, slug: str) -> Response:
        query = self.query
        source = get_object_or_404(Source, name=slug)
        if not source.enabled:
            raise Problem(409, code="source_disabled", detail="This source is disabled: enable it in the admin first.")
        receiver = Receiver(
            source,
            by=actor_of(request).id,
            most=settings.UPLOAD_BYTES,
            encoding=_encoding(query),
            only_try=query["dry_run"],
            now=timezone.now(),
        )
        with receiver:
            pass_on(request._request, receiver, most=settings.UPLOAD_BYTES)
        tasks.wake_for_file(receiver.load.pk)
        location = f"/api/files/{receiver.load.pk}/"
        return Response(FileLoadSerializer(receiver.load).data, status=202, headers={"Location": location})


class FileDetail(View):
    """How far the load of a file is."""

    required_scopes = {"GET": "sources:read"}

    @describe(
        "Read the state of a file",
        description="How far it is, what became of its rows, and of a dry run what would become of them. The name of "
        "the file is kept nowhere.",
        operation_id="read_file",
        tags=["sources"],
        responses={200: FileLoadSerializer},
        fails=(404,),
    )
    def get(self, request: Request, id: UUID) -> Response:
        return Response(FileLoadSerializer(get_object_or_404(FileLoad.objects.select_related("source"), pk=id)).data)


def _encoding(query: dict[str, Any]) -> str:
    try:
        return known(query["encoding"]) if query.get("encoding") else ""
    except NotReadable as error:
        raise ValidationError({"encoding": f"{str(error).capitalize()}."}, code="unknown_encoding") from None


def _counted() -> QuerySet[Source]:
    sums = {f"{name}_records": Coalesce(Sum(f"intakes__{name}"), 0) for name in COUNTS}
    return Source.objects.annotate(last_received_at=Max("intakes__received_at"), **sums)
