"""Calibrate a model by what people answered: how likely two are one person before any evidence.

Only this one number is moved, and by little. Whether a pair was put to a person depends on its score, so how often the
answer is yes at a score is told without bias, however few scores were asked about (selection on the regressor); but
all that was asked about lies in a narrow band, so nothing is told about the slope outside of it. It is therefore left
as it is: this is Cox's recalibration of the intercept (Biometrika 45, 1958), penalized as Platt's scaling is smoothed
(Advances in Large Margin Classifiers, 1999), so that few answers change next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from identity.matching.model import Model

# How far off the learned odds are taken to be, in bits, before anybody has answered: a standard deviation.
DOUBT = 0.5
# In bits. To join two who are two costs more than to ask once more, so answers lower further than they raise.
LOWEST, HIGHEST = -3.0, 1.5
_LN2 = float(np.log(2))
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a pair came to, in bits, whether a person said that it is one, and how much of a decision it is."""

    bits: float
    yes: bool
    weight: float = 1.0


def shift_of(answers: Sequence[Answer]) -> float:
    """Return by how many bits the odds of every pair are to be moved so that they fit these answers.

    It is the most likely shift, were it normal around none; bounded, and none where nobody answered.
    """
    bits = np.array([answer.bits for answer in answers], dtype=np.float64)
    yes = np.array([answer.yes for answer in answers], dtype=np.float64)
    weight = np.array([answer.weight for answer in answers], dtype=np.float64)
    low, high = LOWEST, HIGHEST
    # What pulls falls as the shift grows, so that it is halved in on.
    for _ in range(_STEPS):
        middle = (low + high) / 2
        pull = _LN2 * float((weight * (yes - _probability(bits + middle))).sum()) - middle / DOUBT**2
        low, high = (middle, high) if pull > 0 else (low, middle)
    return round((low + high) / 2, 4)


def shifted(model: Model, shift: float) -> Model:
    """Return the model by which every pair is likelier by so many bits: it takes more, or fewer, pairs for one."""
    odds = model.prior / (1 - model.prior - model.household_prior) * 2.0**shift
    return replace(model, prior=odds * (1 - model.household_prior) / (1 + odds))


def _probability(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    probability: NDArray[np.float64] = 1 / (1 + np.exp2(np.clip(-bits, -1_000, 1_000)))
    return probability
