"""Values that are nobody's from the start, while the key of their indexes is rotated."""

import pytest

from identity.profiles import profile_of
from pipeline.process import resolve_batch
from privacy import index_key_rotation
from records import sources
from records.models import SourceProfile
from tests.senders import send_rows
from vault import blind

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_a_worker_that_has_not_heard_of_a_rotation_joins_nobody_by_them(now, monkeypatch):
    mapping = {"message_id": ["n"], "fields": {"loyalty_number": "loyalty_number"}}
    till, _ = sources.add("till", kind="offline", stable_key="", mapping=mapping)
    of_the_worker = {"loyalty_number": (blind.time.monotonic(), blind.chain_of("loyalty_number"))}
    index_key_rotation._begin("loyalty_number", now)
    send_rows(till, {"n": "1", "loyalty_number": "guest"}, {"n": "2", "loyalty_number": "guest"}, now=now)
    monkeypatch.setattr(blind, "_chains", of_the_worker)
    assert resolve_batch(now=now) == 2
    assert len(set(profile_of(SourceProfile.objects.values_list("id", flat=True)).values())) == 2
