"""What all views below /api share: small JSON bodies, nothing cached, no metadata."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from api.bodies import Json


class View(APIView):
    """A view of the API. `required_scopes` names the scope that each method needs."""

    parser_classes = (Json,)
    metadata_class = None
    required_scopes: dict[str, str] = {}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers hold personal data: no cache on the way may keep them."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response
