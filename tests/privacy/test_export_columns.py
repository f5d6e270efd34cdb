"""What may stand in an export: what is known, in bands; what is estimated is no fact and stays out."""

import pytest

from privacy import export_columns
from segments.imputation import policies
from segments.models import ProfileFeatures
from segments.refresh import refresh
from tests.segments.factories import NOW, did, person

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_an_estimate_is_not_exported() -> None:
    for feature, constant in {"recency_days": 40, "country": "GB"}.items():
        policies.change(feature, method="constant", constant=constant, by="t", now=NOW)
    alice, _ = person()
    bob, bobs = person()
    did(bobs, "purchase", ago=40)
    refresh([alice, bob], now=NOW)
    assert set(ProfileFeatures.objects.get(profile=alice).estimated) == {"recency_days", "country"}
    owned = {alice: [], bob: [bobs]}
    read = export_columns.read(owned, ["recency_days", "country", "frequency_365d"], now=NOW)
    assert read == {alice: ("", "", "0"), bob: ("30-99", "", "1-2")}
