"""Segments: members under the segment's own purpose, consent asked again."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from identity import profiles
from segments.catalog import create
from segments.models import Membership, Segment
from tests.api.conftest import YES, Caller, Shop, assert_problem
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BUYERS = {"rule": {"feature": "frequency_365d", "op": ">=", "value": 1}}


@pytest.fixture
def buyers() -> Segment:
    """Whoever bought in a year: for analytics."""
    return create("buyers", name="Buyers", purpose="analytics", definition=BUYERS)


@pytest.fixture
def mailing() -> Segment:
    """Whoever bought in a year and may be written to."""
    return create("mailing", name="Mailing", purpose="marketing", channel="email", definition=BUYERS)


def withdraw(profile: UUID, purpose: str, channel: str = "") -> None:
    """Said a moment ago and not processed yet."""
    now = timezone.now()
    acts = [
        NewAct(
            source_profile=id,
            purpose=purpose,
            channel=channel,
            state="withdrawn",
            occurred_at=now,
            how="t",
            verified=True,
        )
        for id in profiles.source_profiles(profile)
    ]
    record(acts, now=now)


def test_segments_are_listed_with_their_sizes(service: Caller, buyers: Segment, mailing: Segment, alice: UUID) -> None:
    rows = service.get("/api/segments/").json()["results"]
    assert [(row["slug"], row["purpose"], row["channel"], row["members"]) for row in rows] == [
        ("buyers", "analytics", "", 1),
        ("mailing", "marketing", "email", 1),
    ]
    assert service.get("/api/segments/buyers/").json()["definition"] == BUYERS


def test_members_are_listed_to_a_key_with_the_segments_purpose(
    call: Callable[..., Caller], buyers: Segment, alice: UUID, carol_who_withdrew: UUID
) -> None:
    body = call("service", "analytics").get("/api/segments/buyers/members/").json()
    assert [member["profile"] for member in body["results"]] == [str(alice)]
    assert body["next"] is None
    assert AuditEntry.objects.filter(actor_kind="api", action="read segment members", purpose="analytics").count() == 1


def test_another_purpose_does_not_open_a_segment(call: Callable[..., Caller], buyers: Segment, alice: UUID) -> None:
    assert_problem(call("service", "marketing").get("/api/segments/buyers/members/"), 403, "purpose_not_held")


def test_consent_is_asked_again_for_each_page(call: Callable[..., Caller], shop: Shop, buyers: Segment) -> None:
    everyone = [shop.meet(name, consent=YES) for name in ("alice", "berta", "clara")]
    withdraw(everyone[0], "analytics")
    caller = call("analytics")
    first = caller.get("/api/segments/buyers/members/", page_size=2).json()
    second = caller.client.get(first["next"]).json()
    assert [member["profile"] for member in first["results"]] == [str(everyone[1])]
    assert [member["profile"] for member in second["results"]] == [str(everyone[2])]


def test_pages_hold_everybody_once_even_when_all_entered_together(
    call: Callable[..., Caller], shop: Shop, buyers: Segment
) -> None:
    everyone = [shop.meet(name, consent=YES) for name in ("alice", "berta", "clara", "dora", "emma")]
    Membership.objects.update(entered_at=timezone.now())
    caller = call("analytics")
    seen, page = [], caller.get("/api/segments/buyers/members/", page_size=2).json()
    while True:
        seen += [member["profile"] for member in page["results"]]
        if page["next"] is None:
            break
        page = caller.client.get(page["next"]).json()
    assert sorted(seen) == sorted(map(str, everyone))


def test_a_newcomer_between_two_pages_moves_nobody(call: Callable[..., Caller], shop: Shop, buyers: Segment) -> None:
    everyone = [shop.meet(name, consent=YES) for name in ("alice", "berta", "clara")]
    caller = call("analytics")
    first = caller.get("/api/segments/buyers/members/", page_size=2).json()
    early = shop.meet("dora", consent=YES)
    Membership.objects.filter(profile=early).update(entered_at=timezone.now() - timedelta(days=1))
    second = caller.client.get(first["next"]).json()
    assert [member["profile"] for member in first["results"] + second["results"]] == [str(id) for id in everyone]


def test_a_profile_tells_its_segments_and_why(
    call: Callable[..., Caller], buyers: Segment, mailing: Segment, alice: UUID
) -> None:
    body = call("analytics").get(f"/api/profiles/{alice}/segments/").json()
    assert [(row["segment"], row["purpose"]) for row in body["results"]] == [("buyers", "analytics")]
    assert body["results"][0]["why"] == Membership.objects.get(segment=buyers).why != {}
    both = call("analytics", "marketing").get(f"/api/profiles/{alice}/segments/").json()
    assert [row["segment"] for row in both["results"]] == ["buyers", "mailing"]


def test_a_profile_hides_segments_whose_consent_has_just_gone(
    call: Callable[..., Caller], buyers: Segment, mailing: Segment, alice: UUID
) -> None:
    withdraw(alice, "marketing")
    body = call("analytics", "marketing").get(f"/api/profiles/{alice}/segments/").json()
    assert [row["segment"] for row in body["results"]] == ["buyers"]


@pytest.mark.parametrize(("channel", "listed"), [("sms", ["mailing"]), ("email", [])])
def test_a_segment_asks_about_its_own_channel(
    call: Callable[..., Caller], mailing: Segment, alice: UUID, channel: str, listed: list[str]
) -> None:
    withdraw(alice, "marketing", channel)
    caller = call("marketing")
    members = caller.get("/api/segments/mailing/members/").json()["results"]
    assert [member["profile"] for member in members] == [str(alice)] * len(listed)
    theirs = caller.get(f"/api/profiles/{alice}/segments/").json()["results"]
    assert [row["segment"] for row in theirs] == listed


def test_those_who_left_are_not_listed(call: Callable[..., Caller], buyers: Segment, alice: UUID) -> None:
    Membership.objects.update(left_at=timezone.now(), left_because="test")
    caller = call("analytics")
    assert caller.get("/api/segments/buyers/members/").json()["results"] == []
    assert caller.get(f"/api/profiles/{alice}/segments/").json()["results"] == []
    assert caller.get("/api/segments/buyers/").json()["members"] == 0


def test_an_unknown_segment_is_not_found(service: Caller) -> None:
    for path in ("/api/segments/nobody/", "/api/segments/nobody/members/"):
        assert_problem(service.get(path), 404, "not_found")
