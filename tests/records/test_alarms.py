"""Alarms: a planted silence, spike and drift are found with their figures, once each, and end by themselves."""

from datetime import timedelta
from typing import Any

import pytest

from pipeline import tasks
from records import alarms, discovered, intakes, quarantine, sources, tally_hours
from records.envelope import Reject, message_hash
from records.models import ContractVersion, DiscoveredField, Intake, MappingVersion, QualityAlarm, Source, TallyHour
from records.quality_days import quality_of
from records.tallies import Tally
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
# A Sunday at twelve: the last complete hour begins at eleven, the last complete day is Saturday the 21st.
MINUTES = timedelta(minutes=30)


def came(
    source: Source, at: Any, stored: int, *, quarantined: int = 0, door: str = "http", **tally: dict[str, Any]
) -> Intake:
    return intakes.note(
        source,
        door=door,
        acknowledged=stored + quarantined,
        stored=stored,
        duplicate=0,
        quarantined=quarantined,
        refused=0,
        now=at,
        tally=Tally(**tally),
    )


def standing() -> list[tuple[str, str, str, str]]:
    return [(row.source.name, row.kind, row.field, row.cause) for row in alarms.standing().order_by("kind", "field")]


def hours(source: Source, *counts: int, since: int = 1) -> None:
    """So many records in the last complete hour of so many weeks ago; the source has begun just before."""
    came(source, NOW - (since + len(counts) - 1) * WEEK - 3 * HOUR, 1)
    for weeks, count in enumerate(counts, since):
        if count:
            came(source, NOW - weeks * WEEK - MINUTES, count)


def test_a_planted_silence_is_one_alarm_while_it_lasts(shop: Source) -> None:
    hours(shop, 100, 120, 110, 130)
    alarms.watch_volume(now=NOW)
    cause = (
        "No record came between Nov 22 11:00 UTC and Nov 22 12:00 UTC; in the same hour of the 4 weeks before it was "
        "115 (median; standard deviation 15)."
    )
    assert standing() == [("shop", "silent", "", cause)]
    alarms.watch_volume(now=NOW + timedelta(minutes=10))
    (alarm,) = QualityAlarm.objects.all()
    assert (alarm.began_at, alarm.last_seen_at, alarm.ended_at) == (NOW, NOW + timedelta(minutes=10), None)
    came(shop, NOW + MINUTES, 100)
    for weeks in (1, 2, 3, 4):
        came(shop, NOW + MINUTES - weeks * WEEK, 100)
    alarms.watch_volume(now=NOW + HOUR)
    alarm.refresh_from_db()
    assert (standing(), alarm.ended_at) == ([], NOW + HOUR)
    alarms.watch_volume(now=NOW)
    assert QualityAlarm.objects.count() == 2


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ((100, 100, 100, 100), 49, "too_little"),
        ((100, 100, 100, 100), 50, ""),
        ((100, 100, 100, 100), 200, ""),
        ((100, 100, 100, 100), 201, "too_much"),
        # A median of 100 and a deviation of 1.4826 x 20: three of these are 89.
        ((80, 80, 120, 120), 12, ""),
        ((80, 80, 120, 120), 11, "too_little"),
        ((40, 40, 160, 160), 277, ""),
        ((40, 40, 160, 160), 367, "too_much"),
        # Sometimes nothing comes: silence is no news, and ten of ten are too few.
        ((100, 0, 100, 100), 0, "too_little"),
        ((9, 9, 9, 9), 0, ""),
        ((10, 10, 10, 10), 0, "silent"),
        # Of two weeks there is no telling.
        ((100, 100), 0, ""),
        ((100, 100, 100), 0, "silent"),
    ],
)
def test_how_much_is_too_much(shop: Source, before: tuple[int, ...], now: int, kind: str) -> None:
    hours(shop, *before)
    hours(shop, now, since=0)
    alarms.watch_volume(now=NOW)
    assert [row.kind for row in alarms.standing()] == ([kind] if kind else [])


