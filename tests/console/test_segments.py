"""Segments on screen: in words, previewed before saving, and errors that name the place."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError

from access.roles import EDIT_SEGMENTS, ROLES
from pipeline.tasks import refresh_all
from segments import catalog
from segments.models import Segment
from segments.wording import lines_of, weights_of
from tests.console.conftest import World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ADD = "/admin/segments/segment/add/"
DEFINITION: dict[str, Any] = {
    "rule": {
        "any": [
            {"feature": "recency_days", "op": "<=", "value": 30},
            {"not": {"feature": "app_user", "op": "==", "value": True}},
        ]
    },
    "score": {"terms": [{"feature": "recency_days", "weight": -1, "low": 0, "high": 90}], "threshold": 20},
}


def form(**changes: Any) -> dict[str, Any]:
    given = {
        "name": "Lately",
        "slug": "lately",
        "purpose": "analytics",
        "channel": "",
        "active": "on",
        "description": "",
    }
    return {**given, "definition": json.dumps(DEFINITION), **changes}


def test_the_page_says_in_words_who_is_in(world: World, sign_in: SignIn) -> None:
    content = (
        sign_in("marketer").get(reverse("admin:segments_segment_change", args=[world.segment.pk])).content.decode()
    )
    assert "Recency ≤ 90 days" in content
    assert "and the score reaches 10 of 100" in content
    assert "A•••• A••••" in content


def test_a_role_without_profiles_sees_no_members(world: World, sign_in: SignIn) -> None:
    response = sign_in("administrator").get(reverse("admin:segments_segment_change", args=[world.segment.pk]))
    assert response.context["members"] is None
    assert "A••••" not in response.content.decode()


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are told nothing."""
    monkeypatch.setattr(refresh_all, "delay", lambda: None)


@pytest.fixture
def spool() -> Iterator[Callable[[], list[str]]]:
    """The names of the tasks that were sent to the broker, which is a folder; they are taken out again."""
    before = set(settings.SPOOL.glob("*.msg"))

    def new() -> list[Path]:
        return sorted(set(settings.SPOOL.glob("*.msg")) - before)

    yield lambda: [json.loads(path.read_text())["headers"]["task"] for path in new()]
    for path in new():
        path.unlink()


def test_a_segment_is_added_and_a_worker_told_to_count_its_members(
    world: World, sign_in: SignIn, spool: Callable[[], list[str]]
) -> None:
    client = sign_in("marketer")
    response = client.post(ADD, form())
    assert said(response) == ["Saved. Members are being counted and appear within moments."]
    assert refresh_all.name in spool()
    content = client.get(response["Location"]).content.decode()
    assert "Members are being computed" in content
    assert "Loosen the rule" not in content
    made = Segment.objects.get(slug="lately")
    assert response["Location"] == reverse("admin:segments_segment_change", args=[made.pk])
    assert made.definition == DEFINITION


def test_a_segment_is_saved_even_when_no_worker_can_be_told(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_broker() -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(refresh_all, "delay", no_broker)
    response = sign_in("marketer").post(ADD, form())
    assert said(response)[0].startswith("Saved. No worker could be told")
    assert Segment.objects.filter(slug="lately").exists()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"definition": json.dumps({"rule": {"all": [{"feature": "shoe_size", "op": ">", "value": 1}]}})},
            "$.rule.all[0].feature",
        ),
        ({"definition": "{"}, "Enter a valid JSON"),
        ({"definition": "[" * 100_000}, "Enter a valid JSON"),
        ({"definition": "[" * 102 + "]" * 102}, "Enter a valid JSON"),
        (
            {"definition": '{"rule": {"feature": "country", "op": "==", "value": "a\\u0000"}}'},
            "$.rule.value: holds a zero byte",
        ),
        ({"channel": "email"}, "is not a channel of analytics"),
        ({"slug": "buyers"}, "already exists"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(
    changes: dict[str, Any], problem: str, world: World, sign_in: SignIn
) -> None:
    response = sign_in("marketer").post(ADD, form(**changes))
    assert response.status_code == 200
    assert problem in response.content.decode()
    assert Segment.objects.count() == 1


@pytest.mark.usefixtures("quiet")
def test_a_change_keeps_the_slug(world: World, sign_in: SignIn) -> None:
    edit = reverse("admin:segments_segment_edit", args=[world.segment.pk])
    response = sign_in("marketer").post(edit, form(slug="other", name="Recent"))
    assert response.status_code == 302
    world.segment.refresh_from_db()
    assert (world.segment.slug, world.segment.name, world.segment.definition) == ("buyers", "Recent", DEFINITION)


def test_the_preview_counts_before_anything_is_saved(world: World, sign_in: SignIn) -> None:
    preview = reverse("admin:segments_segment_preview")
    response = sign_in("marketer").post(
        preview, {"definition": json.dumps(world.segment.definition), "purpose": "analytics"}
    )
    assert (response.context["seen"].profiles, response.context["seen"].members) == (3, 1)
    wrong = sign_in("marketer").post(preview, {"definition": '{"rule": {"all": []}}', "purpose": "analytics"})
    assert "$.rule.all: has no members" in wrong.content.decode()
    broken = sign_in("marketer").post(preview, {"definition": '{"rule":', "purpose": "analytics"})
    assert "line 1" in broken.content.decode()
    assert Segment.objects.count() == 1


@pytest.mark.usefixtures("quiet")
def test_the_preview_says_that_nobody_reads_so_deep_a_definition(world: World, sign_in: SignIn) -> None:
    response = sign_in("marketer").post("/admin/segments/segment/preview/", {"definition": "[" * 100_000})
    assert response.status_code == 200
    assert "nested more than 100 deep" in response.content.decode()


def test_only_those_who_edit_segments_do(world: World, sign_in: SignIn) -> None:
    addresses = [
        ADD,
        reverse("admin:segments_segment_edit", args=[world.segment.pk]),
        reverse("admin:segments_segment_preview"),
    ]
    for role in ROLES:
        refused = [address for address in addresses if sign_in(role).post(address).status_code == 403]
        assert refused == ([] if EDIT_SEGMENTS in ROLES[role].capabilities else addresses), role


def test_a_definition_reads_as_people_say_it() -> None:
    definition = catalog.read_definition(DEFINITION)
    assert [(line.depth, line.text) for line in lines_of(definition.rule)] == [
        (0, "At least one of these holds"),
        (1, "Recency ≤ 30 days"),
        (1, "not: App user (365 days) is yes"),
    ]
    assert [(one.name, one.text, one.percent) for one in weights_of(definition)] == [
        ("Recency", "less is better: none at 90, full at 0", 100)
    ]
