"""Versions of mappings and contracts: kept with who saved them, never changed, told in words."""

from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from records import sources, versions
from records.models import ContractVersion, MappingVersion, Source
from records.versions import Change, changes_between

pytestmark = pytest.mark.django_db


def test_each_change_is_a_version_and_nothing_else_is() -> None:
    shop, _ = sources.add("shop", kind="online", mapping={"date_order": "dmy"}, by="u-1")
    sources.change(shop, trust_rank=80, by="u-2")
    sources.change(shop, mapping={"date_order": "dmy"}, by="u-2")
    sources.change(shop, mapping={"date_order": "mdy"}, by="u-3")
    kept = MappingVersion.objects.order_by("version").values_list("version", "mapping", "saved_by")
    assert list(kept) == [(1, {"date_order": "dmy"}, "u-1"), (2, {"date_order": "mdy"}, "u-3")]
    assert not ContractVersion.objects.exists()
    changed = sources.change(shop, contract_mode="block", by="u-4")
    sources.change(changed, contract_mode="block", contract_schema="", by="u-5")
    sources.change(changed, contract_schema='{"type": "object"}', by="u-6")
    listed = [(one.number, one.mode, one.saved_by, one.content) for one in versions.of_contract(changed)]
    assert listed == [(2, "block", "u-6", {"type": "object"}), (1, "block", "u-4", {})]


def test_what_cannot_stand_leaves_no_version() -> None:
    shop, _ = sources.add("shop", kind="online")
    for wrong in ({"mapping": {"fields": 5}}, {"contract_mode": "lenient"}, {"contract_schema": "{"}):
        with pytest.raises(sources.ValidationError):
            sources.change(shop, **wrong)
    assert (MappingVersion.objects.count(), ContractVersion.objects.count()) == (1, 0)
    assert Source.objects.get() == shop


def test_a_version_is_never_changed_or_deleted() -> None:
    shop, _ = sources.add("shop", kind="online")
    sources.change(shop, contract_mode="block")
    for model in (MappingVersion, ContractVersion):
        for act in (lambda rows: rows.update(saved_by="x"), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                act(model.objects.all())


def test_changes_are_told_place_by_place() -> None:
    before = {"fields": {"mail": "email", "tel": "phone"}, "kind": "profile"}
    after = {"fields": {"mail": "email", "no": "customer_number"}, "kind": "purchase", "message_id": ["no"]}
    assert changes_between(before, after) == [
        Change("removed", "fields › tel", before="phone"),
        Change("added", "fields › no", after="customer_number"),
        Change("added", "message_id", after='["no"]'),
        Change("changed", "kind", before="profile", after="purchase"),
    ]


def test_the_migration_keeps_the_mapping_that_each_source_has() -> None:
    old = Source.objects.create(
        name="old", kind="online", purposes=["service"], mapping={"kind": "x"}, mapping_version=4,
        write_key_digest=b"1", write_key_hint="wk",
    )  # fmt: skip
    fill, _ = import_module("records.migrations.0014_versions_and_contracts").APPEND_ONLY.strip().split(";", 1)
    with connection.cursor() as cursor:
        cursor.execute(fill)
    kept = MappingVersion.objects.get(source=old)
    assert (kept.version, kept.mapping, kept.saved_by) == (4, {"kind": "x"}, "")
