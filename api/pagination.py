"""Pages by cursor: the position after the last row, so that rows that come or go move nothing."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import ValidationError as NotAValue
from django.db.models import Model, Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_SIZE = 50
LARGEST_SIZE = 200


class Cursor(BasePagination):
    """Reads in the view's `ordering`, whose fields together are unique; `next` leads on, and is null at the end."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of this page; one more is read to learn whether another page follows."""
        self.ordering: Sequence[str] = view.ordering
        self.url = request.build_absolute_uri()
        size = _size(request)
        rows = queryset.order_by(*self.ordering)
        cursor = request.query_params.get("cursor")
        if cursor is not None:
            rows = rows.filter(_after(_decode(cursor, queryset.model, self.ordering)))
        found = list(rows[: size + 1])
        self.page, self.more = found[:size], len(found) > size
        return self.page

    def get_paginated_response(self, data: Any, **members: object) -> Response:
        return Response({"next": self.next_link(), **members, "results": data})

    def next_link(self) -> str | None:
        """The address of the next page, or None."""
        if not self.more:
            return None
        return replace_query_param(self.url, "cursor", _encode(self.page[-1], self.ordering))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "The next page; null on the last one.",
                    "example": None,
                },
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where to go on; taken from `next` of the page before, and opaque.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "Rows a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
            },
        ]


def _size(request: Request) -> int:
    asked = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= LARGEST_SIZE):
        raise ValidationError({"page_size": f"A whole number from 1 to {LARGEST_SIZE}."}, code="invalid_page_size")
    return int(asked)


def _after(position: Sequence[tuple[str, Any]]) -> Q:
    """What comes after this position: later in the first field, or equal there and later in the next."""
    later, equal = Q(), Q()
    for name, value in position:
        field = name.lstrip("-")
        later |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return later


def _encode(row: Model, ordering: Sequence[str]) -> str:
    position = [getattr(row, name.lstrip("-")) for name in ordering]
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def _decode(cursor: str, model: type[Model], ordering: Sequence[str]) -> list[tuple[str, Any]]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [model._meta.get_field(name.lstrip("-")) for name in ordering]
        position = [_value(field, value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, OverflowError, NotAValue) as error:
        raise ValidationError({"cursor": "Not a cursor of this list."}, code="invalid_cursor") from error
    if None in position:
        raise ValidationError({"cursor": "Not a cursor of this list."}, code="invalid_cursor")
    return list(zip(ordering, position, strict=True))


def _value(field: Any, value: object) -> Any:
    """What the field holds when a cursor of ours says so. Raises `ValueError` for what none of ours says."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("NUL")
    read = field.to_python(value)
    if isinstance(read, datetime) and read.tzinfo is None:
        raise ValueError("no time zone")
    return read
