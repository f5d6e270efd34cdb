"""A preview counts whom a segment would hold, and saves nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from segments.models import Membership, Segment
from segments.preview import Preview, preview
from segments.refresh import refresh
from segments.rules.parse import InvalidDefinition
from tests.segments.factories import NOW, did, grant, person, withdraw

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BUYERS = {
    "rule": {"feature": "orders_90d", "op": ">=", "value": 1},
    "score": {"terms": [{"feature": "orders_90d", "weight": 1, "low": 0, "high": 10}], "threshold": 35},
}


def test_counts_and_histogram() -> None:
    everyone = [person() for _ in range(5)]
    for orders, (_, source_profile) in zip((0, 1, 3, 4, 10), everyone, strict=True):
        if orders:
            did(source_profile, "purchase", ago=1, count=orders)
    carol_who_withdrew, carols = person()
    did(carols, "purchase", ago=1, count=9)
    refresh([profile for profile, _ in everyone] + [carol_who_withdrew], now=NOW)
    withdraw(carols, "analytics", at=NOW)
    assert preview(BUYERS, "analytics", now=NOW) == Preview(
        profiles=6, refused=1, allowed=5, matching=4, members=2, histogram=[0, 1, 0, 1, 1, 0, 0, 0, 0, 1]
    )


def test_purpose_and_channel_are_asked() -> None:
    alice, alices = person()
    bob, bobs = person()
    carol_who_withdrew, carols = person()
    for theirs in (alices, bobs, carols):
        did(theirs, "purchase", ago=1, count=5)
    grant(alices, "marketing", "email")
    grant(carols, "marketing", "email")
    refresh([alice, bob, carol_who_withdrew], now=NOW)
    withdraw(carols, "analytics", at=NOW)
    seen = preview(BUYERS, "marketing", "email", now=NOW)
    assert (seen.profiles, seen.allowed, seen.refused, seen.members) == (3, 1, 2, 1)


def test_without_a_score_the_histogram_is_empty() -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    seen = preview({"rule": BUYERS["rule"]}, "analytics", now=NOW)
    assert (seen.members, seen.histogram) == (1, [0] * 10)


def test_nothing_is_saved() -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1, count=5)
    refresh([alice], now=NOW)
    with CaptureQueriesContext(connection) as queries:
        preview(BUYERS, "analytics", now=NOW)
    assert not [query["sql"] for query in queries if query["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert not Segment.objects.exists()
    assert not Membership.objects.exists()


def test_a_definition_that_cannot_work_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match=r"\$\.rule: is missing"):
        preview({}, "analytics", now=NOW)


def test_nobody() -> None:
    assert preview(BUYERS, "analytics", now=NOW) == Preview()
