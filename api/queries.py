"""Query strings: read by a serializer, and nothing in them that it does not know."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

PAGING = ("cursor", "page_size")


def read(request: Request, serializer: type[Serializer[Any]]) -> dict[str, Any]:
    """The validated query parameters. A parameter that is not known is an error: a filter misspelled shows too much.

    So is one that is given twice, of which only the last would count.
    """
    query = serializer(data=request.query_params.dict())
    known = {*query.fields, *_paging(request)}
    if not known.issuperset(request.query_params):
        knows = f"this route knows: {', '.join(sorted(known))}" if known else "this route knows none"
        raise ValidationError({"non_field_errors": [f"Unknown query parameter; {knows}."]}, code="unknown_parameter")
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise ValidationError(dict.fromkeys(repeated, "Give it once."), code="repeated_parameter")
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def _paging(request: Request) -> tuple[str, ...]:
    """The parameters of paging, where the route has pages."""
    view = request.parser_context["view"]
    return PAGING if request.method in ("GET", "HEAD") and hasattr(view, "pagination_class") else ()


class Nothing(Serializer[Any]):
    """A route that knows no parameters but those of paging."""
