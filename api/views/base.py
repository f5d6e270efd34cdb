"""What all views below /api share: small JSON bodies, nothing cached, no metadata."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from api.authentication import end_of
from api.bodies import Json

# Says in time that the key, or the old secret of one that was rotated, will stop to open anything.
KEY_ENDS = "X-Onym-Key-Expires"


class View(APIView):
    """A view of the API. `required_scopes` names the scope that each method needs."""

    parser_classes = (Json,)
    metadata_class = None
    required_scopes: dict[str, str] = {}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers hold personal data: no cache on the way may keep them. A key that ends soon is told so."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        if end := end_of(request):
            response[KEY_ENDS] = end.isoformat()
        return response
