"""Features: what is computed of profiles, what stands in where it is missing, and what it is of one person."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api import people
from api.documentation import describe
from api.purposes import agrees, held_purpose
from api.serializers.features import FeatureSerializer, ProfileFeaturesSerializer
from api.views.base import View
from api.views.profiles import AFTER_A_MERGE, located
from segments.consented import ANALYTICS
from segments.features.missing import SUFFIX
from segments.features.registry import FEATURES
from segments.imputation import policies
from segments.models import ProfileFeatures as Kept
from vault import audit


class Features(View):
    """List the features."""

    required_scopes = {"GET": "segments:read"}

    @describe(
        "List the features",
        description="Everything that rules and scores may use, and what each is taken to be where it is not known of a "
        "person. All of them, in one answer.",
        operation_id="list_features",
        tags=["segments"],
        responses={200: FeatureSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        standing = policies.standing()
        rows = [
            {
                "slug": slug,
                "name": one.name,
                "description": one.description,
                "type": one.type,
                "unit": one.unit,
                "options": one.options,
                "indicator": f"{slug}{SUFFIX}",
                "policy": standing.get(slug),
            }
            for slug, one in FEATURES.items()
        ]
        return Response(FeatureSerializer(rows, many=True).data)


class ProfileFeatures(View):
    """List the features of a profile."""

    required_scopes = {"GET": "segments:read"}

    @describe(
        "List the features of a profile",
        description="As last computed, each with whether it is known or estimated. The key must hold the purpose "
        f"`analytics`, which they are computed for, and consent is asked for it. {AFTER_A_MERGE}",
        operation_id="list_profile_features",
        tags=["profiles"],
        responses={200: ProfileFeaturesSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        agrees(request, ANALYTICS)
        purpose = held_purpose(request, ANALYTICS)
        person = people.find(id)
        grant = people.ask(person, purpose=purpose, request=request, reason="API features", now=timezone.now())
        audit.write(grant, person.under(grant).source_profiles, action="read features", fields=["features"])
        kept = Kept.objects.filter(profile=person.id).first()
        answer = {
            "profile": person.id,
            "computed_at": kept.computed_at if kept else None,
            "results": [_told(slug, kept) for slug in FEATURES] if kept else [],
        }
        return Response(ProfileFeaturesSerializer(answer).data, headers=located(request, person))


def _told(slug: str, kept: Kept) -> dict[str, Any]:
    estimate = kept.estimated.get(slug)
    return {
        "feature": slug,
        "value": estimate["value"] if estimate else kept.values.get(slug),
        "missing": slug not in kept.values,
        "estimated": estimate is not None,
        "method": estimate["method"] if estimate else None,
        "policy_version": estimate["version"] if estimate else None,
    }