def test_a_week_in_which_a_source_began_says_nothing(shop: Source) -> None:
    for weeks in (1, 2, 3):
        came(shop, NOW - weeks * WEEK - MINUTES, 100)
    alarms.watch_volume(now=NOW)
    assert standing() == []
    came(shop, NOW - 3 * WEEK - 2 * HOUR, 1)
    alarms.watch_volume(now=NOW)
    assert len(standing()) == 1


def test_a_day_counts_as_well(shop: Source) -> None:
    came(shop, NOW - 5 * WEEK, 1)
    for weeks, count in enumerate((400, 100, 110, 90, 100)):
        came(shop, NOW - DAY - weeks * WEEK, count)
    alarms.watch_volume(now=NOW)
    cause = (
        "400 records came between Nov 21 00:00 UTC and Nov 22 00:00 UTC; on the same weekday of the 4 weeks before it "
        "was 100 (median; standard deviation 7)."
    )
    assert standing() == [("shop", "too_much", "", cause)]


def test_a_source_that_is_switched_off_has_no_alarm(shop: Source) -> None:
    hours(shop, 100, 100, 100, 100)
    alarms.watch_volume(now=NOW)
    sources.change(shop, enabled=False)
    alarms.watch_volume(now=NOW)
    assert standing() == []


def days(source: Source, *, now: dict[str, Any], then: dict[str, Any], stored: int = 100, number: int = 14) -> None:
    """What came in the last 24 hours, and in each of so many times 24 hours before."""
    for back in range(number + 1):
        came(source, NOW - back * DAY - MINUTES, stored, **(then if back else now))


def fields(**counts: list[int]) -> dict[str, Any]:
    return {"fields": counts}


def test_a_field_that_is_filled_less_often_is_found(shop: Source) -> None:
    days(shop, now=fields(email=[70, 0, 0], phone=[79, 0, 0]), then=fields(email=[95, 0, 0], phone=[99, 0, 0]))
    alarms.watch_fields(now=NOW)
    cause = (
        "'email' was filled in 70 % of 100 records in the 24 hours before Nov 22 12:00 UTC; the median of the days "
        "before is 95 %."
    )
    assert standing() == [("shop", "completeness", "email", cause)]


def test_a_field_that_never_comes_any_more_is_found_and_changes_of_the_source_are_told(shop: Source) -> None:
    days(shop, now=fields(phone=[100, 0, 0]), then=fields(email=[95, 0, 0], phone=[100, 0, 0]))
    MappingVersion.objects.create(source=shop, version=2, mapping={}, saved_at=NOW - HOUR)
    MappingVersion.objects.create(source=shop, version=3, mapping={}, saved_at=NOW + HOUR)
    ContractVersion.objects.create(source=shop, version=1, mode="block", saved_at=NOW - 2 * HOUR)
    ContractVersion.objects.create(source=shop, version=2, mode="strict", saved_at=NOW - 2 * DAY)
    alarms.watch_fields(now=NOW)
    ((_, kind, field, cause),) = standing()
    assert (kind, field) == ("completeness", "email")
    assert cause.startswith("'email' was filled in 0 % of 100 records")
    assert cause.endswith(
        "is 95 %; its mapping was changed at Nov 22 11:00 UTC; its contract was changed at Nov 22 10:00 UTC."
    )


def test_a_field_that_is_valid_less_often_is_found(shop: Source) -> None:
    # Of 80 that brought an amount 20 break a rule and 10 cannot be read: 50 of 80, of 100 records, are valid.
    days(shop, now=fields(amount=[70, 10, 20]), then=fields(amount=[80, 1, 0]))
    alarms.watch_fields(now=NOW)
    cause = (
        "'amount' was valid in 62.5 % of 80 records in the 24 hours before Nov 22 12:00 UTC; the median of the days "
        "before is 98.8 %."
    )
    assert standing() == [("shop", "validity", "amount", cause)]


