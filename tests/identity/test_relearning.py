"""Learning anew beside people: what they put in force meanwhile is kept."""

import pytest

from identity import relearning, rules
from identity.matching import Model
from identity.models import RuleVersion
from identity.rules import Thresholds
from identity.tried_models import keep_to_try
from tests.crossing import cross

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)


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
