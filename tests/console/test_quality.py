"""Quality on screen: a source's fields with the worst first, its alarms there and on the overview."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.charts import line_of
from console.quality import card_of, standing
from records import intakes
from records.models import QualityAlarm, Source
from records.tallies import Tally
from tests.console.conftest import World
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]


def came(source: Source, days_ago: int, stored: int, **tally: dict[str, Any]) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    counts = {"acknowledged": stored, "stored": stored, "duplicate": 0, "quarantined": 0, "refused": 0}
    intakes.note(source, door="http", now=at, tally=Tally(**tally), **counts)


def alarm(source: Source, **different: Any) -> QualityAlarm:
    now = timezone.now()
    told = {"kind": "completeness", "field": "email", "cause": "'email' was filled in 70 % of 100 records."}
    return QualityAlarm.objects.create(
        id=new_id(), source=source, began_at=now - timedelta(hours=3), last_seen_at=now, **{**told, **different}
    )


def test_the_worst_field_stands_first_with_its_shares_and_their_way(shop: Source) -> None:
    came(shop, 2, 100, fields={"email": [100, 0, 0], "amount": [50, 0, 0]})
    came(shop, 1, 100, fields={"email": [60, 20, 10], "amount": [50, 0, 0]}, flags={"email:invalid": 20})
    card = card_of(shop, today=timezone.localdate())
    amount, email = card.fields
    assert (card.stored, card.flags) == (200, [("email:invalid", 20)])
    assert (email.label, email.filled.percent, email.filled.line) == ("E-mail", 80.0, "0.0,0.0 96.0,7.2")
    assert email.valid is not None
    # Of 180 that brought one 20 are unreadable and 10 break a rule.
    assert (round(email.valid.percent, 2), email.valid.level) == (83.33, "warn")
    assert email.valid.title == "of 180: 20 unreadable, 10 break a rule"
    assert (amount.label, amount.filled.percent, amount.filled.title) == ("amount", 50.0, "100 of 200 records")
    assert amount.valid is not None
    assert (amount.valid.percent, amount.valid.level) == (100.0, "good")


def test_a_line_has_its_own_scale_unless_told() -> None:
    assert line_of([0.5, 1.0], width=10, height=10) == "0.0,10.0 10.0,0.0"
    assert line_of([0.5, 1.0], width=10, height=10, low=0.0, high=1.0) == "0.0,5.0 10.0,0.0"


def test_alarms_stand_on_the_overview_the_list_and_the_source(world: World, sign_in: SignIn) -> None:
    client = sign_in("operator")
    page = f"/admin/records/source/{world.crm.pk}/change/"
    for place in ("/admin/", page):
        assert b"Needs attention" not in client.get(place).content
    alarm(world.crm)
    alarm(world.crm, kind="silent", field="", cause="No record came.", ended_at=timezone.now())
    for place in ("/admin/", page):
        content = client.get(place).content.decode()
        assert "Filled less often: E-mail" in content
        assert "&#x27;email&#x27; was filled in 70 % of 100 records." in content
        assert "No record came." not in content
    assert "about 1 source" in client.get("/admin/").content.decode()
    rows = client.get("/admin/records/source/").context["cl"].result_list
    assert {row.name: row.alarms_open for row in rows if row.alarms_open} == {"crm": 1}
    assert [one.title for one in standing()] == ["Filled less often: E-mail"]
    assert standing(Source.objects.exclude(pk=world.crm.pk).first()) == []


def test_a_source_shows_its_quality(world: World, sign_in: SignIn) -> None:
    content = sign_in("operator").get(f"/admin/records/source/{world.crm.pk}/change/").content.decode()
    assert "Quality, last 30 days" in content
    assert "Customer number" in content
