"""Bodies: read up to a limit, unpacked up to a limit, and JSON in UTF-8, with errors that say where."""

import json
import re
import zlib
from typing import Any

import orjson
from django.http import HttpRequest
from rest_framework.parsers import BaseParser

from api.errors import FieldError, Problem

SMALL = 64 * 1024
LONG = 1024 * 1024
DEEPEST = 100
GZIP = zlib.MAX_WBITS | 16
PACKED = {"gzip": GZIP, "x-gzip": GZIP, "deflate": zlib.MAX_WBITS}
LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class Json(BaseParser):
    """Small JSON bodies, for the routes below /api."""

    media_type = "application/json"
    limit = SMALL

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        value = parse(_read(stream, self.limit))
        if _levels(value, DEEPEST) > DEEPEST:
            detail = f"The body is nested deeper than {DEEPEST} levels."
            raise Problem(
                400, code="nested_too_deep", detail=detail, errors=[FieldError("", "nested_too_deep", detail)]
            )
        return value


class LongJson(Json):
    """JSON bodies that may hold a schema, or rows to try something on."""

    limit = LONG


def read(request: HttpRequest, *, limit: int) -> bytes:
    """The unpacked body of this request; a 413 when it is longer than the limit, packed or not."""
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        raise Problem(411, code="length_required", detail="Send a Content-Length; a chunked body is not read.")
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    body = _read(request, limit)
    if packing in ("", "identity"):
        return body
    if packing not in PACKED:
        raise Problem(415, code="unsupported_encoding", detail="Content-Encoding must be gzip, deflate or identity.")
    return _unpack(body, PACKED[packing], limit)


def parse(body: bytes) -> object:
    """The JSON value of a body. An error names the byte or line where it is, never what stands there."""
    try:
        text = body.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _malformed("invalid_utf8", f"The body is not UTF-8: byte {error.start} is not valid there.") from None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Clients cut strings in the middle of a pair of surrogates: that alone shall not cost the batch.
        if LONE_SURROGATE.search(text) and (whole := _mended(text)) is not None:
            return whole
        raise _malformed(
            "malformed_json", f"The body is not JSON: {error.msg}: line {error.lineno}, column {error.colno}."
        ) from None


def too_large(limit: int) -> Problem:
    """The 413 that names the limit."""
    return Problem(
        413, code="body_too_large", detail=f"The body is larger than {limit} bytes.", members={"limit": limit}
    )


def _levels(value: object, most: int) -> int:
    """How deep it is nested, counted no further than one level beyond the most."""
    levels, layer = 0, [value]
    while levels <= most and (inner := [one for one in layer if isinstance(one, dict | list)]):
        levels += 1
        layer = [each for one in inner for each in (one.values() if isinstance(one, dict) else one)]
    return levels


def _mended(text: str) -> Any:
    try:
        value = json.loads(text)
        return orjson.loads(
            json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    except (ValueError, RecursionError):
        return None


def _read(stream: Any, limit: int) -> bytes:
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise too_large(limit)
    return bytes(body)


def _unpack(body: bytes, format: int, limit: int) -> bytes:
    unpacked = bytearray()
    try:
        while body:
            stream = zlib.decompressobj(format)
            while body and not stream.eof:
                unpacked += stream.decompress(body, limit + 1 - len(unpacked))
                if len(unpacked) > limit:
                    raise too_large(limit)
                body = stream.unconsumed_tail
            if not stream.eof:
                raise zlib.error
            body = stream.unused_data
    except zlib.error:
        raise _malformed("malformed_encoding", "The body cannot be unpacked as its Content-Encoding says.") from None
    return bytes(unpacked)


def _malformed(code: str, message: str) -> Problem:
    return Problem(400, code=code, detail=message, errors=[FieldError(field="", code=code, message=message)])
