"""The quarantine, and its replays: one record, or all of a source for a reason."""

from typing import Any
from uuid import UUID

import orjson
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import actor_of
from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.serializers.quarantine import (
    NewReplaySerializer,
    QuarantinedRecordSerializer,
    QuarantineQuery,
    ReplayedSerializer,
    ReplayOneSerializer,
    ReplaySerializer,
)
from api.views.base import View
from pipeline import replay_runs, tasks
from pipeline.models import Replay
from pipeline.replay import NotOpened, Replayed, replay
from records.mending import Mend, SaysConsent
from records.models import QuarantinedRecord, Source

REASON = "mend a record in quarantine"
OUTCOMES = ("stored", "duplicate", "refused")


class Quarantine(View):
    """List what is in quarantine."""

    required_scopes = {"GET": "sources:read"}
    queries = {"GET": QuarantineQuery}
    pagination_class = Cursor
    ordering = ("-received_at", "-id")

    @describe(
        "List the quarantine",
        description="Records that could not be taken in, the latest first: the reason, the field and the position, "
        "never a value.",
        operation_id="list_quarantine",
        tags=["sources"],
        parameters=[QuarantineQuery],
        responses={200: QuarantinedRecordSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        query = self.query
        found = QuarantinedRecord.objects.select_related("source").defer("sealed")
        if "source" in query:
            found = found.filter(source=_source(query["source"]))
        if "reason" in query:
            found = found.filter(reason=query["reason"])
        if "file" in query:
            found = found.filter(load=query["file"])
        pages = Cursor()
        page = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(QuarantinedRecordSerializer(page, many=True).data)


class ReplayOne(View):
    """Replay one record."""

    required_scopes = {"POST": "sources:write"}

    @describe(
        "Replay one record of the quarantine",
        description="It is read again as its source is now, mended as the body says, and taken in if it can be: "
        "consent is asked as for every record. What was taken in, known already or refused is gone from the "
        "quarantine, and counts on the day on which it came.",
        operation_id="replay_quarantined_record",
        tags=["sources"],
        request=ReplayOneSerializer,
        responses={200: ReplayedSerializer},
        fails=(404, 409, 413, 415),
    )
    def post(self, request: Request, id: UUID) -> Response:
        body = ReplayOneSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        get_object_or_404(QuarantinedRecord.objects.only("id"), pk=id)
        try:
            replayed = replay(
                [id], actor=actor_of(request), reason=REASON, now=timezone.now(), mend=_mend(body.validated_data)
            )
        except NotOpened as error:
            raise Problem(409, code="not_opened", detail=f"{error}.") from None
        except SaysConsent as error:
            raise Problem(409, code="says_consent", detail=f"{error}.") from None
        return Response(_outcome(replayed, id))


class Replays(View):
    """Replay what a source has in quarantine."""

    required_scopes = {"POST": "sources:write"}

    @describe(
        "Replay what a source has in quarantine",
        description="A worker reads it all again as the source is now; ask at `Location` how far that is.",
        operation_id="replay_quarantine",
        tags=["sources"],
        request=NewReplaySerializer,
        responses={202: ReplaySerializer},
        fails=(409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        body = NewReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        told = dict(body.validated_data)
        try:
            run = replay_runs.begin(
                _source(told.pop("source")),
                load=told.pop("file", None),
                **told,
                by=actor_of(request),
                now=timezone.now(),
            )
        except replay_runs.Nothing as error:
            raise Problem(409, code="nothing_to_replay", detail=f"{str(error).capitalize()}.") from None
        except SaysConsent as error:
            raise Problem(409, code="says_consent", detail=f"{error}.") from None
        tasks.wake_for_replay(run.pk)
        location = f"/api/quarantine/replays/{run.pk}/"
        return Response(ReplaySerializer(run).data, status=202, headers={"Location": location})


class ReplayDetail(View):
    """How far a replay is."""

    required_scopes = {"GET": "sources:read"}

    @describe(
        "Read the state of a replay",
        description="How far it is, and what became of its records. It is kept for 30 days.",
        operation_id="read_replay",
        tags=["sources"],
        responses={200: ReplaySerializer},
        fails=(404,),
    )
    def get(self, request: Request, id: UUID) -> Response:
        return Response(ReplaySerializer(get_object_or_404(Replay.objects.select_related("source"), pk=id)).data)


def _mend(told: dict[str, Any]) -> Mend:
    anew = orjson.dumps(told["record"]) if "record" in told else None
    return Mend(leave_out=tuple(told.get("leave_out", ())), anew=anew)


def _outcome(replayed: Replayed, id: UUID) -> dict[str, str]:
    if still := replayed.still.get(id):
        return {"outcome": "quarantined", "reason": still.code, "field": still.field, "message": still.message}
    became = next((name for name in OUTCOMES if getattr(replayed.acceptance, name)), "left")
    return {"outcome": became, "reason": "", "field": "", "message": ""}


def _source(name: str) -> Source:
    source = Source.objects.filter(name=name).first()
    if source is None:
        raise ValidationError({"source": "There is no source of this name."}, code="unknown_source")
    return source
