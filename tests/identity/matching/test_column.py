"""A field of all people: what is made of it once, and who shares a value."""

from threading import Barrier, Thread

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import Column, encode


def test_what_is_asked_for_at_once_is_made_once() -> None:
    column, ready, made = encode(["ann", "abe"]), Barrier(2), []

    def lengths(of: Column) -> NDArray[np.int64]:
        made.append(of)
        return of.lengths

    def ask() -> None:
        ready.wait()
        column.once(lengths)

    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [column]


def test_what_is_made_may_ask_for_more_of_the_same_column() -> None:
    column = encode(["ann", "abe", "ann"])
    assert column.once(lambda of: int(of.counts().max())) == 2


def test_shared_are_the_values_of_several() -> None:
    assert encode(["ann", "abe", None, "ann", ""]).shared.tolist() == [True, False, False, True, False]
