"""The statement, at a place that everybody knows, that Global Privacy Control is honored here."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

LAST_UPDATE = "2026-11-23"


@require_safe
def gpc(request: HttpRequest) -> JsonResponse:
    """`/.well-known/gpc.json` of the Global Privacy Control specification."""
    return JsonResponse({"gpc": True, "lastUpdate": LAST_UPDATE}, headers={"Cache-Control": "max-age=86400"})
