"""What a person takes along is documented JSON and CSV that is taken in again without loss."""

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from identity.profiles import look_up
from pipeline.files import ingest
from pipeline.process import process_batch
from privacy import access, portability, requests
from records import sources
from records.models import Source
from tests.senders import send_messages, send_rows
from tests.statements.sabotage import Sabotage
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/portability.py",
    '        **dict(sorted(record["properties"].items())),',
    "",
)
OFFICER = Actor("person", "officer-1")
YES = {"consent": {"categoryPreferences": {"analytics": True, "marketing": False}}}
ALICE = {
    "customer_number": "1001",
    "given_name": 'Alice, "Al"',
    "family_name": "Wíntęr",
    "email": "alice@example.com",
    "phone": "+442079460123",
    "birth_date": "1980-03-04",
    "street": "1 Long; Street",
    "postcode": "AB1 2CD",
    "city": "Aberdeen",
    "country": "GB",
    "newsletter": "yes",
    "analytics": "yes",
}


def alices_life(shop: Source, crm: Source, now: Any) -> None:
    send_rows(crm, ALICE, now=now)
    send_messages(
        shop,
        {
            "type": "identify",
            "userId": "u-alice",
            "anonymousId": "d-1",
            "traits": {"email": "alice@example.com", "address": {"country": "GB"}},
            "context": {**YES, "ip": "192.0.2.7", "page": {"url": "https://shop.example/a?b=c"}},
            "timestamp": "2026-10-01T10:00:00Z",
        },
        {
            "type": "track",
            "event": "Order Completed",
            "userId": "u-alice",
            "properties": {"total": 20.5, "quantity": 3, "category": "Hats, \n caps", "order_id": "00017"},
            "timestamp": "2026-10-02T10:00:00.123Z",
        },
        now=now,
    )
    while process_batch(now=now):
        pass


def answered(email: str, now: Any) -> dict[str, Any]:
    request = requests.open("portability", profile_id=look_up("email", email, now=now), actor="officer-1", now=now)
    return access.answer(request, actor=OFFICER, now=now)


def life_of(answer: dict[str, Any]) -> dict[str, Counter[str]]:
    """What must survive, source by source, as counted JSON: without ids, times of receipt and acts as records."""
    records = [one for one in answer["records"] if one["kind"] != "consent"]
    owner = {one["source_profile"]: one["source"].removeprefix("back-") for one in answer["identifiers"]}

    def counted(rows: list[Any]) -> Counter[str]:
        return Counter(json.dumps(row, sort_keys=True) for row in rows)

    def of(one: dict[str, Any]) -> str:
        return one["source"].removeprefix("back-")

    return {
        "records": counted(
            [
                [of(one), one["kind"], one["event"], one["occurred_at"], one["properties"], one["content"]["fields"]]
                for one in records
            ]
        ),
        "identifiers": counted([[of(one), one["namespace"], one["value"]] for one in answer["identifiers"]]),
        "attributes": counted([[of(one), one["field"], one["value"]] for one in answer["attributes"]]),
        "consents": counted(
            [
                [owner[one["source_profile"]], one["purpose"], one["channel"], one["state"], one["occurred_at"]]
                for one in answer["consents"]["said"]
            ]
        ),
    }


def unpack(package: bytes, folder: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder)
    return json.loads((folder / "sources.json").read_text())


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_p28_it_comes_back_whole(shop, crm, now, tmp_path, ending):
    alices_life(shop, crm, now)
    before = answered("alice@example.com", now)
    stable = {source.name: source.stable_key for source in Source.objects.all()}
    manifest = unpack(portability.package(before), tmp_path)
    Source.objects.update(stable_key="")  # the old ones no longer find her
    for entry in manifest:
        back, _ = sources.add(
            f"back-{entry['name']}",
            kind=entry["kind"],
            format="rows",
            stable_key=stable[entry["name"]],
            purposes=entry["purposes"],
            mapping=entry["mapping"],
        )
        for name in (f"records-{entry['name']}.{ending}", f"consents-{entry['name']}.csv"):
            outcome = ingest(back, tmp_path / name)
            assert (outcome.quarantined, outcome.refused, outcome.stored > 0) == (0, 0, True), outcome.rejects
    while process_batch(now=timezone.now()):
        pass
    after = answered("alice@example.com", timezone.now())
    again = {
        **after,
        **{
            part: [one for one in after[part] if one["source"].startswith("back-")]
            for part in ("records", "identifiers", "attributes")
        },
    }
    theirs = {one["source_profile"] for one in again["identifiers"]}
    again["consents"] = {"said": [one for one in after["consents"]["said"] if one["source_profile"] in theirs]}
    for part, lived in life_of(before).items():
        assert sorted(life_of(again)[part].elements()) == sorted(lived.elements()), part
    assert sum(life_of(before)["records"].values()) == 3


def test_p28_it_says_what_it_is(shop, crm, now, tmp_path):
    alices_life(shop, crm, now)
    unpack(portability.package(answered("alice@example.com", now)), tmp_path)
    files = {"README.txt", "index.html", "person.json", "sources.json"}
    for name in ("crm", "shop"):
        files |= {f"records-{name}.csv", f"records-{name}.ndjson", f"consents-{name}.csv"}
    assert {path.name for path in tmp_path.iterdir()} == files
    assert "records-*.csv" in (tmp_path / "README.txt").read_text()
    described = (Path(__file__).parents[2] / "docs" / "portability.md").read_text()
    person = json.loads((tmp_path / "person.json").read_text())
    assert [section for section in person if f"`{section}`" not in described] == []


def test_p28_a_source_to_which_nothing_was_agreed_or_refused_has_no_file_of_that(shop, crm, now, tmp_path):
    alices_life(shop, crm, now)
    answer = answered("alice@example.com", now)
    at_shop = {one["source_profile"] for one in answer["identifiers"] if one["source"] == "shop"}
    said = answer["consents"]["said"]
    answer["consents"]["said"] = [one for one in said if one["source_profile"] in at_shop]
    listed = {entry["name"]: entry["files"] for entry in unpack(portability.package(answer), tmp_path)}
    assert listed == {"crm": ["records-crm"], "shop": ["records-shop", "consents-shop"]}
    assert [path.name for path in tmp_path.glob("consents-*")] == ["consents-shop.csv"]
