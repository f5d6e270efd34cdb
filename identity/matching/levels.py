"""The comparisons and their levels: the vocabulary that evidence, models and explanations speak."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Shape (pairs, comparisons): the number of the level per comparison in the order of COMPARISONS, or NO_EVIDENCE.
Levels = NDArray[np.int8]

# Missing on either side, or counted in another comparison (a swapped name counts once, under the family name).
NO_EVIDENCE = -1


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison; `levels` run from least to most alike."""

    name: str
    levels: tuple[str, ...]

    def __getitem__(self, level: str) -> int:
        return self.levels.index(level)


GIVEN_NAME = Comparison("given_name", ("different", "similar", "variant", "exact"))
FAMILY_NAME = Comparison("family_name", ("different", "similar", "swapped", "exact"))
BIRTH_DATE = Comparison("birth_date", ("different", "near", "two_parts", "typo", "exact"))
EMAIL = Comparison("email", ("different", "similar", "same_local_part", "exact"))
PHONE = Comparison("phone", ("different", "exact"))
ADDRESS = Comparison("address", ("different", "same_city", "same_postcode", "same_address"))
# Columns of a file that the fields above do not cover: numbers that one person alone bears, such as that of a social
# insurance, and traits such as a gender or an occupation. A person known from an online source has none of them.
IDENTIFIERS = tuple(Comparison(name, ("different", "typo", "exact")) for name in ("identifier", "identifier_2"))
TRAITS = tuple(
    Comparison(name, ("different", "similar", "exact"))
    for name in ("trait", "trait_2", "trait_3", "trait_4", "trait_5", "trait_6")
)
FREE = IDENTIFIERS + TRAITS

COMPARISONS = (GIVEN_NAME, FAMILY_NAME, BIRTH_DATE, EMAIL, PHONE, ADDRESS, *FREE)
COLUMN = {comparison.name: column for column, comparison in enumerate(COMPARISONS)}


def most_alike(comparison: Comparison, **shown: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return of each pair the level that is most alike of those it shows, by name; the least where it shows none."""
    levels: NDArray[np.int8] = np.maximum.reduce([np.int8(comparison[level]) * pairs for level, pairs in shown.items()])
    return levels


def leave_out(levels: NDArray[np.int8], unknown: NDArray[np.bool_]) -> None:
    """Make these levels, shape (pairs,), no evidence where it is unknown."""
    # It has every bit set; a copy where a mask says so takes fifty times as long.
    levels |= np.negative(unknown.view(np.int8))
