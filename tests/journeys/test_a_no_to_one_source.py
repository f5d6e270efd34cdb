"""Alice says yes where she is known first and no where she is known second; every door asks about both."""

import csv
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.utils import timezone

from access.models import User
from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN
from console.asking import ask_for_each
from identity import ledger
from identity.models import Profile
from identity.profiles import source_profiles
from outbox import recipients
from outbox.changes import PROFILE_CREATED, News, append
from outbox.models import Delivery
from pipeline.hand_over import hand_over
from privacy import exports, published, requests
from privacy.access import answer
from privacy.exports import Order
from privacy.public.choices import choices
from segments.models import Membership, ProfileFeatures, Segment
from tests.api.conftest import NO, YES, Caller, Shop, call, shop
from tests.receiver import receiving
from tests.segments.factories import known_to, make_source, unify
from vault.grants import Actor
from vault.ids import new_id

__all__ = ["call", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

OFFICER = Actor("person", "officer-2")
SAID_NO = "withdrawn or refused"


@pytest.fixture
def alice(shop: Shop) -> UUID:
    """Known to the shop twice, which a steward has just put right."""
    ids = [shop.meet("alice", consent=YES), shop.meet("alicia", consent=NO)]
    alice = ledger.merge(*ids, actor="steward-7", reason="the same person", now=timezone.now())
    assert len(source_profiles(alice)) == 2
    return alice


@pytest.fixture
def member(alice: UUID) -> Segment:
    """A segment that she is still in, because nothing has been computed since."""
    segment = Segment.objects.create(slug="buyers", name="Buyers", purpose_id="marketing", definition={})
    Membership.objects.create(id=new_id(), segment=segment, profile_id=alice, entered_at=timezone.now(), why={})
    return segment


def test_the_api_does_not_read_her_nor_know_of_her(alice: UUID, call) -> None:
    caller: Caller = call("marketing")
    refused = caller.get(f"/api/profiles/{alice}/")
    assert (refused.status_code, refused.json()["reason"]) == (403, SAID_NO)
    for name in ("alice", "alicia"):
        body = {"namespace": "email", "value": f"{name}@example.com"}
        assert caller.post("/api/profiles/lookup/", body).status_code == 404


def test_the_api_lists_her_in_no_segment(alice: UUID, member: Segment, call) -> None:
    caller: Caller = call("marketing")
    assert caller.get("/api/segments/buyers/members/").json()["results"] == []
    assert caller.get(f"/api/profiles/{alice}/segments/").json()["results"] == []


def test_the_api_tells_and_explains_the_no(alice: UUID, call) -> None:
    caller: Caller = call("service")
    told = caller.get(f"/api/profiles/{alice}/consents/").json()["results"]
    assert {row["decision"] for row in told if row["purpose"] == "marketing"} == {SAID_NO}
    body = {"purpose": "marketing", "channel": "email"}
    explained = caller.post(f"/api/profiles/{alice}/consents/explain/", body).json()
    assert explained["decision"] == SAID_NO
    assert [act["state"] for act in explained["acts"]] == [GRANTED, WITHDRAWN]


def test_a_list_in_the_admin_leaves_her_out(alice: UUID, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(username="marta", roles=["marketer"])
    told = {"purpose": "marketing", "reason": "a list", "now": timezone.now()}
    decisions = ask_for_each({alice: source_profiles(alice)}, request, **told)
    assert decisions.refused == {alice: SAID_NO}


def test_nobody_is_told_of_her(alice: UUID) -> None:
    now = timezone.now()
    with receiving() as receiver:
        recipients.add("mailer", purposes=["marketing"], url=receiver.url, now=now)
        append([News(alice, PROFILE_CREATED)], now=now)
        hand_over(now=now)
    assert receiver.got == []
    assert set(Delivery.objects.values_list("state", "problem")) == {("refused", SAID_NO)}


def test_her_access_answer_and_her_own_page_say_so(alice: UUID) -> None:
    now = timezone.now()
    request = requests.open("access", profile_id=alice, actor=OFFICER.id, now=now)
    stands = answer(request, actor=OFFICER, now=now)["consents"]["standing"]
    assert {one["decision"] for one in stands if one["purpose"] == "marketing"} == {SAID_NO}
    (marketing,) = [choice for choice in choices(source_profiles(alice), at=now) if choice.slug == "marketing"]
    assert [switch.on for switch in marketing.switches] == [False] * len(marketing.switches)


# Of exports and published figures, with enough people to be shown at all.


def people(count: int, *words: tuple[str, str]) -> list[UUID]:
    """So many alike, known to a shop and a till, who said yes to the shop; and no to the till, where that is asked."""
    made, now = [], timezone.now()
    for _ in range(count):
        at_shop, at_till = known_to(make_source("shop"), country="GB"), known_to(make_source("till"), country="GB")
        profile = unify(at_shop, at_till)
        ProfileFeatures.objects.create(profile_id=profile, values={"orders_90d": 4}, computed_at=now)
        said = [(at_shop, "", GRANTED), *((at_till, channel, state) for channel, state in words)]
        record(
            [
                NewAct(id, "marketing", channel, state, now - timedelta(days=1), "form", verified=True)
                for id, channel, state in said
            ],
            now=now - timedelta(days=1),
        )
        made.append(profile)
    return made


@pytest.mark.parametrize(("channel_of_the_no", "rows"), [("", 0), ("email", 0), ("sms", 12)])
def test_an_export_asks_for_all_of_a_person_and_for_its_own_channel(settings, tmp_path, channel_of_the_no, rows):
    settings.ONYM_HOME = tmp_path
    people(12, (channel_of_the_no, WITHDRAWN))
    partner = recipients.add("partner", purposes=["marketing"], now=timezone.now())[0]
    order = Order(recipient=partner, purpose="marketing", channel="email", columns=["country"])
    made = exports.export(order, actor=OFFICER, reason="campaign 7")
    with exports.path_of(made).open(newline="") as file:
        assert [row[1:] for row in csv.reader(file)][1:] == [["GB"]] * rows


@pytest.mark.parametrize(("channel_of_the_no", "shown"), [("", False), ("email", False), ("sms", True)])
def test_a_published_figure_counts_by_all_of_a_person_and_by_its_own_channel(settings, channel_of_the_no, shown):
    settings.PRIVACY_BUDGET = 100.0
    segment = Segment.objects.create(slug="big", name="Big", purpose_id="marketing", channel="email", definition={})
    for profile in people(40, (channel_of_the_no, WITHDRAWN)):
        Membership.objects.create(
            id=new_id(), segment=segment, profile=Profile.objects.get(pk=profile), entered_at=timezone.now(), why={}
        )
    figure = published.publish_segment_size("big", epsilon=5.0, now=timezone.now())
    assert (figure.value is not None) is shown
