"""The OpenAPI document: valid, complete, and served from here."""

import io
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_the_document_is_valid_and_raises_no_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "s.yml"), stderr=io.StringIO())


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation.get("summary"), name
        assert operation.get("description"), name
        if " /api/" in name:
            assert {"400", "401", "403", "500", "503"} <= set(operation["responses"]), name
            # A recipient confirms under its own signature.
            assert operation.get("security", []) == ([] if "acknowledgment" in name else [{"apiKey": []}]), name
        if " /v1/" in name:
            assert {"200", "400", "401", "413", "503"} <= set(operation["responses"]), name
            signed = "/v1/webhooks/" in name
            assert operation.get("security", []) == [] if signed else {"writeKey": []} in operation["security"], name
        for status, response in operation["responses"].items():
            expected = "application/json" if status < "300" or "readyz" in name else "application/problem+json"
            assert list(response["content"]) == [expected], (name, status)


def test_every_answer_has_an_example(document: dict[str, Any]) -> None:
    without = [
        name
        for name, operation in operations(document)
        if "livez" not in name
        for status, response in operation["responses"].items()
        if status < "300" and not response["content"]["application/json"].get("examples")
    ]
    assert without == []


def test_lists_are_paged_and_say_so(document: dict[str, Any]) -> None:
    parameters = {item["name"] for item in document["paths"]["/api/changes/"]["get"]["parameters"]}
    assert parameters == {"after", "cursor", "page_size"}
    assert {"next", "results"} == set(document["components"]["schemas"]["PaginatedChangeList"]["properties"])


def test_no_route_takes_an_identifier_of_a_person(document: dict[str, Any]) -> None:
    names = {name for path in document["paths"] for name in re.findall(r"{(\w+)}", path)}
    queries = {item["name"] for _, operation in operations(document) for item in operation.get("parameters", ())}
    assert names == {"id", "slug"}
    assert not queries & {"email", "phone", "value", "namespace", "identifier", "account_id"}


@pytest.mark.django_db(databases=["default", "keystore"])
def test_the_document_is_served() -> None:
    response = Client().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert (response.status_code, response.json()["info"]["title"]) == (200, "Onym API")


def test_the_documentation_loads_nothing_from_elsewhere() -> None:
    response = Client().get("/api/docs/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "drf_spectacular_sidecar" in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
