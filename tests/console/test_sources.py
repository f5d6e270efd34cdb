"""Sources on screen: added whole, with the key shown once, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from records.models import Source
from tests.console.conftest import World

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ADD = "/admin/records/source/add/"


def form(**changes: Any) -> dict[str, Any]:
    given = {
        "name": "app",
        "kind": "online",
        "format": "segment",
        "stable_key": "account_id",
        "purposes": ["service"],
        "trust_rank": "50",
        "retention_days": "365",
        "region": "GB",
        "mapping": "{}",
    }
    return {**given, **changes}


def test_a_source_is_added_with_its_retention_and_its_key_shown(world: World, sign_in: SignIn) -> None:
    response = sign_in("operator").post(ADD, form())
    assert b"wk_" in response.content
    assert Source.objects.get(name="app").retention_days == 365


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"retention_days": "36501"}, "less than or equal to 36500"),
        ({"region": "XX"}, "Give the two letters"),
        ({"mapping": '{"event": "a\\u0000b"}'}, "The mapping holds a zero byte"),
        ({"mapping": "[" * 100_000}, "Enter a valid JSON"),
        ({"name": "shop"}, "already exists"),
    ],
)
def test_what_is_wrong_is_named_and_no_source_is_left_without_its_key(
    changes: dict[str, Any], problem: str, world: World, sign_in: SignIn
) -> None:
    response = sign_in("operator").post(ADD, form(**changes))
    assert response.status_code == 200
    assert problem in response.content.decode()
    assert not Source.objects.filter(name="app").exists()
