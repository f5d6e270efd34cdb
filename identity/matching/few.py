"""A few people compared and scored without arrays, whose set-up costs the same for one pair as for thousands.

Levels, scores and contradictions are those of `compare`, `score` and `contradicts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp2, inf, log1p, log2

import numpy as np
from numpy.typing import NDArray

from identity.matching.few_levels import Pairing
from identity.matching.few_people import Known, bear_more, borne
from identity.matching.levels import COLUMN, COMPARISONS, EMAIL, NO_EVIDENCE
from identity.matching.model import LEAST_SEEN, Distributions, Model
from identity.matching.person import Person
from identity.matching.rarity import MOST_RARITY_BITS, RARITY_WORTH
from identity.matching.score import CONTRADICTION_CEILING, log_odds
from identity.matching.waterfall import Step, spelled

# With more people than this arrays are faster; from 200 on they would also tell how frequent a name is.
FEW = 60

_COMPARED = COMPARISONS[:6]
_GIVEN, _FAMILY, _EMAIL = COLUMN["given_name"], COLUMN["family_name"], COLUMN["email"]
_EXACT = {place: len(COMPARISONS[place].levels) - 1 for place in (_GIVEN, _FAMILY)}
_CEILING = log_odds(CONTRADICTION_CEILING)
_LN2_INVERSE = 1 / float(np.log(2))

Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one pair came to: its levels, the bits of each, and what a household or a contradiction takes off."""

    levels: tuple[int, ...]
    weights: tuple[float, ...]
    log_odds: float
    alternative: float
    contradiction: bool

    @property
    def fields(self) -> int:
        """In how many fields the two could be compared."""
        return sum(level != NO_EVIDENCE for level in self.levels)


class FewPeople:
    """A few people, and what the model says of pairs of them."""

    def __init__(self, persons: Sequence[Person], model: Model) -> None:
        self.model = model
        people = [Known.of(person) for person in persons]
        emails = borne([person.email for person in people], people)
        phones = borne([person.phone for person in people], people)
        junk_emails = emails.junk.union(model.junk.get("email", ()))
        junk_phones = phones.junk.union(model.junk.get("phone", ()))
        for person in people:
            if person.email in junk_emails:
                person.email = person.mailbox = person.email_local = ""
            if person.phone in junk_phones:
                person.phone = ""
        self.people = people
        self.pairing = Pairing(people)
        self.shared_emails = emails.household
        self._asked: dict[tuple[int, int], bool] = {}

    @staticmethod
    def fits(persons: Sequence[Person]) -> bool:
        """Whether these are few enough, and bear nothing that only columns hold."""
        return len(persons) <= FEW and not bear_more(persons)

    @cached_property
    def base(self) -> float:
        """The odds before any evidence, in bits."""
        return log2(self.model.prior) - log2(1 - self.model.prior - self.model.household_prior)

    def weigh(self, a: int, b: int) -> Weighed:
        """What the pair comes to: log2 odds as `score` has them."""
        levels = self.pairing.levels(a, b)
        weights = [bits[level] for bits, level in zip(self._bits, levels, strict=True)]
        household = self._household_base + sum(
            bits[level] for bits, level in zip(self._household_bits, levels, strict=True)
        )
        for place, name in ((_GIVEN, "given_name"), (_FAMILY, "family_name")):
            if levels[place] == _EXACT[place]:
                rarer = self._rarity(place, name, getattr(self.people[a], name))
                weights[place] += rarer
                household += rarer if place == _FAMILY else 0.0
        alternative = -_either(household)
        odds = self.base + sum(weights) + alternative
        contradiction = odds > _CEILING and self.contradict(a, b)
        if contradiction:
            alternative, odds = alternative - (odds - _CEILING), _CEILING
        return Weighed(levels, tuple(weights), odds, alternative, contradiction)

    def same_mailbox(self, a: int, weighed: Weighed) -> bool:
        """Whether the pair has the same e-mail address, no household shares it, and nothing contradicts."""
        same = weighed.levels[_EMAIL] == EMAIL["exact"] and self.people[a].email not in self.shared_emails
        return same and not weighed.contradiction

    def contradict(self, a: int, b: int) -> bool:
        """Whether the pair contradicts itself, as `contradicts` says."""
        if not self.model.housemates:
            return False
        found = self._asked.get((a, b))
        if found is None:
            found = self._asked[a, b] = self.pairing.contradict(a, b)
        return found

    def contradicts(self, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """The same of many pairs, shape (pairs, 2)."""
        return np.array([self.contradict(a, b) for a, b in pairs.tolist()], dtype=np.bool_)

    def steps(self, weighed: Weighed) -> list[Step]:
        """The evidence of a pair, as `waterfall.steps_of`."""
        evidence = [
            (comparison.name, comparison.levels[level], round(bits, 2))
            for comparison, level, bits in zip(_COMPARED, weighed.levels, weighed.weights, strict=True)
            if level != NO_EVIDENCE
        ]
        return spelled(self.base, evidence, weighed.alternative, contradiction=weighed.contradiction)

    @cached_property
    def _bits(self) -> Table:
        return _over(self.model.match, self.model.chance)

    @cached_property
    def _household_bits(self) -> Table:
        return _over(self.model.household or self.model.chance, self.model.chance)

    @cached_property
    def _household_base(self) -> float:
        if self.model.household is None or not self.model.household_prior:
            return -inf
        return log2(self.model.household_prior) - log2(1 - self.model.prior - self.model.household_prior)

    def _rarity(self, place: int, name: str, value: str) -> float:
        known = self.model.frequencies.get(name)
        if not known or not self.model.learned_on:
            return 0.0
        share = known.get(value, LEAST_SEEN / 2 / self.model.learned_on)
        rarer = RARITY_WORTH * (log2(self.model.chance[place][-1]) - log2(share))
        return min(max(rarer, -MOST_RARITY_BITS), MOST_RARITY_BITS)


def _over(ones: Distributions, others: Distributions) -> Table:
    """Bits of each level for the one over the other; the last, which -1 finds, stands for no evidence."""
    return tuple(
        (*(log2(one) - log2(other) for one, other in zip(mine, theirs, strict=True)), 0.0)
        for mine, theirs in zip(ones[: len(_COMPARED)], others, strict=False)
    )


def _either(bits: float) -> float:
    """log2(1 + 2^bits)."""
    return max(bits, 0.0) + log1p(exp2(-abs(bits))) * _LN2_INVERSE
