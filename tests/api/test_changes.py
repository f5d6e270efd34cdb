"""Changes: in order, from an id on, and none shown before those beside it."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from access import api_keys
from access.models import ApiKey
from outbox.changes import PROFILE_CREATED, SEGMENT_ENTERED, News, append
from outbox.models import Change
from segments.models import Segment
from tests.api.conftest import Caller, assert_problem
from vault.ids import new_id

Keys = Callable[..., Caller]


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: pytest.Blocker) -> Iterator[Keys]:  # type: ignore[name-defined]
    """Makes callers whose keys are committed, and clears away what was committed meanwhile."""
    made: list[UUID] = []

    def make(*purposes: str) -> Caller:
        key, text = api_keys.add(f"changes {new_id()}", purposes=purposes)
        made.append(key.id)
        return Caller(text)

    with django_db_blocker.unblock():
        last = Change.objects.order_by("-id").values_list("id", flat=True).first() or 0
        yield make
        Change.objects.filter(id__gt=last).delete()
        Segment.objects.filter(slug__startswith="changes-").delete()
        ApiKey.objects.filter(id__in=made).delete()


def tell(*kinds: str, **detail: str) -> list[int]:
    """News of these kinds about one profile; returns the ids of the changes."""
    profile = new_id()
    append([News(profile, kind, detail) for kind in kinds], now=timezone.now())
    return list(Change.objects.filter(profile_id=profile).order_by("id").values_list("id", flat=True))


def ids(caller: Caller, after: int) -> list[int]:
    return [row["id"] for row in caller.get("/api/changes/", after=after).json()["results"]]


def test_changes_are_read_on_from_an_id(committed: Keys) -> None:
    caller = committed("service")
    first, second, third = tell(PROFILE_CREATED, PROFILE_CREATED, PROFILE_CREATED)
    assert ids(caller, first - 1) == [first, second, third]
    assert ids(caller, second) == [third]
    page = caller.get("/api/changes/", after=first - 1, page_size=2).json()
    assert [row["id"] for row in caller.client.get(page["next"]).json()["results"]] == [third]


def test_a_change_waits_for_those_that_began_before_it(committed: Keys) -> None:
    caller = committed("service")
    slow = connection.copy("slow")
    try:
        slow.set_autocommit(False)
        with slow.cursor() as cursor:
            cursor.execute(
                "INSERT INTO outbox_change (profile_id, kind, detail, happened_at) "
                "VALUES (gen_random_uuid(), 'profile.created', '{}', now()) RETURNING id"
            )
            smaller = cursor.fetchone()[0]
        (greater,) = tell(PROFILE_CREATED)
        assert smaller < greater
        assert ids(caller, smaller - 1) == []
        slow.commit()
        assert ids(caller, smaller - 1) == [smaller, greater]
    finally:
        slow.close()


def test_news_of_segments_need_the_segments_purpose(committed: Keys) -> None:
    service, analyst = committed("service"), committed("analytics")
    with transaction.atomic():
        Segment.objects.create(slug="changes-buyers", name="Buyers", purpose_id="analytics", definition={})
    (about_a_segment,) = tell(SEGMENT_ENTERED, segment="changes-buyers")
    assert ids(service, about_a_segment - 1) == []
    assert ids(analyst, about_a_segment - 1) == [about_a_segment]


def test_a_change_holds_ids_and_slugs(committed: Keys) -> None:
    (id,) = tell(PROFILE_CREATED)
    row = committed("service").get("/api/changes/", after=id - 1).json()["results"][0]
    change = Change.objects.get(id=id)
    assert (row["profile"], row["kind"], row["detail"]) == (str(change.profile_id), "profile.created", {})


@pytest.mark.parametrize("after", ["-1", "x", "9223372036854775808", ""])
def test_a_bad_beginning_is_an_error(after: str, committed: Keys) -> None:
    assert_problem(committed("service").get("/api/changes/", after=after), 400, "invalid")
