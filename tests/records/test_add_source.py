"""manage.py add_source."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from records import sources
from records.models import Source

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("add_source", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_answer_in_json_holds_the_write_key() -> None:
    answer = json.loads(run("web-shop", "--kind", "online", "--json"))
    assert answer.keys() == {"name", "id", "write_key"}
    source = sources.by_write_key(answer["write_key"])
    assert source is not None
    assert (source.name, str(source.id), source.kind) == ("web-shop", answer["id"], "online")


def test_the_answer_for_people_shows_the_write_key_once() -> None:
    answer = run("till", "--kind", "offline")
    assert answer.startswith("Source till added. Write key, shown this once: wk_")


def test_a_contract_is_its_first_version(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"required": ["card"]}', encoding="utf-8-sig")
    run("till", "--kind", "offline", "--contract", schema, "--contract-mode", "block")
    till = Source.objects.get()
    assert (till.contract_mode, json.loads(till.contract_schema), till.contract_version) == (
        "block",
        {"required": ["card"]},
        1,
    )
    assert [(one.version, one.mode, one.saved_by) for one in till.contract_versions.all()] == [(1, "block", "command")]
    run("crm", "--kind", "offline", "--contract-mode", "discover")
    run("shop", "--kind", "online")
    versions = Source.objects.order_by("name").values_list("name", "contract_mode", "contract_version")
    assert list(versions) == [("crm", "discover", 1), ("shop", "strict", 0), ("till", "block", 1)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "--contract: schema.json: No such file"),
        (b"", "--contract: schema.json: The file is empty."),
        (b"{", "--contract: schema.json: "),
        (b"\xff", "--contract: schema.json: a schema is a JSON file in UTF-8"),
        (b'{"type": "odd"}', "--contract: schema.json: "),
    ],
)
def test_a_contract_that_cannot_stand(tmp_path: Path, content: bytes | None, told: str) -> None:
    schema = tmp_path / "schema.json"
    if content is not None:
        schema.write_bytes(content)
    with pytest.raises(CommandError, match=told):
        run("till", "--kind", "offline", "--contract", schema)
    assert not Source.objects.exists()


def test_everything_can_be_said(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"fields": {"mail": "email"}}', encoding="utf-8-sig")
    run(
        *("app", "--kind", "online", "--format", "rows", "--stable-key", "loyalty_number", "--client-side"),
        *("--purpose", "service", "--purpose", "analytics", "--trust-rank", "70", "--region", "DE"),
        *("--mapping", mapping),
    )
    app = Source.objects.get()
    assert (app.format, app.stable_key, app.client_side) == ("rows", "loyalty_number", True)
    assert (app.purposes, app.trust_rank, app.region) == (["service", "analytics"], 70, "DE")
    assert app.mapping == {"fields": {"mail": "email"}}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["my shop", "--kind", "online"], "name: "),
        (["shop", "--kind", "pigeon"], "--kind: invalid choice"),
        (["shop"], "--kind"),
        (["shop", "--kind", "online", "--format", "xml"], "--format: invalid choice"),
        (["shop", "--kind", "online", "--trust-rank", "101"], "trust_rank: Give a number from 0 to 100."),
        (["shop", "--kind", "online", "--trust-rank", "high"], "--trust-rank: invalid int"),
        (["shop", "--kind", "online", "--stable-key", "shoe_size"], "stable_key: Choose one of"),
        (["shop", "--kind", "online", "--region", "XX"], "region: Give the two letters"),
        (["shop", "--kind", "online", "--mapping", "{folder}/none.json"], "--mapping: "),
        (["shop", "--kind", "online", "--mapping", "{folder}/broken.json"], "--mapping: "),
        (["shop", "--kind", "online", "--mapping", "{folder}/latin.json"], "--mapping: "),
        (["shop", "--kind", "online", "--mapping", "{folder}/list.json"], "mapping: The mapping must be an object."),
        (["shop", "--kind", "online", "--mapping", "{folder}/wrong.json"], "mapping: 'fields.mail' must be one of"),
    ],
)
def test_an_error_names_what_is_wrong(arguments: list[str], why: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "latin.json").write_bytes(b'{"event": "caf\xe9"}')
    (tmp_path / "list.json").write_text('["email"]')
    (tmp_path / "wrong.json").write_text('{"fields": {"mail": "electronic"}}')
    with pytest.raises(CommandError) as raised:
        run(*(argument.format(folder=tmp_path) for argument in arguments))
    assert why in str(raised.value)
    assert Source.objects.count() == 0


def test_a_name_that_is_taken_is_refused() -> None:
    run("shop", "--kind", "online")
    with pytest.raises(CommandError, match=r"^name: "):
        run("shop", "--kind", "offline")
    assert Source.objects.get().kind == "online"
