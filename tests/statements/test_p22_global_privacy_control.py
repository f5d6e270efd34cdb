"""`Sec-GPC: 1` opts out the device, its profile and the person, over stored settings, until they say yes again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import GRANTED, Act, Purpose
from consent.signals.status import control_status
from consent.state import standing
from identity.models import DeviceEpisode
from identity.profiles import look_up, source_profiles
from pipeline.process import process_batch
from records import sources
from tests.api.conftest import YES, Shop
from tests.senders import STREAMS, send_stream
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "api/views/messages.py",
    'gpc=request.headers.get(GPC) == "1"',
    'gpc=request.headers.get(GPC) == "yes"',
)
OPTED_OUT = {"marketing", "personalization"}


@pytest.fixture
def site() -> Shop:
    """A site whose visitors sign in; its write key is a server's, so that consent counts for the person."""
    purposes = ["service", "analytics", "marketing", "personalization"]
    return Shop(*sources.add("site", kind="online", purposes=purposes))


def visit(site: Shop, number: int, *, gpc: str = "", user: str | None = None, **context: Any) -> None:
    """A page view on one browser, by whoever signed in there."""
    message = {
        "type": "page",
        "messageId": f"m{number}",
        "anonymousId": "browser-1",
        "userId": user,
        "context": context,
    }
    headers = {"Sec-GPC": gpc} if gpc else {}
    answer = site.send({"batch": [message]}, **headers).json()
    assert answer["acknowledged"] == 1, answer
    process_batch(now=timezone.now())


def allowed(ids: list[UUID]) -> set[str]:
    """The purposes that rest on consent and are allowed now, on every channel."""
    stands = standing(ids, at=timezone.now())
    return {one.purpose for one in stands if one.legal_basis == "consent" and one.allowed}


def visitor() -> UUID:
    (episode,) = DeviceEpisode.objects.filter(source_profile__isnull=False, owner=None)
    return episode.source_profile_id


def test_p22_the_header_opts_out_the_device_and_its_pseudonymous_profile(site: Shop) -> None:
    visit(site, 1, consent={"categoryPreferences": YES})
    before = visitor()
    assert allowed([before]) == {"analytics", "marketing", "personalization"}
    visit(site, 2, gpc="1")
    assert visitor() == before
    assert allowed([before]) == {"analytics"}
    assert {act.how for act in Act.objects.filter(state="withdrawn")} == {"gpc"}


@pytest.mark.parametrize("door", STREAMS)
def test_p22_in_a_stream_the_message_says_it(site: Shop, door: str) -> None:
    site.meet("alice", consent=YES)
    alice = look_up("email", "alice@example.com", now=timezone.now())
    assert alice is not None
    message = {"type": "page", "userId": "u-alice", "context": {"globalPrivacyControl": True}}
    assert send_stream(door, site.source, message, now=timezone.now()).stored == 1
    assert allowed(source_profiles(alice)) == {"analytics"}


@pytest.mark.parametrize("value", ["0", "true", "11", "1, 1", "on"])
def test_p22_only_exactly_one_is_the_signal(site: Shop, value: str) -> None:
    visit(site, 1, gpc=value, consent={"categoryPreferences": YES})
    assert not Act.objects.filter(how="gpc").exists()


def test_p22_the_known_person_is_opted_out_and_stored_settings_are_overridden(site: Shop) -> None:
    site.meet("alice", consent=YES)
    alice = look_up("email", "alice@example.com", now=timezone.now())
    assert alice is not None
    assert allowed(source_profiles(alice)) == {"analytics", "marketing", "personalization"}
    visit(site, 1, gpc="1", user="u-alice")
    assert allowed(source_profiles(alice)) == {"analytics"}


def test_p22_an_anonymous_device_opts_out_whoever_turns_out_to_use_it(site: Shop) -> None:
    site.meet("alice", consent=YES)
    visit(site, 1, gpc="1")
    device = visitor()
    visit(site, 2, user="u-alice")
    alice = look_up("email", "alice@example.com", now=timezone.now())
    assert alice is not None
    assert device in source_profiles(alice)
    assert allowed(source_profiles(alice)) == {"analytics"}


def test_p22_a_signed_in_signal_stays_with_the_device(site: Shop) -> None:
    visit(site, 1, consent={"categoryPreferences": YES})
    device = visitor()
    site.meet("alice", consent=YES)
    visit(site, 2, gpc="1", user="u-alice")
    assert allowed([device]) == {"analytics"}, "the browser's pseudonymous profile is opted out as well"


def test_p22_the_next_visit_on_the_device_begins_opted_out(site: Shop) -> None:
    site.meet("alice", consent=YES)
    visit(site, 1, gpc="1", user="u-alice")
    visit(site, 2, consent={})
    (episode,) = DeviceEpisode.objects.filter(source_profile__isnull=False)
    acts = Act.objects.filter(source_profile=episode.source_profile, state="withdrawn")
    assert {act.purpose_id for act in acts} == OPTED_OUT


def test_p22_a_new_yes_of_the_person_overrules_the_signal_that_goes_on(site: Shop) -> None:
    site.meet("alice", consent=YES)
    visit(site, 1, gpc="1", user="u-alice")
    alice = look_up("email", "alice@example.com", now=timezone.now())
    assert alice is not None
    theirs = source_profiles(alice)
    now = timezone.now()
    record(
        [NewAct(id, "marketing", "", GRANTED, now, "preference_center", True, actor="data_subject") for id in theirs],
        now=now,
    )
    assert allowed(theirs) == {"analytics", "marketing"}
    visit(site, 2, gpc="1", user="u-alice")
    assert allowed(source_profiles(alice)) == {"analytics", "marketing"}, "the browser repeats itself; they answered"


def test_p22_whatever_sells_or_shares_is_opted_out_of(site: Shop) -> None:
    Purpose.objects.create(
        slug="ads", name="Ads elsewhere", description="x", legal_basis="legitimate_interest", sale_or_sharing=True
    )
    visit(site, 1)
    before = {one.purpose: one.allowed for one in standing([visitor()], at=timezone.now())}
    visit(site, 2, gpc="1")
    after = {one.purpose: one.allowed for one in standing([visitor()], at=timezone.now())}
    assert (before["ads"], after["ads"]) == (True, False)
    assert after["service"] == before["service"], "a contract goes on"


def test_p22_what_the_source_says_is_no_new_consent(site: Shop) -> None:
    site.meet("alice", consent=YES)
    visit(site, 1, gpc="1", user="u-alice")
    visit(site, 2, gpc="1", user="u-alice", consent={"categoryPreferences": YES})
    alice = look_up("email", "alice@example.com", now=timezone.now())
    assert alice is not None
    assert allowed(source_profiles(alice)) == {"analytics"}


def test_p22_its_status_is_shown(site: Shop) -> None:
    site.meet("alice", consent=YES)
    alice = look_up("email", "alice@example.com", now=timezone.now())
    assert alice is not None
    assert control_status(source_profiles(alice), at=timezone.now()) is None
    started = timezone.now()
    visit(site, 1, gpc="1", user="u-alice")
    status = control_status(source_profiles(alice), at=timezone.now())
    assert status is not None
    assert started <= status.since <= timezone.now()
    assert (set(status.honored), status.allowed_again) == (OPTED_OUT, ())
    assert control_status(source_profiles(alice), at=started - timedelta(seconds=1)) is None


def test_p22_the_installation_says_that_it_honors_the_signal() -> None:
    answer = Client().get("/.well-known/gpc.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json()["gpc"] is True
    assert answer.json()["lastUpdate"] >= "2026-11-23"
