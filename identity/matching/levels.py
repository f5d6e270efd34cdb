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
BIRTH_DATE = Comparison("birth_date", ("different", "near", "typo", "exact"))
EMAIL = Comparison("email", ("different", "similar", "same_local_part", "exact"))
PHONE = Comparison("phone", ("different", "exact"))
ADDRESS = Comparison("address", ("different", "same_city", "same_postcode", "same_address"))

COMPARISONS = (GIVEN_NAME, FAMILY_NAME, BIRTH_DATE, EMAIL, PHONE, ADDRESS)
COLUMN = {comparison.name: column for column, comparison in enumerate(COMPARISONS)}