@pytest.mark.parametrize(("stored", "number", "found"), [(20, 14, 1), (19, 14, 0), (100, 5, 1), (100, 4, 0)])
def test_few_records_or_days_say_nothing(shop: Source, stored: int, number: int, found: int) -> None:
    days(shop, now=fields(email=[0, 0, 0]), then=fields(email=[stored, 0, 0]), stored=stored, number=number)
    alarms.watch_fields(now=NOW)
    assert len(standing()) == found


def test_batches_without_a_tally_count_for_nothing(shop: Source) -> None:
    days(shop, now={}, then=fields(email=[100, 0, 0]))
    Intake.objects.filter(received_at__gt=NOW - DAY).update(fields=None, flags=None)
    alarms.watch_fields(now=NOW)
    assert standing() == []


def test_undeclared_fields_that_come_more_often_are_found(shop: Source) -> None:
    days(shop, now={"flags": {"undeclared": 31}}, then={"flags": {"undeclared": 10}})
    alarms.watch_fields(now=NOW)
    cause = (
        "Undeclared fields came in 31 % of 100 records in the 24 hours before Nov 22 12:00 UTC; the median of the days "
        "before is 10 %."
    )
    assert standing() == [("shop", "undeclared", "", cause)]
    Intake.objects.filter(received_at__gt=NOW - DAY).update(flags={"undeclared": 30})
    alarms.watch_fields(now=NOW)
    assert standing() == []


def test_new_fields_of_a_source_that_discovers_are_counted_and_not_named(crm: Source) -> None:
    Source.objects.update(contract_mode="discover")
    discovered.note(crm, [{"shoe_size": 42}], now=NOW - 2 * DAY)
    discovered.note(crm, [{"alice": 1, "shoe_size": 42}], now=NOW - 2 * HOUR)
    # The source was made just now: all is new.
    alarms.watch_fields(now=NOW)
    assert standing() == []
    Source.objects.update(created_at=NOW - 9 * DAY)
    alarms.watch_fields(now=NOW)
    cause = "The source sent 1 field that it had never sent since Nov 22 10:00 UTC; its contract's page lists them."
    assert standing() == [("crm", "undeclared", "", cause)]
    discovered.note(crm, [{"bob": 1}], now=NOW - HOUR)
    alarms.watch_fields(now=NOW)
    assert standing()[0][3].startswith("The source sent 2 fields that it had never sent since Nov 22 10:00 UTC")
    DiscoveredField.objects.filter(name="bob").update(ignored=True)
    alarms.watch_fields(now=NOW)
    assert standing()[0][3] == cause
    # It discovers since just now: all is new.
    sources.change(Source.objects.get(), contract_mode="strict")
    sources.change(Source.objects.get(), contract_mode="discover")
    alarms.watch_fields(now=NOW)
    assert standing() == []


def test_more_in_quarantine_than_usual_is_found_with_its_commonest_reason(shop: Source) -> None:
    for back in range(15):
        came(shop, NOW - back * DAY - MINUTES, 98 if back else 93, quarantined=2 if back else 7)
    rejects = [
        Reject(number, code, "", "", None, 1, message_hash(str(number)))
        for number, code in enumerate(["wrong_type"] * 4 + ["absurd_date"] * 3)
    ]
    quarantine.keep(rejects, shop, door="http", now=NOW - MINUTES)
    alarms.watch_fields(now=NOW)
    cause = (
        "7 % of 100 records went to quarantine (most often wrong_type, 4) in the 24 hours before Nov 22 12:00 UTC; the "
        "median of the days before is 2 %."
    )
    assert standing() == [("shop", "quarantined", "", cause)]
    # What was let go does not make it less that went in.
    intakes.note_let_go(shop, stored=7, duplicate=0, refused=0, now=NOW - MINUTES)
    alarms.watch_fields(now=NOW)
    assert len(standing()) == 1


@pytest.mark.parametrize(("usual", "now", "found"), [(2, 6, 0), (2, 7, 1), (0, 5, 0), (0, 6, 1), (40, 60, 0)])
def test_quarantine_is_an_alarm_beyond_a_twentieth_and_thrice_the_usual(
    shop: Source, usual: int, now: int, found: int
) -> None:
    for back in range(15):
        share = usual if back else now
        came(shop, NOW - back * DAY - MINUTES, 100 - share, quarantined=share)
    alarms.watch_fields(now=NOW)
    assert len(standing()) == found


