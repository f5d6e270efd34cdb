"""A profile's id stays where most of its people are."""

from uuid import UUID

import pytest

from identity.seats import seats

P, Q, R = (UUID(int=number) for number in (1, 2, 3))
# The one with the highest id is the oldest.
AGE = {P: 3, Q: 2, R: 1}


@pytest.mark.parametrize(
    ("groups", "by_hand", "expected"),
    [
        ([{P: 2}, {P: 1}], (), [P, None]),
        ([{P: 1}, {P: 2}], (), [None, P]),
        ([{P: 1}, {P: 1}], (), [P, None]),
        ([{P: 5, Q: 1}], (), [Q]),
        ([{P: 1, Q: 1, R: 1}], (), [R]),
        ([{P: 1, R: 1}], (P,), [P]),
        ([{P: 1, Q: 1}, {P: 1, Q: 1}], (), [Q, P]),
        ([{P: 1, Q: 2}, {P: 2, Q: 1}], (), [Q, P]),
        ([{}, {P: 1}], (), [None, P]),
        ([{P: 3, Q: 3}, {P: 2}, {Q: 1}], (), [Q, P, None]),
    ],
)
def test_who_goes_on_with_which_profile(groups, by_hand, expected):
    age = {profile: AGE[profile] for parts in groups for profile in parts}
    assert seats(groups, age=age, by_hand=by_hand) == expected
