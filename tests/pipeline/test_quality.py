"""Quality at the door: shared identifiers and outliers are flagged, and each batch has its tally."""

from datetime import timedelta
from typing import Any

import pytest

from pipeline import replay, tasks
from records import outliers, sources
from records.models import Baseline, Intake, QuarantinedRecord, Record, Source
from tests.pipeline.cast import NOW, bearers
from tests.senders import send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
MAPPING: dict[str, Any] = {
    "occurred_at": "at",
    "fields": {"customer_number": "customer_number", "email": "email"},
    "properties": {"amount": "number"},
}


@pytest.fixture(autouse=True)
def _as_a_new_process() -> None:
    outliers.forget()


def till(**mapping: Any) -> Source:
    return sources.add("till", kind="offline", purposes=["service"], mapping={**MAPPING, **mapping})[0]


def buy(source: Source, *rows: tuple[int, str, float], now: Any = NOW) -> None:
    """Each row is a customer number, an address and an amount."""
    send_rows(
        source,
        *(
            {
                "customer_number": str(who),
                "email": email,
                "amount": amount,
                "at": (now - timedelta(hours=1)).isoformat(),
            }
            for who, email, amount in rows
        ),
        now=now,
    )


def flags() -> list[list[str]]:
    return [record.flags for record in Record.objects.order_by("received_at", "id")]


def test_who_shares_an_identifier_is_flagged_and_who_bore_it_first_is_not() -> None:
    source = till(quality=[{"field": "email", "rule": "unique"}])
    buy(source, (1, "alice@example.com", 1), (2, "bob@example.com", 2), (3, "Alice@example.com", 3))
    shared = ["quality:email:unique"]
    assert flags() == [[], [], shared]
    buy(source, (1, "alice@example.com", 4), (2, "bob@example.com", 5), (4, "bob@example.com", 6), (5, "", 7))
    # Now that two bear it, either of them shares it.
    assert flags()[3:] == [shared, [], shared, []]
    assert len(bearers("email", "bob@example.com")) == 2


def test_an_identifier_of_another_source_is_not_shared(crm: Source) -> None:
    send_rows(crm, {"customer_number": "1", "email": "alice@example.com"}, now=NOW)
    buy(till(quality=[{"field": "email", "rule": "unique"}]), (7, "alice@example.com", 1))
    assert flags() == [[], []]


def test_a_planted_spike_is_flagged_and_kept() -> None:
    source = till(outliers=["amount"])
    # 1 to 40: quartiles 10.75 and 30.25, so that beyond 30.25 + 3 x 19.5 = 88.75 lies far out; four deviations of
    # 11.69 from the mean of 20.5 end at 67.26.
    buy(source, *((number, "", number) for number in range(1, 41)), now=NOW - timedelta(days=2))
    tasks.measure_outliers()
    outliers.measure(now=NOW)
    (row,) = Baseline.objects.all()
    assert (row.source, row.property, row.number) == (source, "amount", 40)
    assert (row.first_quartile, row.median, row.third_quartile, row.mean) == (10.75, 20.5, 30.25, 20.5)
    assert round(row.deviation, 2) == 11.69
    outliers.forget()
    buy(source, (1, "", 67), (2, "", 68), (3, "", 88.75), (4, "", 88.76), (5, "", 5000), (6, "", -47.75), (7, "", -48))
    z, iqr = "outlier:amount:z", "outlier:amount:iqr"
    assert flags()[40:] == [[], [z], [z], [iqr, z], [iqr, z], [z], [iqr, z]]
    assert Record.objects.filter(properties__amount=5000).exists()


def test_too_few_values_or_nothing_to_watch_make_no_baseline() -> None:
    source = till(outliers=["amount"])
    buy(source, *((number, "", number) for number in range(29)))
    buy(source, (99, "", 1), now=NOW - timedelta(days=91))
    assert outliers.measure(now=NOW) == 0
    buy(source, (98, "", 1), now=NOW - timedelta(days=89))
    assert outliers.measure(now=NOW) == 1
    sources.change(source, mapping=MAPPING)
    assert (outliers.measure(now=NOW + timedelta(days=1)), Baseline.objects.count()) == (0, 0)


def test_where_all_values_are_one_nothing_is_an_outlier() -> None:
    source = till(outliers=["amount"])
    buy(source, *((number, "", 5) for number in range(30)))
    assert outliers.measure(now=NOW) == 1
    outliers.forget()
    buy(source, (99, "", 5000))
    assert flags()[30:] == [[]]


def test_baselines_are_remembered_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    source, clock = till(outliers=["amount"]), [1000.0]
    monkeypatch.setattr(outliers.time, "monotonic", lambda: clock[0])
    buy(source, *((number, "", number) for number in range(1, 41)))
    outliers.measure(now=NOW)
    for seconds, found in ((60, []), (61, ["outlier:amount:iqr", "outlier:amount:z"])):
        clock[0] = 1000.0 + seconds
        buy(source, (99, "", 5000 + seconds))
        assert flags()[-1] == found


def test_each_batch_has_the_tally_of_what_was_stored() -> None:
    source = till(
        quality=[{"field": "amount", "rule": "range", "max": 100}, {"field": "email", "rule": "unique"}], outliers=[]
    )
    buy(source, (1, "alice@example.com", 1), (2, "alice@example.com", 200), (3, "no address", 3))
    intake = Intake.objects.get()
    assert intake.stored == 3
    assert intake.fields == {"amount": [3, 0, 1], "customer_number": [3, 0, 0], "email": [2, 1, 0]}
    assert intake.flags == {"email:invalid": 1, "quality:amount:range": 1, "quality:email:unique": 1}
    buy(source, (1, "alice@example.com", 1))
    assert [(one.stored, one.fields) for one in Intake.objects.order_by("id")][1:] == [(0, {})]


def test_what_breaks_a_rule_waits_in_quarantine_and_is_tallied_when_it_is_let_go() -> None:
    rule = {"field": "amount", "rule": "range", "max": 100, "otherwise": "quarantine"}
    source = till(quality=[rule])
    buy(source, (1, "alice@example.com", 101))
    kept = QuarantinedRecord.objects.get()
    assert (kept.reason, kept.field) == ("breaks_rule", "amount")
    assert kept.message == "'amount' breaks the rule 'range' of its source's mapping: at most 100."
    sources.change(source, mapping={**source.mapping, "quality": [{**rule, "max": 101}]})
    replay.replay([kept.id], actor=Actor("person", "7"), reason="the rule was too narrow", now=NOW)
    assert [(one.door, one.quarantined, one.stored, one.fields) for one in Intake.objects.order_by("id")] == [
        ("file", 1, 0, {}),
        ("quarantine", -1, 1, {"amount": [1, 0, 0], "customer_number": [1, 0, 0], "email": [1, 0, 0]}),
    ]
