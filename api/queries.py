"""Query strings: read by a serializer, and nothing in them that it does not know."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

PAGING = ("cursor", "page_size")


def read(request: Request, serializer: type[Serializer[Any]]) -> dict[str, Any]:
    """The validated query parameters. A parameter that is not known is an error: a filter misspelled shows too much."""
    query = serializer(data=request.query_params.dict())
    known = {*query.fields, *PAGING}
    if not known.issuperset(request.query_params):
        raise ValidationError(
            {"non_field_errors": [f"Unknown query parameter; this route knows: {', '.join(sorted(known))}."]},
            code="unknown_parameter",
        )
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


class Nothing(Serializer[Any]):
    """A route that knows no parameters but those of paging."""
