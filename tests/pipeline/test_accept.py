"""A batch is taken in as a whole: every message stored, a duplicate, quarantined or refused, and accounted for."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from consent.models import Act
from identity.models import DeviceEpisode
from pipeline.accept import Acceptance, accept
from pipeline.models import Work
from privacy import requests
from privacy.models import Suppression
from records.models import Identifier, Intake, QuarantinedRecord, Record, SeenMessage, Source, SourceProfile
from tests.pipeline.cast import NOW, bearers, counts, looked, ordered, outcome, saying, send
from vault.blind import blind_index
from vault.ids import new_id
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BAD = {"type": "track", "userId": "u-bob", "event": "Order Completed", "timestamp": "soon"}


def test_the_four_counts_add_up(browser: Source) -> None:
    consenting = saying(analytics=True)
    acceptance = send(
        browser,
        ordered("alice", 1, **consenting),
        ordered("alice", 2),
        ordered("alice", 1, **consenting),
        BAD,
        ordered("carol"),
    )
    assert outcome(acceptance) == (2, 1, 1, 1)
    assert acceptance.acknowledged == 5
    assert [(reject.position, reject.code, reject.field) for reject in acceptance.rejects] == [
        (3, "absurd_date", "timestamp")
    ]
    intake = Intake.objects.get()
    assert (intake.acknowledged, intake.stored, intake.duplicate, intake.quarantined, intake.refused) == (5, 2, 1, 1, 1)
    assert (intake.source, intake.door, intake.received_at) == (browser, "http", NOW)
    assert (Record.objects.count(), QuarantinedRecord.objects.count()) == (2, 1)


def test_the_counts_cannot_be_written_down_wrongly(shop: Source) -> None:
    with pytest.raises(IntegrityError, match="intake_adds_up"):
        Intake.objects.create(
            id=new_id(), source=shop, door="http", received_at=NOW, acknowledged=3, stored=1, duplicate=1,
            quarantined=0, refused=0,
        )  # fmt: skip


def test_a_batch_that_comes_again_changes_nothing(shop: Source) -> None:
    batch = [ordered("alice", 1, **saying(analytics=True)), looked("d-1"), BAD]
    assert outcome(send(shop, *batch)) == (2, 0, 1, 0)
    before = counts(without=("records.Intake",))
    again = send(shop, *batch)
    assert outcome(again) == (0, 3, 0, 0)
    assert counts(without=("records.Intake",)) == before
    assert [reject.code for reject in again.rejects] == ["absurd_date"]


def test_an_empty_batch_leaves_nothing(shop: Source) -> None:
    before = counts(without=())
    assert accept(shop, [], door="http", now=NOW) == Acceptance()
    assert counts(without=()) == before


def test_customers_are_known_again_by_the_stable_key(shop: Source) -> None:
    send(shop, ordered("alice", 1), ordered("bob", 1), ordered("alice", 2))
    send(shop, ordered("alice", 3))
    assert SourceProfile.objects.count() == DataKey.objects.count() == 2
    (alice,) = bearers("account_id", "u-alice")
    assert Record.objects.filter(source_profile=alice).count() == 3


def test_whoever_has_no_stable_key_is_somebody_of_their_own(crm: Source) -> None:
    group = [{"type": "group", "messageId": f"m-{n}", "anonymousId": "", "userId": f"u-{n}"} for n in range(2)]
    assert outcome(send(crm, *group)) == (2, 0, 0, 0)
    assert set(SourceProfile.objects.values_list("kind", "stable_index")) == {("single", None)}
    assert SourceProfile.objects.count() == 2


def test_a_device_is_no_identifier_of_the_account_that_signs_in_on_it(shop: Source) -> None:
    send(shop, looked("d-1", days_ago=2), ordered("alice", days_ago=1, anonymousId="d-1"))
    (alice,) = bearers("account_id", "u-alice")
    (visitor,) = bearers("device_id", "d-1")
    assert visitor != alice
    episode = DeviceEpisode.objects.get()
    assert (episode.source_profile_id, episode.owner_id) == (visitor, alice)


def test_work_waits_from_the_earliest_day_on(shop: Source) -> None:
    alices = [ordered("alice", number, days_ago=days) for number, days in enumerate((5, 9, 1))]
    send(shop, *alices, ordered("bob", days_ago=3))
    found = {work.source_profile_id: (work.since_date, work.enqueued_at) for work in Work.objects.all()}
    (alice,), (bob,) = bearers("account_id", "u-alice"), bearers("account_id", "u-bob")
    assert found == {alice: (date(2026, 11, 13), NOW), bob: (date(2026, 11, 19), NOW)}


def test_a_visitor_who_signs_in_is_looked_at_again(shop: Source) -> None:
    send(shop, looked("d-1", days_ago=2))
    Work.objects.all().delete()
    send(shop, ordered("alice", days_ago=1, anonymousId="d-1"))
    (visitor,) = bearers("device_id", "d-1")
    assert visitor in set(Work.objects.values_list("source_profile_id", flat=True))


def erased(namespace: str, value: str) -> None:
    """Somebody who was known by this has been erased."""
    request = requests.open("erasure", profile_id=None, actor="officer", now=NOW)
    Suppression.objects.create(
        namespace=namespace, index=blind_index(namespace, value), request=request, created_at=NOW
    )


@pytest.mark.parametrize("spelling", ["alice@example.com", "Alice+new@Example.com"])
def test_an_erased_person_is_refused_and_leaves_nothing(spelling: str, shop: Source) -> None:
    erased("email", "alice@example.com")
    before = counts()
    sign_up = {"type": "identify", "userId": "u-new", "traits": {"email": spelling}, **saying(analytics=True)}
    assert outcome(send(shop, sign_up)) == (0, 0, 0, 1)
    assert counts() == before


def test_whoever_uses_the_device_of_an_erased_person_is_not_barred(shop: Source) -> None:
    erased("device_id", "d-1")
    assert outcome(send(shop, ordered("bob", anonymousId="d-1"), looked("d-1"))) == (1, 0, 0, 1)
    assert set(Identifier.objects.values_list("namespace", flat=True)) == {"account_id"}
    assert DeviceEpisode.objects.count() == 0


def test_others_in_the_batch_of_an_erased_person_are_taken_in(shop: Source) -> None:
    erased("account_id", "u-alice")
    assert outcome(send(shop, ordered("alice"), ordered("bob"))) == (1, 0, 0, 1)
    assert bearers("account_id", "u-alice") == []


def test_what_sources_say_under_the_same_message_id_is_not_the_same(shop: Source, crm: Source) -> None:
    assert outcome(send(shop, ordered("alice"))) == outcome(send(crm, ordered("alice"))) == (1, 0, 0, 0)
    assert SeenMessage.objects.count() == 2


def test_consent_is_recorded_with_who_said_it_when_and_how(shop: Source, browser: Source) -> None:
    send(shop, ordered("alice", days_ago=3, **saying(analytics=True, marketing=False, astrology=True)))
    send(browser, ordered("bob", days_ago=2, **saying(analytics=True)))
    (alice,) = bearers("account_id", "u-alice")
    (bob,) = bearers("account_id", "u-bob")
    assert sorted(
        Act.objects.values_list("source_profile_id", "purpose_id", "state", "occurred_at", "how", "verified")
    ) == sorted(
        [
            (alice, "analytics", "granted", NOW - timedelta(days=3), "source shop", True),
            (alice, "marketing", "withdrawn", NOW - timedelta(days=3), "source shop", True),
            (bob, "analytics", "granted", NOW - timedelta(days=2), "source browser", False),
        ]
    )
