"""How rare values are, in the way Splink can count it: shares of the table, measured by what our engine measures by."""

from typing import Any

import numpy as np

from identity.matching.column import Column, empty
from identity.matching.levels import TRAITS
from identity.matching.model import LEAST_SEEN, Model
from identity.matching.people import People
from identity.matching.rarity import MOST_RARITY_BITS, RARITY_WORTH, shares_of
from identity.matching.score import rarity_of_names
from identity.matching.splink.levels import COUNTED, Condition

# How many times rarer than the average a value is when its rarity counts most.
_RAREST = 2 ** (MOST_RARITY_BITS / RARITY_WORTH)
# No normalized name begins so.
NOBODYS_NAME = "#"
PLACES = ("postcode", "city")
RARE = ("given_name", "family_name", *PLACES, *(comparison.name for comparison in TRAITS))


def chances_to_agree(people: People) -> dict[str, float]:
    """Return, per column of which rare values count more, the chance that two people of these share its value."""
    return {name: shares_of(people.free(name))[1] for name in RARE}


def counted(people: People, field: str, model: Model) -> Column:
    """Return the names by which Splink is to count how rare an exact one is; nobody's where that counts nothing.

    A name of which the model holds no frequency is as rare as the settings say at least (see `written`): instead of it
    stands a value that no other row has.
    """
    names = people.free(field)
    if field not in rarity_of_names(model, people):
        return empty(len(people))
    if not model.frequencies:
        return names
    unknown = np.array([value not in model.frequencies[field] for value in names.values], dtype=np.bool_)
    rare = np.flatnonzero(np.append(unknown, False)[names.codes])
    codes = names.codes.copy()
    codes[rare] = len(names.values) + np.arange(len(rare), dtype=np.int32)
    return Column(codes, (*names.values, *(f"{NOBODYS_NAME}{row}" for row in rare.tolist())))


def written(
    condition: Condition, model: Model, *, match: float, chance: float, exact: float, average: float | None
) -> dict[str, Any]:
    """Return m, u and how rare values of the condition's column change the weight, as settings of a level.

    `match` and `chance` are those of the level, `exact` is the chance of equal values that the model learned.
    `average` is the chance that two people of the table share a value, where that is known.

    Splink measures a value's share by u; we measure it by the average, and an exact name by `exact`. So u becomes that,
    and m what keeps the weight of an average value; where that were no probability, both are smaller, and what the
    value's share tells makes up for it.
    """
    assert condition.rare is not None
    by = exact if average is None or condition.rare in COUNTED else average
    m, u = match * by / chance, by
    if m > 1:
        m, u = 1.0, u / m**2
    least = by / _RAREST
    if condition.rare in COUNTED and model.frequencies and model.learned_on:
        least = max(least, LEAST_SEEN / 2 / model.learned_on)
    return {
        "m_probability": m,
        "u_probability": u,
        "tf_adjustment_column": condition.rare,
        "tf_adjustment_weight": RARITY_WORTH,
        "tf_minimum_u_value": least,
        "disable_tf_exact_match_detection": True,
    }
