"""Rules of quality: what breaks one is flagged or turned away, by every reader; a bad rule is no mapping."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records.envelope import Envelope, Reject
from records.envelopes import cloudevents, rows, segment
from records.envelopes.streamed import Around, Reader, always
from records.mapping import faults
from records.models import Source
from records.quality import rules_of
from records.quality_words import asked_for
from records.tallies import Tally, tally_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FIELDS = {"customer_number": "customer_number", "email": "email", "postcode": "postcode", "country": "country"}
RULES: list[dict[str, Any]] = [
    {"field": "amount", "rule": "range", "min": 0, "max": 5000},
    {"field": "email", "rule": "present"},
    {"field": "postcode", "rule": "pattern", "pattern": "^[A-Z]{1,2}[0-9]"},
    {"field": "country", "rule": "one_of", "values": ["GB", "DE"]},
    {"field": "occurred_at", "rule": "fresh", "days": 30},
    {"field": "tier", "rule": "one_of", "values": ["gold"]},
]
GOOD = {
    "customer_number": "1001",
    "email": "alice@example.com",
    "postcode": "se1 7pb",
    "country": "GB",
    "amount": "5000",
    "sold_at": "2026-11-01T00:00:00Z",
    "tier": "gold",
}


def source(*rules: dict[str, Any], format: str = "rows", **mapping: Any) -> Source:
    return Source(
        name="till",
        kind="offline",
        format=format,
        mapping={
            "fields": FIELDS,
            "properties": {"amount": "number", "tier": "string"},
            "occurred_at": "sold_at",
            "quality": list(rules) or RULES,
            **mapping,
        },
    )


def read(row: dict[str, Any], of: Source | None = None) -> Envelope | Reject:
    of = of or source()
    return rows.read(row, of, rows.mapping_for(of, tuple(row)), position=1, now=NOW)


def flags(item: Envelope | Reject) -> tuple[str, ...]:
    assert isinstance(item, Envelope), item
    return item.flags


def test_what_keeps_every_rule_has_no_flag() -> None:
    assert flags(read(GOOD)) == ()


@pytest.mark.parametrize(
    ("different", "found"),
    [
        ({"amount": "5000.01"}, ["quality:amount:range"]),
        ({"amount": "-0.01"}, ["quality:amount:range"]),
        ({"amount": ""}, []),
        ({"email": ""}, ["quality:email:present"]),
        ({"email": "not an address"}, ["email:invalid", "quality:email:present"]),
        ({"postcode": "10115"}, ["postcode:unusual", "quality:postcode:pattern"]),
        ({"country": "FR", "postcode": "W1A 1AA"}, ["postcode:unusual", "quality:country:one_of"]),
        ({"country": "germany"}, ["postcode:unusual"]),
        ({"sold_at": "2026-10-23T11:59:59Z"}, ["quality:occurred_at:fresh"]),
        ({"sold_at": "2026-10-23T12:00:00Z"}, []),
        ({"tier": "tin"}, ["quality:tier:one_of"]),
        ({"amount": 9000, "tier": "tin"}, ["quality:amount:range", "quality:tier:one_of"]),
    ],
)
def test_what_breaks_a_rule_is_flagged(different: dict[str, Any], found: list[str]) -> None:
    assert list(flags(read({**GOOD, **different}))) == found


def test_two_rules_of_one_kind_flag_once() -> None:
    twice = source(*({"field": "tier", "rule": "pattern", "pattern": p} for p in ("^a", "^b")))
    assert flags(read(GOOD, twice)) == ("quality:tier:pattern",)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"rule": "range", "min": 0, "max": 100}, "0–100"),
        ({"rule": "range", "min": -2.5}, "at least -2.5"),
        ({"rule": "range", "max": 0}, "at most 0"),
        ({"rule": "pattern", "pattern": "^[A-Z]"}, "^[A-Z]"),
        ({"rule": "pattern", "pattern": "a" * 500}, "a" * 120 + "…"),
        ({"rule": "one_of", "values": ["alice@example.com", "bob@example.com"]}, "one of 2 values"),
        ({"rule": "fresh", "days": 1}, "at most 1 day old"),
        ({"rule": "fresh", "days": 1000}, "at most 1,000 days old"),
        ({"rule": "present"}, "it must be there"),
    ],
)
def test_a_rule_says_what_it_asks_for_and_no_value_of_a_reference_set(rule: dict[str, Any], words: str) -> None:
    assert asked_for(rule) == words


def test_a_rule_may_turn_the_record_away_and_names_no_value() -> None:
    strict = source(RULES[4], {**RULES[0], "otherwise": "quarantine"})
    reject = read({**GOOD, "amount": "9000"}, strict)
    assert isinstance(reject, Reject)
    assert (reject.code, reject.field, reject.way) == ("breaks_rule", "amount", rows.Way("row"))
    assert reject.message == "'amount' breaks the rule 'range' of its source's mapping: 0–5000."
    assert b"9000" in (reject.body or b"")
    assert flags(read({**GOOD, "amount": "9000"}, source({**RULES[0], "otherwise": "flag"}))) == (
        "quality:amount:range",
    )


def test_every_reader_asks() -> None:
    strict = source({"field": "email", "rule": "present", "otherwise": "quarantine"})
    row = {**GOOD, "email": ""}
    event = {"specversion": "1.0", "id": "1", "source": "/till", "type": "sale", "data": row}
    reader = Reader(strict, NOW)
    items = [
        read(row, strict),
        cloudevents.read(event, strict, position=1, now=NOW),
        reader.read(row, Around({}), known_by=always(b"1"), position=1),
        segment.read(
            {"type": "identify", "userId": "1"},
            source(*strict.mapping["quality"], format="segment", fields={}),
            position=1,
            now=NOW,
        ),
    ]
    assert [(item.code, item.field) for item in items if isinstance(item, Reject)] == [("breaks_rule", "email")] * 4
    # A source that deletes a row says so, whatever the row was like.
    assert isinstance(reader.read_deletion(row, Around({}), known_by=b"1", position=1), Envelope)


def test_events_and_kinds_have_rules_too() -> None:
    of = source(
        {"field": "event", "rule": "present"},
        {"field": "kind", "rule": "one_of", "values": ["sale"]},
    )
    assert flags(read(GOOD, of)) == ("quality:event:present", "quality:kind:one_of")
    assert flags(read(GOOD, source(*of.mapping["quality"], event="Sold", kind="sale"))) == ()


def test_rules_are_compiled_once_and_anew_when_they_change() -> None:
    assert rules_of(source()) is rules_of(source())
    assert rules_of(source()) is not rules_of(source(RULES[0]))
    assert rules_of(Source(mapping={})) == ()


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({}, "'quality' must be a list of rules."),
        ([RULES[0]] * 101, "'quality' has at most 100 rules."),
        (["email"], "Rule 1 of 'quality' must be an object with a 'field' and a 'rule'."),
        ([{"field": "email", "rule": "pretty"}], "must be one of present, range"),
        ([{**RULES[1], "otherwise": "drop"}], "says what happens 'otherwise': flag or quarantine."),
        ([{**RULES[1], "min": 1}], "has 'min', which a rule 'present' does not know."),
        ([RULES[0], {"field": "shoe_size", "rule": "present"}], "Rule 2 of 'quality' names 'shoe_size', which is"),
        ([{"field": "full_name", "rule": "present"}], "name one of these."),
        ([{"field": "email", "rule": "range", "min": 1}], "is for a property of numbers."),
        ([{"field": "tier", "rule": "range", "min": 1}], "is for a property of numbers."),
        ([{"field": "amount", "rule": "range"}], "needs 'min' or 'max'"),
        ([{"field": "amount", "rule": "range", "min": 2, "max": 1}], "needs 'min' or 'max'"),
        ([{"field": "amount", "rule": "range", "min": float("nan")}], "needs 'min' or 'max'"),
        ([{"field": "amount", "rule": "range", "min": 10**30}], "needs 'min' or 'max'"),
        ([{"field": "amount", "rule": "range", "min": True}], "needs 'min' or 'max'"),
        ([{"field": "amount", "rule": "pattern", "pattern": "1"}], "is for a text."),
        ([{"field": "email", "rule": "pattern", "pattern": "("}], "cannot be matched in linear time"),
        ([{"field": "email", "rule": "pattern", "pattern": r"(a)\1"}], "cannot be matched in linear time"),
        ([{"field": "email", "rule": "pattern", "pattern": "(?=a)"}], "cannot be matched in linear time"),
        ([{"field": "email", "rule": "pattern", "pattern": "a" * 501}], "cannot be matched in linear time"),
        ([{"field": "country", "rule": "one_of", "values": []}], "needs 'values': 1 to 1,000 texts"),
        ([{"field": "country", "rule": "one_of", "values": [None]}], "needs 'values': 1 to 1,000 texts"),
        ([{"field": "country", "rule": "fresh", "days": 3}], "is for occurred_at."),
        ([{"field": "occurred_at", "rule": "present"}], "for which there is the rule 'fresh'."),
        ([{"field": "occurred_at", "rule": "fresh", "days": 0}], "needs 'days': a number above 0"),
        ([{"field": "country", "rule": "unique"}], "is for an identifier: account_id, "),
        ([{"field": "email", "rule": "unique", "otherwise": "quarantine"}], "can only flag"),
    ],
)
def test_a_bad_rule_is_named_in_a_sentence(rules: Any, sentence: str) -> None:
    (fault,) = faults({**source().mapping, "quality": rules})
    assert sentence in fault


def test_good_rules_have_no_fault() -> None:
    assert faults({**source().mapping, "quality": [*RULES, {"field": "email", "rule": "unique"}]}) == []
    # Without properties of its own a source has those of Segment's e-commerce events.
    assert faults({"quality": [{"field": "revenue", "rule": "range", "max": 1}], "outliers": ["revenue"]}) == []
    long = "p" * 41
    assert faults({"properties": {long: "string"}, "quality": [{"field": long, "rule": "present"}]}) == [
        "Rule 1 of 'quality' names a property of more than 40 characters."
    ]


@pytest.mark.parametrize(
    ("watched", "sentence"),
    [
        ("amount", "'outliers' must be a list of names of properties."),
        (["amount"] * 21, "'outliers' names at most 20 properties."),
        (["tier"], "'outliers' names 'tier', which is no declared property of numbers."),
    ],
)
def test_outliers_are_watched_of_numbers_alone(watched: Any, sentence: str) -> None:
    assert faults({**source().mapping, "outliers": watched}) == [sentence]


def test_a_tally_counts_what_was_there_unreadable_and_wrong() -> None:
    of = source(*RULES, special_categories=[])
    items = [
        read(GOOD, of),
        read({**GOOD, "email": "x", "extra": 1, "other": 2}, of),
        read({**GOOD, "amount": 9000, "country": "Atlantis", "extra": 1}, of),
    ]
    assert tally_of([item for item in items if isinstance(item, Envelope)]) == Tally(
        fields={
            "amount": [3, 0, 1],
            "country": [2, 1, 0],
            "customer_number": [3, 0, 0],
            "email": [2, 1, 0],
            "postcode": [3, 0, 0],
            "tier": [3, 0, 0],
        },
        flags={
            "country:unknown": 1,
            "email:invalid": 1,
            "quality:amount:range": 1,
            "quality:email:present": 1,
            "undeclared": 2,
        },
    )
    assert tally_of([]) == Tally({}, {})


def test_freshness_counts_from_when_a_record_was_received() -> None:
    of = source(RULES[4])
    then = NOW - timedelta(days=300)
    old = {**GOOD, "sold_at": then.isoformat()}
    assert flags(rows.read(old, of, rows.mapping_for(of, tuple(old)), position=1, now=then)) == ()
