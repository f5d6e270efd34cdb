"""Whoever is erased leaves the ledger entries of those from whom a limit kept them."""

from datetime import datetime

import pytest

from identity import limits
from identity.models import Assignment
from identity.profiles import profile_of
from privacy import requests
from privacy.erasure import erase
from records.models import Source, SourceProfile
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_the_erased_are_not_named_where_a_limit_held_them_back(crm: Source, now: datetime) -> None:
    limits.change("customer_number", priority=2, most=1, most_in_window=None, window_days=None, by="u", now=now)
    for number in ("C1", "C2"):
        row = {"customer_number": number, "loyalty_number": "L1", "updated_at": "2026-11-01T10:00:00Z"}
        send_rows(crm, row, now=now)
        process(now)
    first, second = SourceProfile.objects.order_by("created_at", "id").values_list("id", flat=True)
    kept = Assignment.objects.current().get(evidence__has_key="kept_from")
    gone = first if kept.source_profile_id == second else second
    assert kept.evidence["kept_from"] == str(gone)
    asked = requests.open("erasure", profile_id=profile_of([gone])[gone], actor="officer", now=now)
    erase(requests.approve(asked, actor="second officer", now=now), actor="second officer", now=now)
    kept.refresh_from_db()
    assert kept.evidence == {"limit": "customer_number, version 1: at most 1"}
