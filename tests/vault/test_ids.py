"""Identifiers are UUIDs of version 7 and sort by time."""

import time
from uuid import RFC_4122

from vault.ids import new_id


def test_it_is_a_version_7_uuid_of_this_moment():
    before = time.time_ns() // 1_000_000
    id = new_id()
    assert (id.version, id.variant) == (7, RFC_4122)
    assert before <= id.int >> 80 <= time.time_ns() // 1_000_000


def test_later_ones_sort_later(monkeypatch):
    made = []
    for milliseconds in (1, 2, 1_000, 1_700_000_000_000, 2_000_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda at=milliseconds: at * 1_000_000 + 999_999)
        made.append(new_id())
    assert made == sorted(made)
    assert [id.int >> 80 for id in made] == [1, 2, 1_000, 1_700_000_000_000, 2_000_000_000_000]


def test_none_is_made_twice_within_a_millisecond(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == 10_000
    assert {(id.version, id.variant) for id in made} == {(7, RFC_4122)}
