"""Learning anew beside people: what they put in force meanwhile is kept."""

from collections import Counter

import pytest

from identity import relearning, rules
from identity.matching import Model, identifiers
from identity.models import BlockingToken, RuleVersion
from identity.rules import Thresholds
from identity.tried_models import keep_to_try
from tests.crossing import cross
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)


def test_it_learns_which_domains_serve_everyone(crm, now, monkeypatch):
    monkeypatch.setattr(identifiers, "PROVIDER_USERS", 2)
    monkeypatch.setattr(identifiers, "PROVIDER_FAMILY_NAMES", 2)
    told = [("Berg", "post.example"), ("Thal", "post.example"), ("Wald", "post.example"), ("Bach", "work.example")]
    rows = [
        {"customer_number": name, "given_name": "Ann", "family_name": name, "email": f"ann.{name}@{domain}"}
        for name, domain in told
    ]
    send_rows(crm, *(row | {"updated_at": "2026-11-01"} for row in rows), now=now)
    learned = relearning.learn_anew(now=now)
    assert rules.of_model(learned, Thresholds()).model.providers == {"post.example"}
    process(now)
    kept = Counter(BlockingToken.objects.values_list("source_profile_id", flat=True))
    assert sorted(kept.values()) == [2, 2, 2, 4]


def test_it_keeps_what_somebody_is_just_putting_in_force(now, monkeypatch):
    rules.put_in_force(None, Thresholds(), by="steward-1", reason="first", now=now)
    monkeypatch.setattr(relearning, "learn_model", lambda now, active: keep_to_try(Model.default(), now=now))
    stricter = Thresholds(link=0.99, learns=False)
    cross(
        lambda: rules.put_in_force(None, stricter, by="steward-1", reason="stricter, and keep it", now=now),
        lambda: relearning.learn_anew(now=now),
    )
    versions = RuleVersion.objects.order_by("number").values_list("number", "link", "learns", "saved_by")
    assert list(versions) == [(1, 0.9, True, "steward-1"), (2, 0.99, False, "steward-1")]
