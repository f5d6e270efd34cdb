"""Sources are added with defaults that fit their kind, found by write key, and checked field by field."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from records import sources
from records.models import Source

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "format", "stable_key"),
    [("online", "segment", "account_id"), ("offline", "rows", "customer_number"), ("iot", "rows", "")],
)
def test_defaults_fit_the_kind(kind: str, format: str, stable_key: str) -> None:
    source, _ = sources.add("new", kind=kind)
    assert (source.format, source.stable_key, source.purposes, source.client_side) == (
        format,
        stable_key,
        ["service"],
        False,
    )


def test_a_source_is_found_by_its_write_key_alone() -> None:
    shop, shops = sources.add("shop", kind="online")
    till, tills = sources.add("till", kind="offline")
    assert (sources.by_write_key(shops), sources.by_write_key(tills)) == (shop, till)
    assert sources.by_write_key("wk_unknown") is sources.by_write_key("") is None
    assert shops not in str(Source.objects.values())


def test_a_renewed_write_key_ends_the_old_one() -> None:
    shop, old = sources.add("shop", kind="online")
    new = sources.renew_write_key(shop)
    assert sources.by_write_key(old) is None
    assert sources.by_write_key(new) == shop


def test_a_source_found_by_its_key_is_as_it_is_now() -> None:
    shop, key = sources.add("shop", kind="online")
    for days in (7, 8, 9):
        Source.objects.filter(pk=shop.pk).update(retention_days=days)
        for _ in range(2):
            found = sources.by_write_key(key)
            assert found is not None
            assert found.retention_days == days
            # What one caller makes of it is not what the next one gets.
            found.retention_days = 1
    Source.objects.filter(pk=shop.pk).update(enabled=False)
    assert getattr(sources.by_write_key(key), "enabled", None) is False


SOUND: dict[str, Any] = {"name": "shop", "kind": "online"}


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"name": "my shop"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "s" * 81}, "name"),
        ({"name": "taken"}, "name"),
        ({"format": "xml"}, "format"),
        ({"purposes": []}, "purposes"),
        ({"trust_rank": 101}, "trust_rank"),
        ({"trust_rank": -1}, "trust_rank"),
        ({"stable_key": "shoe_size"}, "stable_key"),
        ({"region": "Atlantis"}, "region"),
        ({"region": ""}, "region"),
        ({"mapping": {"fields": {"mail": "electronic"}}}, "mapping"),
        ({"mapping": ["email"]}, "mapping"),
    ],
)
def test_what_cannot_stand_is_named_and_nothing_is_added(different: dict[str, Any], field: str) -> None:
    sources.add("taken", kind="online")
    with pytest.raises(ValidationError) as raised:
        sources.add(**{**SOUND, **different})
    assert list(raised.value.message_dict) == [field]
    assert Source.objects.count() == 1


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as raised:
        sources.add("my shop", kind="online", trust_rank=101, region="XX")
    assert sorted(raised.value.message_dict) == ["name", "region", "trust_rank"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(sources.UnknownKind, match="online, offline, iot"):
        sources.add("shop", kind="carrier pigeon")


def test_a_changed_mapping_gets_a_new_version() -> None:
    shop, _ = sources.add("shop", kind="online")
    changed = sources.change(shop, mapping={"date_order": "dmy"}, trust_rank=80)
    assert (changed.mapping_version, changed.trust_rank, changed.mapping) == (2, 80, {"date_order": "dmy"})
    assert sources.change(shop, mapping={"date_order": "dmy"}).mapping_version == 2


@pytest.mark.parametrize("wrong", [{"mapping": {"colour": 1}}, {"trust_rank": 101}, {"name": "other"}, {"kind": "iot"}])
def test_a_wrong_change_changes_nothing(wrong: dict[str, Any]) -> None:
    shop, _ = sources.add("shop", kind="online")
    before = Source.objects.values().get()
    with pytest.raises(ValidationError) as raised:
        sources.change(shop, **{"retention_days": 5, **wrong})
    assert list(raised.value.message_dict) == list(wrong)
    assert Source.objects.values().get() == before


def test_a_disabled_source_is_known_but_may_not_send() -> None:
    shop, key = sources.add("shop", kind="online")
    sources.change(shop, enabled=False)
    found = sources.by_write_key(key)
    assert (found, found and found.enabled) == (shop, False)
