"""Nothing is kept of whom nothing may be kept; a no is remembered."""

import pytest

from consent.models import Act
from identity.models import DeviceEpisode
from pipeline.models import Work
from records.models import Record, Source, SourceProfile
from tests.pipeline.cast import bearers, counts, looked, ordered, outcome, saying, send
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def identified(name: str, **different: object) -> dict[str, object]:
    traits = {"email": f"{name}@example.com", "firstName": name.title()}
    return {"type": "identify", "userId": f"u-{name}", "anonymousId": "d-1", "traits": traits, **different}


def test_a_browser_without_consent_leaves_nothing(browser: Source) -> None:
    before = counts()
    batch = [looked("d-1"), looked("d-1", 2), ordered("carol", anonymousId="d-1"), identified("carol"), looked("d-2")]
    assert outcome(send(browser, *batch)) == (0, 0, 0, 5)
    assert counts() == before


def test_with_consent_it_is_stored(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", **saying(analytics=True)), looked("d-2"))) == (1, 0, 0, 1)
    assert Record.objects.get().source_profile_id == SourceProfile.objects.get().id
    assert DeviceEpisode.objects.count() == DataKey.objects.count() == 1


def test_one_purpose_of_the_source_is_enough_and_another_is_not(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", **saying(marketing=True)))) == (1, 0, 0, 0)
    assert outcome(send(browser, looked("d-2", **saying(personalization=True)))) == (0, 0, 0, 1)


def test_a_server_keeps_what_the_contract_needs_without_consent(shop: Source) -> None:
    assert outcome(send(shop, ordered("dave"))) == (1, 0, 0, 0)


def test_a_first_no_is_remembered_and_nothing_else(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", **saying(analytics=False, marketing=False)))) == (0, 0, 0, 1)
    assert Record.objects.count() == DataKey.objects.count() == 0
    assert sorted(Act.objects.values_list("purpose_id", "state")) == [
        ("analytics", "withdrawn"),
        ("marketing", "withdrawn"),
    ]
    assert set(Act.objects.values_list("source_profile_id", flat=True)) == {SourceProfile.objects.get().id}


def test_a_withdrawal_is_recorded_though_its_message_is_refused(browser: Source) -> None:
    send(browser, looked("d-1", 1, days_ago=3, **saying(analytics=True)))
    Work.objects.all().delete()
    withdrawn = looked("d-1", 2, days_ago=2, **saying(analytics=False))
    assert outcome(send(browser, withdrawn, looked("d-1", 3, days_ago=1))) == (0, 0, 0, 2)
    assert list(Act.objects.order_by("occurred_at").values_list("state", flat=True)) == ["granted", "withdrawn"]
    assert Record.objects.count() == 1
    assert list(Work.objects.values_list("source_profile_id", "since_date")) == [(bearers("device_id", "d-1")[0], None)]


def test_consent_given_again_opens_the_door_again(browser: Source) -> None:
    for number, answer in enumerate((True, False, True)):
        send(browser, looked("d-1", number, days_ago=5 - number, **saying(analytics=answer)))
    assert Record.objects.count() == 2
    assert SourceProfile.objects.count() == 1


def test_an_answer_that_is_repeated_is_recorded_once(browser: Source) -> None:
    send(browser, *(looked("d-1", number, days_ago=number, **saying(analytics=True)) for number in range(5)))
    send(browser, looked("d-1", 9, days_ago=0, **saying(analytics=True)))
    assert Record.objects.count() == 6
    assert Act.objects.count() == 1


def test_consent_that_has_expired_opens_no_door(browser: Source) -> None:
    assert outcome(send(browser, looked("d-1", days_ago=396, **saying(analytics=True)))) == (0, 0, 0, 1)
    assert Record.objects.count() == 0


def test_a_refused_visitor_leaves_the_device_to_who_is_known_on_it(browser: Source) -> None:
    send(browser, ordered("alice", 1, days_ago=5, anonymousId="d-1", **saying(analytics=True)))
    before = counts()
    assert outcome(send(browser, ordered("carol", days_ago=3, anonymousId="d-1"))) == (0, 0, 0, 1)
    assert counts() == before
    (alice,) = bearers("account_id", "u-alice")
    assert list(DeviceEpisode.objects.values_list("owner_id", flat=True)) == [alice]
