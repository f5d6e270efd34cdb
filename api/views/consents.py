"""Consents: what stands, and acts recorded."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api import people
from api.authentication import actor_of
from api.documentation import describe
from api.errors import Problem
from api.people import Person
from api.serializers.consents import (
    ConsentActSerializer,
    ConsentExplanationSerializer,
    ConsentQuery,
    ConsentQuestionSerializer,
    ConsentSignalSerializer,
    ConsentsSerializer,
    ReceiptsSerializer,
    RecordedConsentSerializer,
    RecordedSignalSerializer,
)
from api.views.base import View
from api.views.profiles import AFTER_A_MERGE, located
from consent import acts
from consent.acts import NewAct
from consent.explanation import explain
from consent.models import GRANTED, WITHDRAWN
from consent.receipts import receipts_of
from consent.signals import meaning
from consent.signals.terms import terms_in_force
from consent.state import standing
from identity import profiles
from pipeline import queue, signals
from records.envelope import Signal
from records.models import Source

NEEDS_NO_PURPOSE = "What a person said is shown whatever they said, so this needs the scope and no purpose."
EXPLAINED = ("purpose", "channel", "at", "known_at", "allowed", "decision", "rule", "acts", "notices", "declared")


class Consents(View):
    """Read and record consents."""

    required_scopes = {"GET": "consents:read", "POST": "consents:write"}
    queries = {"GET": ConsentQuery}

    @describe(
        "Read the consents of a person",
        description=NEEDS_NO_PURPOSE,
        operation_id="read_consents",
        tags=["consents"],
        parameters=[ConsentQuery],
        responses={200: ConsentsSerializer},
        fails=[404],
    )
    def get(self, request: Request) -> Response:
        person = people.find(self.query["profile"])
        return Response(_standing(person))

    @describe(
        "Record what a person said",
        description="An act is written for every source profile of the person, and never changed. Segments and "
        "deliveries follow within moments; decisions follow at once.",
        operation_id="record_consent",
        tags=["consents"],
        request=ConsentActSerializer,
        responses={201: RecordedConsentSerializer},
        fails=[404, 413, 415],
    )
    def post(self, request: Request) -> Response:
        body = ConsentActSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_record(body.validated_data, actor=actor_of(request).id), status=201)


class ConsentSignals(View):
    """Record what a consent signal says."""

    required_scopes = {"POST": "consents:write"}

    @describe(
        "Record a consent signal",
        description="A TC string (TCF 2.3), a GPP string or Global Privacy Control, of one person. It is read by the "
        "`signals` in the mapping of `source_name`, or by default. What cannot be read is recorded as a refusal of all "
        "that it could have granted, and `readable` is false.",
        operation_id="record_consent_signal",
        tags=["consents"],
        request=ConsentSignalSerializer,
        responses={201: RecordedSignalSerializer},
        fails=[404, 413, 415],
    )
    def post(self, request: Request) -> Response:
        body = ConsentSignalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_record_signal(body.validated_data, actor=actor_of(request).id), status=201)


class ProfileConsents(View):
    """Read the consents of a profile."""

    required_scopes = {"GET": "consents:read"}

    @describe(
        "Read the consents of a profile",
        description=f"{NEEDS_NO_PURPOSE} {AFTER_A_MERGE}",
        operation_id="read_profile_consents",
        tags=["profiles"],
        responses={200: ConsentsSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        person = people.find(id)
        return Response(_standing(person), headers=located(request, person))


class ProfileExplanation(View):
    """Explain a decision on a profile, now or at a past instant."""

    required_scopes = {"POST": "consents:read"}

    @describe(
        "Explain a consent decision",
        description="Was this allowed? The decision for a purpose and channel at an instant, by what had been recorded "
        "until `known_at`, with the rule, the entries of the ledger, the notices and the restrictions that it rests "
        f"on. The person's source profiles are those of today. It allows nothing by itself. {AFTER_A_MERGE}",
        operation_id="explain_profile_consent",
        tags=["profiles"],
        request=ConsentQuestionSerializer,
        responses={200: ConsentExplanationSerializer},
        fails=[404, 413, 415],
    )
    def post(self, request: Request, id: UUID) -> Response:
        body = ConsentQuestionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person = people.find(id)
        asked = {"at": timezone.now(), **body.validated_data}
        found = explain(person.source_profiles, **asked)
        restrictions = [{"source_profile": one, "kind": kind} for one, kind in found.restrictions]
        told = {name: getattr(found, name) for name in EXPLAINED}
        answer = {"profile": person.id, **told, "restrictions": restrictions}
        return Response(ConsentExplanationSerializer(answer).data, headers=located(request, person))


class ProfileReceipts(View):
    """Read the consent receipts of a profile."""

    required_scopes = {"GET": "consents:read"}

    @describe(
        "Read the consent receipts of a profile",
        description=f"What the person said, for them to keep: a record after ISO/IEC TS 27560:2023 for each act, with "
        f"the notice they saw. {NEEDS_NO_PURPOSE} {AFTER_A_MERGE}",
        operation_id="read_profile_receipts",
        tags=["profiles"],
        responses={200: ReceiptsSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        person = people.find(id)
        answer = {"profile": person.id, "results": receipts_of(person.source_profiles)}
        return Response(ReceiptsSerializer(answer).data, headers=located(request, person))


def _standing(person: Person) -> Any:
    stands = standing(person.source_profiles, at=timezone.now())
    return ConsentsSerializer({"profile": person.id, "results": stands}).data


def _record(said: dict[str, Any], *, actor: str) -> Any:
    now = timezone.now()
    words = {name: said[name] for name in ("purpose", "channel", "state", "how", "notice", "locale", "jurisdiction")}
    occurred_at = min(said.get("occurred_at", now), now)
    with transaction.atomic():
        person = people.find(said["profile"] if "profile" in said else _profile_of(said["source_profile"]))
        recorded = acts.record(
            [
                NewAct(
                    source_profile=id,
                    occurred_at=occurred_at,
                    verified=True,
                    actor=actor,
                    source="API",
                    addressed=said.get("source_profile") or said["profile"],
                    **words,
                )
                for id in sorted(person.source_profiles)
            ],
            now=now,
        )
        queue.enqueue(person.source_profiles, now=now)
    stands = [item for item in standing(person.source_profiles, at=now) if item.purpose == said["purpose"]]
    answer = {"profile": person.id, "recorded_at": now, "acts": [act.id for act in recorded], "standing": stands}
    return RecordedConsentSerializer(answer).data


def _record_signal(said: dict[str, Any], *, actor: str) -> Any:
    now = timezone.now()
    source = Source.objects.filter(name=said["source_name"]).first() if "source_name" in said else None
    signal = Signal(said["kind"], said["text"])
    heard = meaning.hear(signal.kind, signal.text, terms_in_force(source.mapping if source else {}), now=now)
    known = acts.purposes()
    words = [word for word in signals.words(signal, heard) if word.purpose in known]
    with transaction.atomic():
        person = people.find(said["profile"] if "profile" in said else _profile_of(said["source_profile"]))
        recorded = acts.record(
            [
                NewAct(
                    source_profile=id,
                    purpose=word.purpose,
                    channel="",
                    state=GRANTED if word.granted else WITHDRAWN,
                    occurred_at=word.said_at or now,
                    how=word.how,
                    verified=True,
                    actor=actor,
                    source=said.get("source_name", "API"),
                    addressed=said.get("source_profile") or said["profile"],
                )
                for id in sorted(person.source_profiles)
                for word in words
            ],
            now=now,
        )
        queue.enqueue(person.source_profiles, now=now)
    spoken_of = {word.purpose for word in words}
    answer = {
        "profile": person.id,
        "recorded_at": now,
        "readable": heard.readable,
        "acts": [act.id for act in recorded],
        "standing": [item for item in standing(person.source_profiles, at=now) if item.purpose in spoken_of],
    }
    return RecordedSignalSerializer(answer).data


def _profile_of(source_profile: UUID) -> UUID:
    profile = profiles.profile_of([source_profile]).get(source_profile)
    if profile is None:
        raise Problem(404, code="not_found", detail="There is no such source profile, or it belongs to no profile yet.")
    return profile
