"""The page of one record: what came, what was made of it and by which rule; masked, revealed, refused, audited."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from consent.restrictions import RESTRICTION, restrict
from privacy import break_glass
from records import sources
from records.models import Record, Source
from tests.console.conftest import World
from tests.senders import process, send_rows
from vault import keys
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
CAME = {
    "customer_number": "C-4711",
    "given_name": "ALICIA",
    "family_name": "VAN DER ARCHER",
    "email": " Alicia@Example.com",
    "postcode": "sw1a1aa",
    "country": "Vereinigtes Königreich",
    "birth_date": "04/05/1984",
}
# Each as it came and as it is kept.
VALUES = (
    *("ALICIA", "Alicia", "VAN DER ARCHER", "van der Archer", " Alicia@Example.com", "alicia@example.com"),
    *("sw1a1aa", "SW1A 1AA", "04/05/1984", "C-4711"),
)


@pytest.fixture
def record(world: World, crm: Source, now: datetime) -> UUID:
    """One more record of Alice, in capitals, with a date that can be read in two ways."""
    send_rows(crm, {**CAME, "updated_at": now.isoformat(), "shoe": "39"}, now=now)
    process(now)
    return Record.objects.get(occurred_at=now, source=crm).id


def page(profile: UUID, record: UUID) -> str:
    return reverse("admin:identity_profile_record", args=[profile, record])


def reveal(profile: UUID, record: UUID) -> str:
    return reverse("admin:identity_profile_reveal_record", args=[profile, record])


def test_the_page_names_each_step_and_masks_each_value(world: World, record: UUID, sign_in: SignIn) -> None:
    response = sign_in("marketer").get(page(world.alice, record))
    content = response.content.decode()
    shown = response.context["record"]
    assert {line.label: (line.raw, line.value, line.step and line.step.label) for line in shown.lines} == {
        "E-mail": ("A•••@E•••.com", "a•••@e•••.com", "email/1"),
        "Customer number": ("", "C••••", None),
        "Given name": ("A••••", "A••••", "name/2"),
        "Family name": ("V••••", "v••••", "family_name/1"),
        "Birth date": ("••••", "", "date/2"),
        "Postcode": ("s••••", "S••••", "postcode/2"),
        "Country": ("V••••", "GB", "country/2"),
    }
    assert [value for value in VALUES if value.strip() in content] == []
    assert "can be read in two ways, so it was left out" in content
    assert "1 more value came that the mapping does not name; dropped" in content.lower()
    assert "Vereinigtes" not in content
    assert (shown.source, shown.mapping_version, shown.kind) == ("crm", 1, "profile")
    assert "Reveal values" not in content


def test_values_are_shown_once_for_a_reason_to_those_who_may(world: World, record: UUID, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    content = steward.post(reveal(world.alice, record), {"reason": "ticket 4711"}).content.decode()
    for value in ("ALICIA", "van der Archer", "alicia@example.com", "SW1A 1AA", "04/05/1984", "Vereinigtes Königreich"):
        assert value in content, value
    assert "ALICIA" not in steward.get(page(world.alice, record)).content.decode()
    assert steward.get(reveal(world.alice, record)).status_code == 405
    without = steward.post(reveal(world.alice, record), {"reason": ""}, follow=True)
    assert "ALICIA" not in without.content.decode()
    assert sign_in("marketer").post(reveal(world.alice, record), {"reason": "ticket 4711"}).status_code == 403


def test_each_look_stands_in_the_audit_log_before_it(world: World, record: UUID, sign_in: SignIn) -> None:
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    steward = sign_in("data_steward")
    steward.get(page(world.alice, record))
    steward.post(reveal(world.alice, record), {"reason": "ticket 4711"})
    looks = AuditEntry.objects.exclude(pk__in=before).order_by("pk")
    assert [(look.action, look.reason, look.count) for look in looks] == [
        ("open record", "record page", 1),
        ("read records", "record page", 1),
        ("open record", "reveal: ticket 4711", 1),
        ("read records", "reveal: ticket 4711", 1),
    ]
    assert {look.actor for look in looks} == {str(world.staff["data_steward"].pk)}


def test_nothing_is_shown_of_whom_nothing_may_be_read(
    world: World, record: UUID, sign_in: SignIn, now: datetime
) -> None:
    restrict(world.parts(world.alice), kind=RESTRICTION, actor="officer", now=now)
    before = AuditEntry.objects.count()
    response = sign_in("data_steward").get(page(world.alice, record))
    content = response.content.decode()
    assert (response.status_code, response.context["record"]) == (200, None)
    assert "Nothing of this record is shown" in content
    assert [value for value in (*VALUES, "A••••") if value.strip() in content] == []
    assert AuditEntry.objects.count() == before


def test_of_a_source_that_does_not_serve_only_what_is_plain_is_seen_for_analytics(
    world: World, sign_in: SignIn
) -> None:
    sources.change(Source.objects.get(name="shop"), purposes=["analytics"])
    order = Record.objects.filter(source__name="shop", event="Order Completed")[0]
    said = Record.objects.get(source__name="shop", kind="identify")
    client = sign_in("data_steward")
    for record in (order, said):
        shown = client.get(page(world.alice, record.id)).context["record"]
        assert (shown.is_open, shown.lines) == (False, [])
    assert dict(client.get(page(world.alice, order.id)).context["record"].properties)["currency"] == "GBP"
    assert not AuditEntry.objects.filter(action="read records", reason="record page").exists()
    assert AuditEntry.objects.filter(action="open record", purpose="analytics", count=1).count() == 3


def test_a_record_of_somebody_else_is_not_there(world: World, record: UUID, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    assert client.get(page(world.bob, record)).status_code == 404
    assert client.get(page(world.alice, new_id())).status_code == 404
    assert client.get(page(new_id(), record)).status_code == 404
    assert sign_in("operator").get(page(world.alice, record)).status_code == 403


def test_broken_glass_opens_it_too(world: World, record: UUID, sign_in: SignIn, now: datetime) -> None:
    marketer = str(world.staff["marketer"].pk)
    break_glass.open(world.alice, reason="a fire in the store", actor=marketer, now=now - timedelta(minutes=1))
    content = sign_in("marketer").get(page(world.alice, record)).content.decode()
    assert ("ALICIA" in content, "Break-glass: values are shown" in content) == (True, True)
    assert AuditEntry.objects.filter(action="read records").latest("pk").reason.endswith("a fire in the store")


def test_a_lost_key_leaves_what_is_plain(world: World, record: UUID, sign_in: SignIn) -> None:
    keys.destroy([Record.objects.get(id=record).source_profile_id])
    shown = sign_in("data_steward").get(page(world.alice, record)).context["record"]
    assert (shown.is_open, shown.kind, [line.value for line in shown.lines if line.value]) == (False, "profile", [])


def test_the_timeline_leads_to_each_record(world: World, record: UUID, sign_in: SignIn) -> None:
    content = sign_in("marketer").get(reverse("admin:identity_profile_change", args=[world.alice])).content.decode()
    assert f'href="{page(world.alice, record)}"' in content
