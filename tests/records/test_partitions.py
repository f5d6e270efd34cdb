"""Records stand in partitions by the month of their receipt, made as they are needed."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from pipeline import tasks
from records import store
from records.models import Record, Source
from records.store import Accepted
from tests.records.cast import said, stranger
from vault import keys
from vault.sealing import Sealer

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def months() -> dict[str, int]:
    """The rows of each partition that has any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM records_record GROUP BY 1 ORDER BY 1")
        return dict(cursor.fetchall())


def test_each_record_goes_to_the_month_of_its_receipt(crm: Source) -> None:
    alice = stranger(crm)
    sealer = Sealer(keys.make([alice]))
    instants = [
        datetime(2031, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2031, 2, 1, tzinfo=UTC),
        datetime(2031, 2, 28, 12, 0, tzinfo=UTC),
        datetime(2030, 12, 31, tzinfo=UTC),
    ]
    for at in instants:
        store.append([Accepted(said(email="alice@example.com"), alice)], crm, sealer, now=at)
    assert months() == {"records_record_2030_12": 1, "records_record_2031_01": 1, "records_record_2031_02": 2}
    assert sorted(Record.objects.values_list("received_at", flat=True)) == sorted(instants)


def test_making_a_partition_twice_changes_nothing() -> None:
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("SELECT records_make_partition('2031-05-17'::date)")
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = 'records_record_2031_05'")
        assert cursor.fetchone() == (1,)


def test_partitions_are_made_ahead() -> None:
    tasks.make_partitions()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(to_regclass('records_record_' || to_char(now() + make_interval(months => ahead), 'YYYY_MM')))"
            " FROM generate_series(0, 2) AS ahead"
        )
        assert cursor.fetchone() == (3,)


def test_partitions_are_append_only_too(crm: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT records_make_partition('2031-06-01'::date)")
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'records_record_2031_06'::regclass")
        assert ("append_only",) in cursor.fetchall()
