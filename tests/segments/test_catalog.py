"""The catalog refuses what cannot work, and names it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from consent.models import Purpose
from segments import catalog
from segments.defaults import DEFAULTS
from segments.models import Membership, Segment
from segments.refresh import refresh
from segments.rules.parse import InvalidDefinition
from tests.segments.factories import NOW, did, grant, known_to, make_source, unify

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

OWNERS = {"rule": {"feature": "appliance_owner", "op": "==", "value": True}}


def make(**changes: Any) -> Segment:
    """The owners' segment, with these changes."""
    given: dict[str, Any] = {
        "slug": "owners",
        "name": "Owners",
        "purpose": "analytics",
        "definition": OWNERS,
        **changes,
    }
    return catalog.create(given.pop("slug"), **given)


def test_create() -> None:
    segment = make(purpose="marketing", channel="email", description="They own one.")
    stored = Segment.objects.get(slug="owners")
    assert stored == segment
    assert (stored.name, stored.purpose_id, stored.channel, stored.description, stored.active, stored.definition) == (
        "Owners",
        "marketing",
        "email",
        "They own one.",
        True,
        OWNERS,
    )


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        (
            {"purpose": "profiling"},
            "purpose",
            "is not an active purpose; allowed: analytics, identity_linking, marketing",
        ),
        ({"purpose": "marketing", "channel": "fax"}, "channel", "allowed: email, sms, push, post"),
        ({"channel": "email"}, "channel", "allowed: none: this purpose has no channels"),
        ({"slug": "Our owners"}, "slug", "valid"),
        ({"slug": ""}, "slug", "blank"),
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 81}, "name", "80"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make(**changes)
    assert list(caught.value.message_dict) == [field]
    assert message in caught.value.message_dict[field][0]
    assert not Segment.objects.exists()


def test_a_purpose_out_of_use_is_refused() -> None:
    Purpose.objects.filter(slug="analytics").update(active=False)
    with pytest.raises(ValidationError, match="not an active purpose"):
        make()


def test_a_slug_is_taken_once() -> None:
    make()
    with pytest.raises(ValidationError, match="already exists"):
        make()


def test_a_definition_over_unknown_features_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match=r"\$\.rule\.feature: 'shoe_size' is not a known feature"):
        make(definition={"rule": {"feature": "shoe_size", "op": ">", "value": 40}})


def test_the_bands_of_age_are_known() -> None:
    with pytest.raises(InvalidDefinition, match="allowed: one of under 18, 18-24, 25-34"):
        make(definition={"rule": {"feature": "age_band", "op": "in", "value": ["20-29"]}})


def test_update() -> None:
    segment = catalog.update(make(), name="Those who own", active=False)
    stored = Segment.objects.get()
    assert (stored.slug, stored.name, stored.active, segment) == ("owners", "Those who own", False, stored)


@pytest.mark.parametrize("changes", [{"definition": {}}, {"purpose": "none"}, {"name": ""}, {"slug": "others"}])
def test_an_update_that_is_refused_changes_nothing(changes: dict[str, Any]) -> None:
    segment = make()
    before = Segment.objects.values().get()
    with pytest.raises((ValidationError, InvalidDefinition)):
        catalog.update(segment, **changes)
    assert Segment.objects.values().get() == before
    assert (segment.slug, segment.name, segment.definition) == ("owners", "Owners", OWNERS)


def test_six_defaults_are_made_once_and_left_as_edited() -> None:
    assert [segment.slug for segment in catalog.ensure_defaults()] == [
        "app-first-shoppers",
        "appliance-supplies-due",
        "champions",
        "in-store-only",
        "loyal-at-risk",
        "new-customers",
    ]
    catalog.update(Segment.objects.get(slug="champions"), name="Best customers")
    catalog.ensure_defaults()
    assert Segment.objects.count() == len(DEFAULTS) == 6
    assert Segment.objects.get(slug="champions").name == "Best customers"


CAST = {
    "champions": (200, [("purchase", 5, 4, "300"), ("purchase", 60, 3, "250")]),
    "loyal-at-risk": (500, [("purchase", 130, 4, "200"), ("purchase", 250, 3, "150")]),
    "new-customers": (10, [("purchase", 5, 1, "30"), ("page", 6, 4, "0")]),
    "app-first-shoppers": (300, [("app opened", 2, 9, "0"), ("app opened", 9, 6, "0"), ("purchase", 20, 2, "60")]),
    "in-store-only": (300, [("visit", 8, 6, "0"), ("visit", 30, 3, "0"), ("purchase", 8, 1, "25")]),
    "appliance-supplies-due": (
        400,
        [("registration", 300, 1, "0"), ("telemetry", 1, 5, "0"), ("purchase", 100, 1, "90")],
    ),
}


@pytest.mark.parametrize("slug", sorted(CAST))
def test_each_default_finds_whom_it_means(slug: str) -> None:
    seen, acts = CAST[slug]
    source_profile = known_to(make_source("web-shop"), seen=seen)
    grant(source_profile, "analytics")
    grant(source_profile, "marketing", "email")
    for event, ago, count, amount in acts:
        did(source_profile, event, ago=ago, count=count, amount=amount)
    catalog.ensure_defaults()
    refresh([unify(source_profile)], now=NOW)
    assert slug in set(Membership.objects.values_list("segment__slug", flat=True))


def test_who_does_nothing_is_in_no_default_segment() -> None:
    source_profile = known_to(make_source("web-shop"))
    grant(source_profile, "analytics")
    grant(source_profile, "marketing", "email")
    catalog.ensure_defaults()
    refresh([unify(source_profile)], now=NOW)
    assert not Membership.objects.exists()
