"""A real purchase log, CDNOW's of 1997 and 1998, goes through `manage.py ingest` and is scored by RFM."""

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from consent.acts import NewAct, record
from consent.models import GRANTED
from identity.models import Assignment
from identity.profiles import living
from pipeline import queue
from pipeline.process import process_batch
from records import sources
from records.models import Identifier, QuarantinedRecord, Record
from segments.models import DailyActivity
from segments.rfm import Rfm, score_profiles
from tests.pipeline.cast import counts
from vault.blind import blind_indexes

pytestmark = [pytest.mark.data, pytest.mark.django_db(databases=["default", "keystore"])]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
END = date(1998, 6, 30)
FILE = "cdnow/CDNOW_master.txt"
MAPPING = {
    "kind": "purchase",
    "event": "Purchase",
    "occurred_at": "date",
    "amount": "dollar_value",
    "fields": {"customer_id": "customer_number"},
    "properties": {"number_of_cds": "integer", "dollar_value": "number"},
}
COUNTS = "acknowledged 69,659 = stored {} + duplicate {} + quarantined 0 + refused 0"


@dataclass
class Customer:
    """What one customer bought, as the file has it."""

    days: list[date] = field(default_factory=list)
    cents: int = 0


@pytest.fixture
def log() -> Path:
    folder = os.environ.get("ONYM_DATA")
    if not folder:
        pytest.skip("ONYM_DATA is not set: it names the folder with the data that the project does not ship")
    path = Path(folder) / FILE
    if not path.is_file():
        pytest.skip(f"there is no {FILE} below ONYM_DATA")
    return path


def read(path: Path) -> dict[str, Customer]:
    """The file as it is, without any of Onym's code."""
    customers: dict[str, Customer] = defaultdict(Customer)
    for line in path.read_text().splitlines()[1:]:
        number, day, _, dollars = line.split()
        customers[number].days.append(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date())
        customers[number].cents += round(100 * Fraction(dollars))
    return dict(customers)


def fifths(values: dict[str, int]) -> dict[str, int]:
    """Each customer's fifth, 5 the greatest; equals share that of their middle rank."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values.values())):
        places[value].append(place)
    total = len(values)
    middle = {value: Fraction(found[0] + found[-1] + 1, 2) for value, found in places.items()}
    return {customer: int(5 * middle[value] / total) + 1 for customer, value in values.items()}


def expected(customers: dict[str, Customer]) -> dict[str, Rfm]:
    recency = fifths({number: max(customer.days).toordinal() for number, customer in customers.items()})
    frequency = fifths({number: len(customer.days) for number, customer in customers.items()})
    monetary = fifths({number: customer.cents for number, customer in customers.items()})
    return {number: Rfm(recency[number], frequency[number], monetary[number]) for number in customers}


def ingest(path: Path) -> str:
    out = StringIO()
    call_command("ingest", str(path), "--source", "cdnow", stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def profiles_by_number(numbers: list[str]) -> dict[str, UUID]:
    number_of = dict(zip(blind_indexes("customer_number", numbers), numbers, strict=True))
    profile_of = dict(Assignment.objects.current().values_list("source_profile_id", "profile_id"))
    rows = Identifier.objects.filter(namespace="customer_number").values_list("index", "source_profile_id")
    return {number_of[bytes(index)]: profile_of[source_profile] for index, source_profile in rows}


def process_all() -> None:
    while process_batch(now=NOW):
        pass


def test_a_real_purchase_log_becomes_customers_with_their_fifths(log: Path) -> None:
    customers = read(log)
    assert (len(customers), sum(len(customer.days) for customer in customers.values())) == (23_570, 69_659)
    assert sum(times - 1 for times in Counter(log.read_text().splitlines()).values()) == 255  # equal, and they count
    shop, _ = sources.add("cdnow", kind="offline", purposes=["service", "analytics"], mapping=MAPPING)

    assert ingest(log) == COUNTS.format("69,659", 0)
    assert QuarantinedRecord.objects.count() == 0
    stored = Record.objects.filter(source=shop)
    assert stored.aggregate(rows=Count("id"), people=Count("source_profile_id", distinct=True)) == {
        "rows": 69_659,
        "people": 23_570,
    }
    first, last = stored.order_by("occurred_at")[0], stored.order_by("-occurred_at")[0]
    assert (first.occurred_at, last.occurred_at.date()) == (datetime(1997, 1, 1, tzinfo=UTC), END)

    before = counts(without=("records.Intake",))
    assert ingest(log) == COUNTS.format(0, "69,659")
    assert counts(without=("records.Intake",)) == before

    process_all()
    assert living().count() == 23_570
    profile_of = profiles_by_number(list(customers))
    everybody = list(profile_of.values())
    assert score_profiles(everybody, as_of=END, window=None, now=NOW) == {}
    assert not DailyActivity.objects.exists()
    agreed = set(Assignment.objects.current().values_list("source_profile_id", flat=True))
    record([NewAct(id, "analytics", "", GRANTED, NOW, "test", verified=True) for id in agreed], now=NOW)
    queue.enqueue(agreed, now=NOW)
    process_all()
    bought = DailyActivity.objects.filter(event="purchase").aggregate(orders=Sum("count"), dollars=Sum("amount"))
    assert bought["orders"] == 69_659
    assert 100 * bought["dollars"] == sum(customer.cents for customer in customers.values()) == 250_031_563

    scored = score_profiles(everybody, as_of=END, window=None, now=NOW)
    assert {number: scored[profile_of[number]] for number in customers} == expected(customers)
    assert sum(str(rfm) == "555" for rfm in scored.values()) == 2_633
    assert {number: str(scored[profile_of[number]]) for number in ("00001", "00002", "23570")} == {
        "00001": "121",
        "00002": "134",
        "23570": "334",
    }
