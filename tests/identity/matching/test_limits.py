"""Limits: how much room two have for one another."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.matching import Limit, Room, cluster, exceeded, most_within

THREE = Limit(namespace="email", priority=1, most=3)
TWO_A_WEEK = Limit(namespace="device", priority=2, most_in_window=2, window_days=7)

spans = st.tuples(st.integers(0, 40), st.integers(0, 15)).map(lambda span: (float(span[0]), float(sum(span))))
held = st.dictionaries(st.integers(0, 6), spans, max_size=5)
borne = st.fixed_dictionaries({"email": held, "device": held})


def both(one: dict, other: dict) -> dict:
    """What the two bear as one person."""
    found: dict = {}
    for namespace in ("email", "device"):
        mine, theirs = one.get(namespace, {}), other.get(namespace, {})
        found[namespace] = {
            value: (
                min(held[value][0] for held in (mine, theirs) if value in held),
                max(held[value][1] for held in (mine, theirs) if value in held),
            )
            for value in mine | theirs
        }
    return found


def in_use(values: dict, days: float) -> int:
    """By looking at every window that begins at an hour at which anything does."""
    starts = [edge - shift for span in values.values() for edge in span for shift in (0, days)]
    return max(
        (sum(1 for first, last in values.values() if first <= at + days and last >= at) for at in starts), default=0
    )


def bearing(*emails: str) -> dict:
    return {"email": dict.fromkeys(emails, (0.0, 1.0))}


def test_up_to_the_limit_there_is_room() -> None:
    assert exceeded(bearing("a", "b"), bearing("c"), [THREE]) is None
    assert exceeded(bearing("a", "b"), bearing("c", "d"), [THREE]) == THREE


def test_who_brings_nothing_new_takes_no_room_however_full_the_other_is() -> None:
    full = bearing(*"abcdefg")
    assert exceeded(full, bearing("a"), [THREE]) is None
    assert exceeded(bearing(), full, [THREE]) is None
    assert exceeded(full, bearing("z"), [THREE]) == THREE


@pytest.mark.parametrize(("last", "limit"), [(8.0, TWO_A_WEEK), (9.0, None)])
def test_a_window_counts_what_was_in_use_within_so_many_days(last: float, limit: Limit | None) -> None:
    """Up to the seventh day after; who has a third device on the eighth has it in another week."""
    used = {"device": {"tablet": (0.0, 1.0), "phone": (1.0, 1.0)}}
    assert exceeded(used, {"device": {"laptop": (last, last)}}, [THREE, TWO_A_WEEK]) == limit


@given(held, st.integers(0, 20))
def test_most_within_is_what_counting_every_window_finds(values: dict, days: int) -> None:
    assert most_within(values.values(), days) == in_use(values, days)


@given(borne, borne)
def test_either_side_may_ask(one: dict, other: dict) -> None:
    assert exceeded(one, other, [THREE, TWO_A_WEEK]) == exceeded(other, one, [THREE, TWO_A_WEEK])


@given(st.lists(borne, min_size=2, max_size=8), st.data())
def test_room_is_what_the_clusters_bear_together(rows: list[dict], data: st.DataObject) -> None:
    """However they have come together, and whenever it is asked."""
    room = Room(lambda: rows, lambda: [THREE, TWO_A_WEEK])
    clusters = {row: {row} for row in range(len(rows))}
    while len(clusters) > 1:
        one, other = data.draw(st.permutations(sorted(clusters)))[:2]
        if data.draw(st.booleans()):
            sides = []
            for leader in (one, other):
                side: dict = {}
                for row in clusters[leader]:
                    side = both(side, rows[row])
                sides.append(side)
            assert room.exceeded(one, other) == exceeded(*sides, [THREE, TWO_A_WEEK])
        room.join(one, other)
        clusters[one] |= clusters.pop(other)


@given(st.lists(st.sets(st.integers(0, 5), min_size=1, max_size=2), min_size=2, max_size=9), st.data())
def test_no_cluster_exceeds_a_limit_whatever_joins_it(emails: list[set[int]], data: st.DataObject) -> None:
    """By certain pairs, in their order, or by evidence, the best first."""
    rows = [bearing(*map(str, sorted(values))) for values in emails]
    pairs = list(combinations(range(len(rows)), 2))
    sure = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    weights = np.array(
        data.draw(st.lists(st.sampled_from([-3.0, 2.0, 9.0, 12.0]), min_size=len(pairs), max_size=len(pairs)))
    )
    edges = np.array(pairs, dtype=np.int32)
    labels = cluster(len(rows), edges, weights, sure=sure, room=Room(lambda: rows, lambda: [THREE])).tolist()
    for label in set(labels):
        assert len(set().union(*(emails[row] for row in range(len(rows)) if labels[row] == label))) <= 3


def test_of_certain_pairs_the_last_gives_way() -> None:
    rows = [bearing("a", "b"), bearing("c"), bearing("d")]
    nothing = np.empty((0, 2), dtype=np.int32), np.empty(0)
    for sure, joined in (([(0, 1), (0, 2)], [0, 0, 2]), ([(0, 2), (0, 1)], [0, 1, 0])):
        room = Room(lambda: rows, lambda: [THREE])
        assert cluster(3, *nothing, sure=sure, room=room).tolist() == joined


def test_of_evidence_the_weakest_gives_way() -> None:
    rows = [bearing("a", "b"), bearing("c"), bearing("d")]
    edges = np.array([(0, 1), (0, 2)], dtype=np.int32)
    for weights, joined in (([20.0, 15.0], [0, 0, 2]), ([15.0, 20.0], [0, 1, 0])):
        room = Room(lambda: rows, lambda: [THREE])
        assert cluster(3, edges, np.array(weights), room=room).tolist() == joined


def test_what_a_person_decided_knows_no_limit() -> None:
    rows = [bearing("a", "b"), bearing("c", "d")]
    nothing = np.empty((0, 2), dtype=np.int32), np.empty(0)
    assert cluster(2, *nothing, must_link=[(0, 1)], room=Room(lambda: rows, lambda: [THREE])).tolist() == [0, 0]


def test_nobody_is_asked_what_they_bear_before_two_are_to_be_joined() -> None:
    asked: list[str] = []
    room = Room(lambda: asked.append("borne") or [bearing(), bearing()], lambda: asked.append("limits") or [THREE])
    nothing = np.empty((0, 2), dtype=np.int32), np.empty(0)
    cluster(2, *nothing, must_link=[(0, 1)], room=room)
    assert asked == []
    cluster(2, *nothing, sure=[(0, 1)], room=room)
    assert asked == ["limits", "borne"]


def test_the_label_says_the_limit_and_its_version() -> None:
    assert THREE.label == "email, version 0: at most 3"
    assert TWO_A_WEEK.label == "device, version 0: at most 2 in 7 days"
