"""What a crash left behind is put back to work; keys that seal nothing are destroyed."""

from datetime import timedelta

import pytest

from pipeline import sweep
from pipeline.models import Work
from pipeline.process import process_batch
from privacy import requests
from privacy.models import SignUp
from records import quarantine
from records.envelope import Reject, message_hash
from records.models import QuarantinedRecord, Source
from tests.pipeline.cast import NOW, bearers, ordered, send
from vault import keys
from vault.ids import new_id
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

LATER = NOW + timedelta(hours=1, seconds=1)


def test_whom_nobody_resolved_within_an_hour_is_queued_again(shop: Source) -> None:
    send(shop, ordered("alice"), ordered("bob"))
    (alice,) = bearers("account_id", "u-alice")
    Work.objects.filter(source_profile_id=alice).delete()
    assert sweep.requeue_unresolved(now=NOW + timedelta(minutes=59)) == 0
    assert sweep.requeue_unresolved(now=LATER) == 1
    assert sweep.requeue_unresolved(now=LATER) == 0
    assert process_batch(now=LATER) == 2
    assert sweep.requeue_unresolved(now=LATER) == 0


def test_only_keys_of_nobody_are_destroyed(shop: Source) -> None:
    send(shop, ordered("alice"))
    rejected = Reject(0, "wrong_type", "traits", "'traits' must be an object.", b"{}", 2, message_hash("m"))
    quarantine.keep([rejected], shop, door="http", now=NOW)
    request = requests.open("access", profile_id=None, actor="officer", now=NOW)
    orphan, sign_up = new_id(), new_id()
    keys.make([request.id, orphan, sign_up])
    SignUp.objects.create(
        id=sign_up,
        source=shop,
        purpose="marketing",
        channel="email",
        index=b"index",
        sealed=b"sealed",
        bars=[],
        said_at=NOW,
        kept_at=NOW,
        expires_at=NOW + timedelta(days=3),
    )
    DataKey.objects.update(created_at=NOW)
    assert sweep.destroy_orphan_keys(now=NOW + timedelta(hours=1)) == 0
    assert sweep.destroy_orphan_keys(now=LATER) == 1
    (alice,) = bearers("account_id", "u-alice")
    kept = {alice, QuarantinedRecord.objects.get().id, request.id, sign_up}
    assert set(DataKey.objects.values_list("id", flat=True)) == kept
