"""Limits on columns: the room of a file says what the room of a live profile would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from identity.matching import Limit, Room, cluster
from identity.matching.column import MISSING
from identity.matching.column_room import ColumnRoom, held_back

TWO_MAILS = Limit(namespace="email", priority=1, most=2)
ONE_NUMBER = Limit(namespace="ssn", priority=2, most=1)

codes = st.integers(MISSING, 4)


def room(emails: list[int], numbers: list[int]) -> ColumnRoom:
    return ColumnRoom([(TWO_MAILS, np.array(emails, np.int32)), (ONE_NUMBER, np.array(numbers, np.int32))])


@given(st.lists(st.tuples(codes, codes), min_size=2, max_size=8), st.data())
def test_it_says_what_the_room_of_live_profiles_does(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    """However clusters grow, as long as no limit is exceeded, as none is in a file."""
    borne = [
        {name: {code: (0.0, 0.0)} for name, code in zip(("email", "ssn"), row, strict=True) if code != MISSING}
        for row in rows
    ]
    of_file = room([email for email, _ in rows], [number for _, number in rows])
    of_profiles = Room(lambda: borne, lambda: [TWO_MAILS, ONE_NUMBER])
    leaders = list(range(len(rows)))
    while len(leaders) > 1:
        one, other = data.draw(st.permutations(leaders))[:2]
        limit = of_file.exceeded(one, other)
        assert limit == of_profiles.exceeded(one, other) == of_file.exceeded(other, one)
        if limit is None:
            of_file.join(one, other)
            of_profiles.join(one, other)
        leaders.remove(other)


def test_of_evidence_the_weakest_gives_way_and_is_counted() -> None:
    edges = np.array([(0, 1), (0, 2), (1, 2), (0, 3)], dtype=np.int32)
    limits = room([MISSING] * 4, [5, MISSING, 6, 5])
    labels = cluster(4, edges, np.array([20.0, 15.0, 12.0, 9.0]), room=limits.anew())
    assert labels.tolist() == [0, 0, 2, 0]
    assert held_back(limits, labels, edges) == {"ssn": 2}


def test_two_apart_for_another_reason_are_not_held_back() -> None:
    limits = room([1, 2, 3, MISSING], [MISSING] * 4)
    labels = np.array([0, 0, 2, 3], dtype=np.int32)
    assert held_back(limits, labels, np.array([(0, 2), (1, 3)], dtype=np.int32)) == {"email": 1}
    assert held_back(limits, labels, np.empty((0, 2), dtype=np.int32)) == {}
