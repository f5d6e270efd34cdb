"""How a source is read, on screen: versions, trying on real rows, the contract, and what was discovered."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from records import sources
from records.models import DiscoveredField, QuarantinedRecord, Record, Source
from tests.console.conftest import PLAINTEXT, World, said
from tests.senders import send_rows
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
SHEET = b"customer_number,email,shoe_size\nC-1,dave@example.com,44\nC-2,broken,45\nC-3,,46\n"


def pages(source: Source) -> tuple[str, str, str]:
    base = f"/admin/records/source/{source.pk}"
    return f"{base}/mapping/", f"{base}/contract/", f"{base}/discovered/"


def sheet(content: bytes = SHEET) -> SimpleUploadedFile:
    return SimpleUploadedFile("people.csv", content)


def fresh(source: Source) -> Source:
    return Source.objects.get(pk=source.pk)


def test_each_version_tells_who_changed_what(world: World, sign_in: SignIn) -> None:
    here, _, _ = pages(world.crm)
    operator = sign_in("operator")
    changed = {**world.crm.mapping, "properties": {"tier": "string"}}
    del changed["consents"]
    response = operator.post(here, {"mapping": json.dumps(changed), "save": "1"}, follow=True)
    assert said(response) == ["Saved as version 2. It holds for records from now on."]
    page = response.content.decode()
    assert "Version 2" in page
    assert "properties › tier" in page
    assert "consents › newsletter › purpose" in page
    assert str(world.staff["operator"].username) in page
    back = operator.post(here, {"back": "1"}, follow=True)
    assert said(back) == ["Saved as version 3. It holds for records from now on."]
    assert fresh(world.crm).mapping == world.crm.mapping
    assert said(operator.post(here, {"back": "3"}, follow=True))[0].startswith("Nothing was changed")
    assert operator.post(here, {"back": "77"}).status_code == operator.post(here, {"back": "x"}).status_code == 404


def test_a_mapping_is_tried_on_a_file_and_nothing_is_kept(world: World, sign_in: SignIn) -> None:
    here, _, _ = pages(world.crm)
    before = (Record.objects.count(), QuarantinedRecord.objects.count())
    changed = {**world.crm.mapping, "properties": {"shoe_size": "integer"}}
    response = sign_in("operator").post(here, {"mapping": json.dumps(changed), "file": sheet(), "try": "1"})
    page = response.content.decode()
    assert "3 rows read twice; nothing was kept" in page
    assert "property (integer)" in page
    assert (Record.objects.count(), QuarantinedRecord.objects.count()) == before
    assert fresh(world.crm).mapping == world.crm.mapping
    assert "dave" not in page
    assert "Masked examples are shown to those" in page


def test_it_is_tried_on_the_quarantine_and_the_read_is_audited(world: World, sign_in: SignIn) -> None:
    here, _, _ = pages(world.crm)
    changed = {**world.crm.mapping, "occurred_at": ""}
    response = sign_in("operator").post(here, {"mapping": json.dumps(changed), "try": "1"})
    (counts,) = [response.context["compared"]]
    assert [(one.name, one.now, one.then) for one in counts.counts] == [
        ("Taken in", 0, 1),
        ("There twice", 0, 0),
        ("To quarantine", 1, 0),
    ]
    entry = AuditEntry.objects.get(action="try a mapping on the quarantine")
    assert (entry.actor, entry.reason) == (str(world.staff["operator"].pk), "try a mapping of source crm")
    assert not [value for value in (*PLAINTEXT, "C-9") if value in response.content.decode()]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"mapping": '{"fields": {"mail": "electronic"}}'}, "must be one of email"),
        ({"mapping": "{"}, "Enter a valid JSON"),
        ({"mapping": "{}", "file": sheet(b"PK\x03\x04zip")}, "a ZIP archive or an Excel workbook"),
        ({"mapping": "{}", "file": sheet(b"a" * 3_000_000)}, "2.6 MB at most"),
    ],
)
def test_what_cannot_be_tried_is_said(given: dict[str, Any], problem: str, world: World, sign_in: SignIn) -> None:
    response = sign_in("operator").post(pages(world.crm)[0], {**given, "try": "1"})
    assert response.status_code == 200
    assert problem in response.content.decode()


def test_nothing_to_try_it_on_is_said(world: World, sign_in: SignIn) -> None:
    shop = Source.objects.get(name="shop")
    page = sign_in("operator").post(pages(shop)[0], {"mapping": "{}", "try": "1"}).content.decode()
    assert "Nothing of this source lies in quarantine" in page


def test_a_contract_is_saved_and_put_back(world: World, sign_in: SignIn) -> None:
    _, here, _ = pages(world.crm)
    operator = sign_in("operator")
    response = operator.post(here, {"mode": "block", "schema": '{"required":["email"]}'}, follow=True)
    assert said(response) == ["Saved as version 1. It holds for records from now on."]
    assert "schema › required" in response.content.decode()
    assert send_rows(fresh(world.crm), {"customer_number": "1"}, now=world.erasure.opened_at).quarantined == 1
    operator.post(here, {"mode": "strict", "schema": ""})
    operator.post(here, {"back": "1"})
    now = fresh(world.crm)
    assert (now.contract_mode, json.loads(now.contract_schema), now.contract_version) == (
        "block",
        {"required": ["email"]},
        3,
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"mode": "lenient", "schema": ""}, "lenient is not one of the available choices"),
        ({"mode": "block", "schema": "{"}, "The schema is not JSON"),
        ({"mode": "block", "schema": '{"$ref": "https://example.com/s"}'}, "Nothing is fetched."),
    ],
)
def test_what_is_no_contract_is_said(given: dict[str, str], problem: str, world: World, sign_in: SignIn) -> None:
    response = sign_in("operator").post(pages(world.crm)[1], given)
    assert problem in response.content.decode()
    assert fresh(world.crm).contract_version == 0


def discover(world: World, **more: Any) -> Source:
    crm = sources.change(world.crm, contract_mode="discover")
    send_rows(crm, {"customer_number": "C-77", "email": "dave@example.com", **more}, now=world.erasure.opened_at)
    return crm


def test_a_discovered_field_is_declared_or_ignored(world: World, sign_in: SignIn) -> None:
    crm = discover(world, shoe_size=44, maiden="Miller", noise="x", **{"dave@example.com": 1})
    _, here, settle = pages(crm)
    operator = sign_in("operator")
    page = operator.get(here).content.decode()
    assert "shoe_size" in page
    assert "dave" not in page
    ids = {one.name: str(one.pk) for one in DiscoveredField.objects.all()}
    assert "…" in ids
    first = operator.post(settle, {"field": ids["shoe_size"], "becomes": "integer"}, follow=True)
    assert said(first) == ["'shoe_size' is declared, by mapping version 2."]
    operator.post(settle, {"field": ids["maiden"], "becomes": "family_name"})
    operator.post(settle, {"field": ids["noise"], "ignore": "1"})
    masked = operator.post(settle, {"field": ids["…"], "becomes": "string"}, follow=True)
    assert said(masked)[0].startswith("A part of this name is masked")
    wrong = operator.post(settle, {"field": ids["noise"], "becomes": "shoe"}, follow=True)
    assert said(wrong)[0].startswith("Choose a type")
    mapping = fresh(crm).mapping
    assert (mapping["properties"], mapping["fields"]["maiden"]) == ({"shoe_size": "integer"}, "family_name")
    assert sorted(DiscoveredField.objects.values_list("name", "ignored")) == [("noise", True), ("…", False)]
    assert operator.post(settle, {"field": "x"}).status_code == 404


def test_declaring_goes_on_recognizing_by_name(world: World, sign_in: SignIn) -> None:
    till = sources.add("till", kind="offline")[0]
    till = sources.change(till, contract_mode="discover")
    row = {"customer_id": "1", "email": "dave@example.com", "shoe": 44}
    send_rows(till, row, now=world.erasure.opened_at)
    found = DiscoveredField.objects.get()
    sign_in("operator").post(pages(till)[2], {"field": str(found.pk), "becomes": "integer"})
    till = fresh(till)
    assert till.mapping == {"recognize": True, "properties": {"shoe": "integer"}}
    send_rows(till, {**row, "customer_id": "2"}, now=world.erasure.opened_at)
    assert Record.objects.filter(source=till).order_by("-id")[0].properties == {"shoe": 44}


@pytest.mark.parametrize("role", ["data_steward", "privacy_officer", "marketer"])
def test_who_may_not_change_sources_only_reads(role: str, world: World, sign_in: SignIn) -> None:
    crm = discover(world, shoe_size=44)
    mapping, contract, settle = pages(crm)
    reader = sign_in(role)
    for page in (mapping, contract):
        content = reader.get(page).content.decode()
        assert "<textarea" not in content
        assert reader.post(page, {"mapping": "{}", "mode": "block", "save": "1"}).status_code == 403
    assert reader.post(settle, {"ignore": "1"}).status_code == 403
    assert fresh(crm).contract_version == crm.contract_version


def test_a_file_that_is_loaded_is_tried_for_how_it_reads(world: World, sign_in: SignIn) -> None:
    here, _, _ = pages(world.crm)
    row = {"customer_number": "C-81", "email": "no address", "shoe_size": "43"}
    send_rows(world.crm, row, now=world.erasure.opened_at)
    file = sheet(b"customer_number,email,shoe_size\nC-81,no address,43\n")
    changed = {**world.crm.mapping, "properties": {"shoe_size": "integer"}, "message_id": ["customer_number"]}
    sources.change(world.crm, mapping={**world.crm.mapping, "message_id": ["customer_number"]})
    send_rows(fresh(world.crm), row, now=world.erasure.opened_at)
    response = sign_in("operator").post(here, {"mapping": json.dumps(changed), "file": file, "try": "1"})
    found = response.context["compared"]
    assert [(one.name, one.now, one.then) for one in found.counts] == [
        ("Taken in", 1, 1),
        ("There twice", 0, 0),
        ("To quarantine", 0, 0),
    ]
    assert [(one.name, one.now, one.then) for one in found.flags] == [
        ("1 more value came that the mapping does not name; dropped", 1, 0),
        ("E-mail: cannot be one, so it was left out", 1, 1),
    ]
    assert "updated_at" in found.missing
    page = response.content.decode()
    assert "Rows that would be flagged" in page
    assert "Named by the mapping, not in what it was tried on" in page