def test_volume_and_fields_leave_each_others_alarms_alone_and_tasks_watch_both(shop: Source) -> None:
    hours(shop, 100, 100, 100, 100)
    days(shop, now=fields(email=[0, 0, 0]), then=fields(email=[100, 0, 0]))
    Intake.objects.filter(received_at__gt=NOW - HOUR).update(received_at=NOW - 2 * HOUR)
    alarms.watch_volume(now=NOW)
    alarms.watch_fields(now=NOW)
    alarms.watch_volume(now=NOW)
    assert [kind for _, kind, _, _ in standing()] == ["completeness", "silent"]
    # By the clock of today nothing of this has happened lately.
    tasks.watch_volume()
    tasks.watch_fields()
    assert standing() == []


def test_hours_are_summed_up_once_the_last_ones_again_and_what_changed_as_well(shop: Source) -> None:
    email = {"email": [8, 1, 0]}
    came(shop, NOW - 9 * HOUR - MINUTES, 10, quarantined=2, fields=email, flags={"email:invalid": 1})
    came(shop, NOW - 9 * HOUR - MINUTES, 10, fields=email)
    came(shop, NOW - MINUTES, 10, fields=email)
    came(shop, NOW + MINUTES, 10, fields=email)
    tally_hours.sum_up(shop, now=NOW)

    def hours_of() -> list[tuple[Any, ...]]:
        rows = TallyHour.objects.order_by("hour")
        return [(row.hour - NOW, row.acknowledged, row.quarantined, row.stored, row.fields) for row in rows]

    first = (-10 * HOUR, 22, 2, 20, {"email": [16, 2, 0]})
    assert hours_of() == [first, (-HOUR, 10, 0, 10, email)]
    assert [row.flags for row in TallyHour.objects.order_by("hour")] == [{"email:invalid": 1}, {}]
    # A batch of three hours ago was committed late; one of ten hours ago nobody looks for.
    came(shop, NOW - 2 * HOUR - MINUTES, 1, fields=email)
    came(shop, NOW - 9 * HOUR - MINUTES, 1, fields=email)
    tally_hours.sum_up(shop, now=NOW)
    assert hours_of() == [first, (-3 * HOUR, 1, 0, 1, email), (-HOUR, 10, 0, 10, email)]
    # What has left the quarantine counts in the hour in which it came.
    intakes.note_let_go(shop, stored=2, duplicate=0, refused=0, now=NOW - 9 * HOUR - MINUTES)
    assert [row.stale for row in TallyHour.objects.order_by("hour")] == [True, False, False]
    tally_hours.sum_up(shop, now=NOW)
    assert hours_of()[0] == (-10 * HOUR, 23, 2, 23, {"email": [24, 3, 0]})
    assert not TallyHour.objects.filter(stale=True).exists()


def test_a_long_past_is_summed_up_to_its_end(shop: Source) -> None:
    for back in (400, 25, 24, 1):
        came(shop, NOW - back * HOUR, back, fields={"email": [back, 0, 0]})
    for _ in range(2):
        tally_hours.sum_up(shop, now=NOW)
        assert [(NOW - row.hour, row.stored) for row in TallyHour.objects.order_by("hour")] == [
            (back * HOUR, back) for back in (400, 25, 24, 1)
        ]


def test_days_are_the_same_before_and_after_summing_up(shop: Source) -> None:
    for back in (70, 30, 2, 1, 0):
        came(shop, NOW - back * HOUR, 10 + back, fields={"email": [back, 1, 0]}, flags={"email:invalid": 1})
    before = quality_of(shop, last=NOW.date(), days=30)
    assert (before.stored, before.flags) == (153, {"email:invalid": 5})
    tally_hours.sum_up(shop, now=NOW)
    assert TallyHour.objects.count() == 4
    assert quality_of(shop, last=NOW.date(), days=30) == before
