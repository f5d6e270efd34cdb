"""What all views below /api share: small JSON bodies, query strings that are read in full, nothing cached."""

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from api import queries
from api.authentication import end_of
from api.bodies import Json

# Says in time that the key, or the old secret of one that was rotated, will stop to open anything.
KEY_ENDS = "X-Onym-Key-Expires"


class View(APIView):
    """A view of the API. `required_scopes` names the scope that each method needs, `queries` what its query string may
    hold, which then stands in `query`; without a name it may hold nothing."""

    parser_classes = (Json,)
    metadata_class = None
    required_scopes: dict[str, str] = {}
    queries: dict[str, type[Serializer[Any]]] = {}
    query: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may call is asked first, then what the query string says."""
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else str(request.method)
        self.query = queries.read(request, self.queries.get(method, queries.Nothing))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers hold personal data: no cache on the way may keep them. A key that ends soon is told so."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        if end := end_of(request):
            response[KEY_ENDS] = end.isoformat()
        return response
