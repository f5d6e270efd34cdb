"""Changes: in order, from an id on, as far as the key's purposes reach."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from outbox.changes import PROFILE_CREATED, SEGMENT_ENTERED, SEGMENT_LEFT, News, append
from outbox.models import Change
from segments.models import Segment
from tests.api.conftest import Caller, assert_problem
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def tell(*kinds: str, **detail: str) -> list[int]:
    """News of these kinds about one profile; returns the ids of the changes."""
    profile = new_id()
    append([News(profile, kind, detail) for kind in kinds], now=timezone.now())
    return list(Change.objects.filter(profile_id=profile).order_by("id").values_list("id", flat=True))


def ids(caller: Caller, after: int) -> list[int]:
    return [row["id"] for row in caller.get("/api/changes/", after=after).json()["results"]]


def test_changes_are_read_on_from_an_id(service: Caller) -> None:
    first, second, third = tell(PROFILE_CREATED, PROFILE_CREATED, PROFILE_CREATED)
    assert ids(service, first - 1) == [first, second, third]
    assert ids(service, second) == [third]
    page = service.get("/api/changes/", after=first - 1, page_size=2).json()
    assert [row["id"] for row in service.client.get(page["next"]).json()["results"]] == [third]


def test_news_of_segments_need_the_segments_purpose(call: Callable[..., Caller]) -> None:
    Segment.objects.create(slug="buyers", name="Buyers", purpose_id="analytics", definition={})
    entered, left = tell(SEGMENT_ENTERED, SEGMENT_LEFT, segment="buyers")
    (elsewhere,) = tell(SEGMENT_ENTERED, segment="deleted-since")
    assert ids(call("service"), entered - 1) == []
    assert ids(call("analytics", "service"), entered - 1) == [entered, left]
    assert elsewhere > left


def test_a_change_holds_ids_and_slugs(service: Caller) -> None:
    (id,) = tell(PROFILE_CREATED)
    (row,) = service.get("/api/changes/", after=id - 1).json()["results"]
    change = Change.objects.get(id=id)
    assert (row["profile"], row["kind"], row["detail"]) == (str(change.profile_id), "profile.created", {})


@pytest.mark.parametrize("after", ["-1", "x", "9223372036854775808", ""])
def test_a_bad_beginning_is_an_error(after: str, service: Caller) -> None:
    problem = assert_problem(service.get("/api/changes/", after=after), 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == ["after"]
