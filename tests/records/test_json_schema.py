"""Schemas are checked before they are kept: what is wrong is said with its place, and nothing is fetched."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from records.json_schema import NoSchema, compiled, faults, validator_of

SOUND: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.com/customers",
    "type": "object",
    "properties": {"name": {"$ref": "#/$defs/name"}, "$ref": {"const": {"$ref": "https://example.com/"}}},
    "patternProperties": {"^x-": {"type": "string"}},
    "$defs": {"name": {"type": "string", "pattern": "^[A-Z]"}},
}


def test_a_sound_schema_has_no_fault() -> None:
    assert faults(json.dumps(SOUND)) == faults("") == faults("  ") == faults("{}") == []


def chain(length: int) -> dict[str, Any]:
    links = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{length}": {}}}


def doubling(times: int) -> dict[str, Any]:
    links = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(times)}
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{times}": {}}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"not": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "place", "what"),
    [
        ({"properties": {"a": {"type": "strin"}}}, "#/properties/a/type", "what the standard does not allow"),
        ({"required": "a"}, "#/required", "what the standard does not allow"),
        ({"properties": {"a": {"$ref": "https://example.com/a"}}}, "#/properties/a", "Nothing is fetched."),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "#/properties/a", "Nothing is fetched."),
        ({"$ref": "other.json"}, "#", "Nothing is fetched."),
        ({"properties": {"a": {"$ref": "#/nope"}}}, "#/properties/a", "a place that there is not"),
        ({"properties": {"a": {"$ref": "#"}}}, "#", "leads back to itself"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}, "#/$defs/a", "back to itself"),
        ({"items": {"pattern": "(?=canary)"}}, "#/items", "linear time"),
        ({"items": {"pattern": "(a)\\1"}}, "#/items", "linear time"),
        ({"items": {"pattern": "(a{1000}){1000}"}}, "#/items", "linear time"),
        ({"patternProperties": {"(": {}}}, "#", "linear time"),
        ({"items": {"$dynamicRef": "#a"}}, "#/items", "is not taken"),
        ({"items": {"$id": "https://example.com/b"}}, "#/items", "only the schema as a whole"),
        ({"$id": "relative"}, "$id", "an address with its scheme"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema", "2020-12"),
        (doubling(30), "subschemas", "at most 5,000"),
        (chain(300), "#/$defs/d", "more than 100 places"),
        (nested(40), "nested", "more than 32 deep"),
        ({"description": "x" * 70_000}, "bytes", "at most 65,536"),
        ({"const": "a\0b"}, "zero byte", "cannot hold"),
        ([], "object", "must be"),
    ],
)
def test_each_fault_names_its_place(schema: object, place: str, what: str) -> None:
    (fault,) = faults(json.dumps(schema))
    assert place in fault
    assert what in fault


@pytest.mark.parametrize("text", ['{"minimum": 1e999}', '{"minimum": NaN}', "{", "\ud800", "[" * 100_000])
def test_what_is_no_json_is_no_schema(text: str) -> None:
    with pytest.raises(NoSchema):
        compiled(text)


REFERENCES = ("https://example.com/s", "file:///etc/hostname", "//example.com/s", "urn:a", "#anchor", "%23")


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_elsewhere_is_refused(reference: str) -> None:
    (fault,) = faults(json.dumps({"properties": {"a": {"$ref": reference}}, "$id": "https://example.com/"}))
    assert fault.endswith("Nothing is fetched.")


def test_the_validator_itself_fetches_nothing() -> None:
    """What is refused before it comes so far would not be fetched either."""
    asked = []

    class Schemas(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Schemas) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ValueError, match="Retrieval is disabled"):
            validator_of({"$ref": f"http://127.0.0.1:{server.server_port}/s"})
        server.shutdown()
    assert asked == []
