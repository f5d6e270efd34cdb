"""The article 30 record is made from live configuration, and equals the actual tables and recipients."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from consent.models import Purpose
from outbox import recipients
from privacy import processing_record
from privacy.processing_record import OF_THE_PROGRAM, actual_tables, generate
from records import sources
from records.retention import set_rule
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/processing_record.py",
    "    return sorted((_store(table) for table in tables()), key=lambda store: store.table)",
    "    return sorted((_store(table) for table in tables() if table.subject), key=lambda store: store.table)",
)


def activity(record: dict, purpose: str) -> dict:
    return next(one for one in record["activities"] if one["purpose"] == purpose)


def test_p50_the_tables_are_those_of_both_databases(now):
    record = generate(now=now)
    for alias, actual in actual_tables().items():
        assert {one["table"] for one in record["stores"] if one["database"] == alias} == actual - OF_THE_PROGRAM
    assert record["undeclared_tables"] == []


def test_p50_the_columns_are_the_actual_ones(now):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, count(*) FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1"
        )
        columns = dict(cursor.fetchall())
    stores = [one for one in generate(now=now)["stores"] if one["database"] == "default"]
    assert {one["table"]: len(one["columns"]) for one in stores} == {
        one["table"]: columns[one["table"]] for one in stores
    }


def test_p50_a_table_that_nobody_declared_is_named(now):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shadow_export (email text)")
    assert generate(now=now)["undeclared_tables"] == ["shadow_export"]


def test_p50_purposes_sources_and_limits_are_the_live_ones(shop, crm, now):
    set_rule(source=crm, purpose="marketing", days=90)
    Purpose.objects.filter(slug="personalization").update(active=False)
    record = generate(now=now)
    assert {one["purpose"] for one in record["activities"]} == set(
        Purpose.objects.filter(active=True).values_list("slug", flat=True)
    )
    marketing = activity(record, "marketing")
    assert (marketing["legal_basis"], marketing["sources"]) == ("consent", ["crm", "shop"])
    assert marketing["retention"] == {"crm": 90, "shop": 1095}
    assert "birth_date (quasi-identifier)" in marketing["categories"]
    sources.change(crm, enabled=False)
    assert activity(generate(now=now), "marketing")["sources"] == ["shop"]


def test_p50_recipients_are_the_live_ones(now):
    assert generate(now=now)["recipients"] == []
    recipients.add("mailer", purposes=["marketing"], now=now)
    record = generate(now=now)
    assert [one["name"] for one in record["recipients"]] == ["mailer"]
    assert activity(record, "marketing")["recipients"] == ["mailer"]
    assert activity(record, "service")["recipients"] == []


def test_p50_the_command_prints_it_and_writes_a_page(tmp_path, shop):
    out, page = StringIO(), tmp_path / "record.html"
    call_command("processing_record", "--html", str(page), "--json", stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["subjects"] == processing_record.SUBJECTS
    assert "<h1>Record of processing activities</h1>" in page.read_text()
    assert "identity_linking" in page.read_text()
