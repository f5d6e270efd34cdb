"""Routes of the API. No route takes an identifier of a person: look-ups go by POST."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from api.errors import not_found
from api.views.browser import Beacon, Settings
from api.views.changes import Changes
from api.views.cloudevents import CloudEvents
from api.views.consents import Consents, ConsentSignals, ProfileConsents, ProfileExplanation, ProfileReceipts
from api.views.deliveries import Acknowledgment, Deliveries
from api.views.dictionary import Dictionary
from api.views.features import Features, ProfileFeatures
from api.views.health import Live, Ready
from api.views.households import Household
from api.views.identity import Ledger, Merges, Splits, UndoneMerges, UndoneSplits
from api.views.limits import BlockedValues, LimitDetail, Limits, LimitVersions
from api.views.messages import Batch, Single
from api.views.metrics import Metrics
from api.views.opendsr import Certificate, Discovery, OpenDsrRequestDetail, OpenDsrRequests
from api.views.overrides import OverrideDetail, Overrides
from api.views.pixel import Pixel
from api.views.profiles import Events, Identifiers, Lookup, Profile
from api.views.quality import Alarms, SourceQuality
from api.views.quarantine import Quarantine, ReplayDetail, ReplayOne, Replays
from api.views.readings import (
    ContractDetail,
    ContractVersions,
    DiscoveredFieldDetail,
    DiscoveredFields,
    MappingDetail,
    MappingTrial,
    MappingVersions,
)
from api.views.recipients import RecipientDetail, Recipients
from api.views.reconciliation import Reconciliation
from api.views.segments import Members, ProfileSegments, SegmentDetail, Segments
from api.views.sources import FileDetail, Files, Sources
from api.views.subject_requests import ErasureCertificate, SubjectRequestDetail, SubjectRequests
from api.views.webhooks import Webhooks

TYPES = ("identify", "track", "page", "screen", "group", "alias")


@csrf_exempt
def nothing(request: HttpRequest, **path: str) -> HttpResponse:
    """A problem document for any other path below /api and /v1."""
    return not_found()


urlpatterns = [
    path("livez", Live.as_view()),
    # Rudder's clients ask here whether anybody listens.
    path("health", Live.as_view(schema=None)),
    path("readyz", Ready.as_view()),
    path("metrics", Metrics.as_view()),
    path("api/profiles/lookup/", Lookup.as_view()),
    path("api/profiles/<uuid:id>/", Profile.as_view()),
    path("api/profiles/<uuid:id>/events/", Events.as_view()),
    path("api/profiles/<uuid:id>/identifiers/", Identifiers.as_view()),
    path("api/profiles/<uuid:id>/overrides/", Overrides.as_view()),
    path("api/profiles/<uuid:id>/overrides/<slug:slug>/", OverrideDetail.as_view()),
    path("api/profiles/<uuid:id>/ledger/", Ledger.as_view()),
    path("api/profiles/<uuid:id>/household/", Household.as_view()),
    path("api/profiles/<uuid:id>/merges/", Merges.as_view()),
    path("api/profiles/<uuid:id>/merges/undo/", UndoneMerges.as_view()),
    path("api/profiles/<uuid:id>/splits/", Splits.as_view()),
    path("api/profiles/<uuid:id>/splits/undo/", UndoneSplits.as_view()),
    path("api/profiles/<uuid:id>/consents/", ProfileConsents.as_view()),
    path("api/profiles/<uuid:id>/consents/explain/", ProfileExplanation.as_view()),
    path("api/profiles/<uuid:id>/consents/receipts/", ProfileReceipts.as_view()),
    path("api/profiles/<uuid:id>/segments/", ProfileSegments.as_view()),
    path("api/profiles/<uuid:id>/features/", ProfileFeatures.as_view()),
    path("api/features/", Features.as_view()),
    path("api/consents/", Consents.as_view()),
    path("api/consents/signals/", ConsentSignals.as_view()),
    path("api/segments/", Segments.as_view()),
    path("api/segments/<slug:slug>/", SegmentDetail.as_view()),
    path("api/segments/<slug:slug>/members/", Members.as_view()),
    path("api/subject-requests/", SubjectRequests.as_view()),
    path("api/subject-requests/<uuid:id>/", SubjectRequestDetail.as_view()),
    path("api/subject-requests/<uuid:id>/certificate/", ErasureCertificate.as_view()),
    path("api/dictionary/", Dictionary.as_view()),
    path("api/identifier-limits/", Limits.as_view()),
    path("api/identifier-limits/<slug:slug>/", LimitDetail.as_view()),
    path("api/identifier-limits/<slug:slug>/versions/", LimitVersions.as_view()),
    path("api/identifier-limits/<slug:slug>/blocked/", BlockedValues.as_view()),
    path("api/sources/", Sources.as_view()),
    path("api/sources/<slug:slug>/files/", Files.as_view()),
    path("api/sources/<slug:slug>/mapping/", MappingDetail.as_view()),
    path("api/sources/<slug:slug>/mapping/versions/", MappingVersions.as_view()),
    path("api/sources/<slug:slug>/mapping/try/", MappingTrial.as_view()),
    path("api/sources/<slug:slug>/contract/", ContractDetail.as_view()),
    path("api/sources/<slug:slug>/contract/versions/", ContractVersions.as_view()),
    path("api/sources/<slug:slug>/discovered/", DiscoveredFields.as_view()),
    path("api/sources/<slug:slug>/quality/", SourceQuality.as_view()),
    path("api/sources/<slug:slug>/reconciliation/", Reconciliation.as_view()),
    path("api/alarms/", Alarms.as_view()),
    path("api/discovered-fields/<uuid:id>/", DiscoveredFieldDetail.as_view()),
    path("api/files/<uuid:id>/", FileDetail.as_view()),
    path("api/quarantine/", Quarantine.as_view()),
    path("api/quarantine/replays/", Replays.as_view()),
    path("api/quarantine/replays/<uuid:id>/", ReplayDetail.as_view()),
    path("api/quarantine/<uuid:id>/replay/", ReplayOne.as_view()),
    path("api/changes/", Changes.as_view()),
    path("api/recipients/", Recipients.as_view()),
    path("api/recipients/<uuid:id>/", RecipientDetail.as_view()),
    path("api/deliveries/", Deliveries.as_view()),
    path("api/deliveries/<uuid:id>/acknowledgment/", Acknowledgment.as_view()),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("v2/discovery", Discovery.as_view()),
    path("v2/certificate.pem", Certificate.as_view()),
    path("v2/requests", OpenDsrRequests.as_view()),
    path("v2/requests/<uuid:id>", OpenDsrRequestDetail.as_view()),
    # OpenDSR's earlier name; the standard has its routes honored.
    path("v1/discovery", Discovery.as_view(dialect="opengdpr")),
    path("v1/opengdpr_requests", OpenDsrRequests.as_view(dialect="opengdpr")),
    path("v1/opengdpr_requests/<uuid:id>", OpenDsrRequestDetail.as_view(dialect="opengdpr")),
    path("v1/batch", Batch.as_view()),
    path("v1/cloudevents", CloudEvents.as_view()),
    path("v1/webhooks/<slug:slug>", Webhooks.as_view()),
    *(path(f"v1/{type}", Single.as_view(single_type=type)) for type in TYPES),
    # The short forms of the browser client; the OpenAPI document names them with the long ones.
    path("v1/b", Batch.as_view(schema=None)),
    path("v1/import", Batch.as_view(schema=None)),
    path("v1/merge", Single.as_view(single_type="merge", schema=None)),
    path("beacon/v1/batch", Beacon.as_view()),
    *(path(f"pixel/v1/{type}", Pixel.as_view(single_type=type)) for type in ("track", "page")),
    path("v1/projects/<str:write_key>/settings", Settings.as_view()),
    *(path(f"v1/{type[0]}", Single.as_view(single_type=type, schema=None)) for type in TYPES),
    re_path(r"^(?:api|v1|v2)(?:/.*)?$", nothing),
]
