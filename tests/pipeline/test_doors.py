"""The door for Segment's clients: one message, a batch, and bodies that are neither."""

import pytest

from consent.models import Act
from pipeline import doors
from pipeline.doors import BadPayload
from records.models import Record, Source
from tests.pipeline.cast import NOW, counts, ordered, outcome, saying, send

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        (None, "not_an_object", ""),
        ([], "not_an_object", ""),
        ("batch", "not_an_object", ""),
        ({}, "missing_field", "batch"),
        ({"batch": None}, "missing_field", "batch"),
        ({"batch": {"0": {}}}, "missing_field", "batch"),
        ({"batch": "all"}, "missing_field", "batch"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(payload: object, code: str, field: str, shop: Source) -> None:
    before = counts(without=())
    with pytest.raises(BadPayload) as raised:
        doors.segment(shop, payload, single_type=None, now=NOW)
    assert (raised.value.code, raised.value.field) == (code, field)
    assert counts(without=()) == before


def test_what_the_batch_says_holds_for_its_messages(browser: Source) -> None:
    batch = [ordered("alice"), ordered("bob", context={"ip": "192.0.2.1"}), ordered("carol", **saying(analytics=False))]
    assert outcome(send(browser, *batch, **saying(analytics=True))) == (2, 0, 0, 1)
    assert sorted(Act.objects.values_list("state", flat=True)) == ["granted", "granted", "withdrawn"]


@pytest.mark.parametrize("wrong", [5, "text", ["a"], False, ""])
def test_what_the_batch_says_does_not_cover_up_what_is_wrong(wrong: object, browser: Source) -> None:
    acceptance = send(browser, ordered("alice", context=wrong), ordered("bob"), **saying(analytics=True))
    assert outcome(acceptance) == (1, 0, 1, 0)
    assert [(reject.position, reject.field) for reject in acceptance.rejects] == [(0, "context")]


def test_the_batchs_sending_time_sets_its_messages_clocks_right(shop: Source) -> None:
    late = ordered("alice", timestamp="2026-11-22T11:00:00Z")
    send(shop, late, sentAt="2026-11-22T11:30:00Z")
    assert Record.objects.get().occurred_at.isoformat() == "2026-11-22T11:30:00+00:00"


def test_a_single_message_is_of_the_type_of_its_route(shop: Source) -> None:
    message = {**ordered("alice"), "type": "page"}
    assert outcome(doors.segment(shop, message, single_type="track", now=NOW)) == (1, 0, 0, 0)
    assert Record.objects.get().kind == "track"


def test_messages_that_are_none_cost_only_themselves(shop: Source) -> None:
    acceptance = send(shop, None, 5, "text", ["a"], ordered("alice"), **saying(analytics=True))
    assert outcome(acceptance) == (1, 0, 4, 0)
    assert [reject.code for reject in acceptance.rejects] == ["unknown_type", *["not_an_object"] * 3]
