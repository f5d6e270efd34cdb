"""The model: how likely each level of agreement is for one person, for two of a household, and by chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from identity.matching.levels import BIRTH_DATE, COMPARISONS, FREE, IDENTIFIERS, TRAITS

# Per comparison in the order of COMPARISONS, per level: a probability. Each inner tuple sums to one.
Distributions = tuple[tuple[float, ...], ...]

MODEL_VERSION = "1"
FREE_NAMES = frozenset(comparison.name for comparison in FREE)
# A value seen fewer times than this is never stored in a model.
LEAST_SEEN = 20


class UnreadableModelError(ValueError):
    """Saved parameters do not fit the comparisons of this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Fellegi and Sunter's model (JASA 64, 1969) with a third class between match and chance: the same household.

    `match`, `household` and `chance` give the probability of each level, given that both sides have a value.
    `prior` and `household_prior` are the shares of matches and of housemates among ALL pairs of people, not among the
    compared ones. `household` is `None` when the data show no such class. `frequencies` holds, per name field, the
    share of people who bear a value; only values seen twenty times or more, so the model names no individual.
    `junk` are e-mail addresses and phones that twenty records and more of many families share: they are nobody's.
    `providers` are the domains that serve mailboxes to everyone: hundreds of people, of as many names.
    `columns` says which columns of the file the identifiers and traits were, by the comparison's name; `None` where
    that was not noted, and `fields` which other fields it had. `housemates` says that the file may hold people who
    share a home or an identifier; only evidence makes it false. `limits` says how many different values of a column a
    cluster of a file holds at most.
    """

    match: Distributions
    chance: Distributions
    prior: float
    household: Distributions | None = None
    household_prior: float = 0.0
    frequencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    junk: Mapping[str, frozenset[str]] = field(default_factory=dict)
    providers: frozenset[str] = frozenset()
    columns: Mapping[str, str] | None = None
    fields: tuple[str, ...] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    housemates: bool = True
    learned_on: int = 0
    version: str = MODEL_VERSION

    def __post_init__(self) -> None:
        """Refuse distributions that do not fit the comparisons."""
        for distributions in (self.match, self.chance, self.household):
            if distributions is not None:
                _check(distributions)
        if not 0 < self.prior < 1 or not 0 <= self.household_prior < 1:
            raise UnreadableModelError("a prior lies outside 0 to 1")

    @classmethod
    def default(cls) -> Self:
        """Return the model for data too small to learn from: round figures for a customer file of western names.

        Chance levels: about one pair in 150 shares a given name, one in 500 a family name, one in 25,000 a birth date.
        Priors: in a file of 100,000 records where a third has one duplicate, one pair in 100,000 matches or so, and
        as many are housemates. Housemates agree on given name and birth date little more than strangers do (a son named
        after his father, twins).
        """
        return cls(
            match=(
                (0.02, 0.06, 0.07, 0.85),
                (0.06, 0.05, 0.02, 0.87),
                (0.01, 0.01, 0.01, 0.05, 0.92),
                (0.25, 0.03, 0.07, 0.65),
                (0.30, 0.70),
                (0.20, 0.08, 0.07, 0.65),
                *_of_free((0.10, 0.05, 0.85), (0.20, 0.10, 0.70)),
            ),
            chance=(
                (0.9563, 0.02, 0.017, 0.0067),
                (0.99299, 0.005, 0.00001, 0.002),
                (0.97526, 0.012, 0.012, 0.0007, 0.00004),
                (0.999948, 0.00001, 0.00004, 0.000002),
                (0.999998, 0.000002),
                (0.96948, 0.03, 0.0005, 0.00002),
                *_of_free((0.999989, 0.00001, 0.000001), (0.89, 0.01, 0.10)),
            ),
            household=(
                (0.93, 0.03, 0.02, 0.02),
                (0.25, 0.02, 0.00001, 0.72999),
                (0.954, 0.0125, 0.0125, 0.001, 0.02),
                (0.78, 0.03, 0.04, 0.15),
                (0.60, 0.40),
                (0.05, 0.03, 0.02, 0.90),
                *_of_free((0.98, 0.01, 0.01), (0.69, 0.01, 0.30)),
            ),
            prior=1e-5,
            household_prior=1e-5,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the model as JSON values, with names for comparisons and levels."""
        return {
            "version": self.version,
            "learned_on": self.learned_on,
            "prior": self.prior,
            "household_prior": self.household_prior,
            "housemates": self.housemates,
            "columns": None if self.columns is None else dict(self.columns),
            "fields": None if self.fields is None else list(self.fields),
            "limits": dict(self.limits),
            "match": _named(self.match),
            "chance": _named(self.chance),
            "household": None if self.household is None else _named(self.household),
            "frequencies": {name: dict(shares) for name, shares in self.frequencies.items()},
            "junk": {name: sorted(values) for name, values in self.junk.items() if values},
            "providers": sorted(self.providers),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the model that `to_dict` saved; `UnreadableModelError` when it belongs to other comparisons."""
        if saved.get("version") != MODEL_VERSION:
            raise UnreadableModelError(f"version {saved.get('version')!r} where {MODEL_VERSION!r} is expected")
        return cls(
            match=_unnamed(saved["match"], cls.default().match),
            chance=_unnamed(saved["chance"], cls.default().chance),
            household=None if saved["household"] is None else _unnamed(saved["household"], cls.default().household),
            prior=float(saved["prior"]),
            household_prior=float(saved["household_prior"]),
            frequencies={name: dict(shares) for name, shares in saved["frequencies"].items()},
            junk={str(name): frozenset(map(str, values)) for name, values in saved.get("junk", {}).items()},
            providers=frozenset(saved.get("providers", ())),
            housemates=bool(saved["housemates"]),
            columns=_columns(saved.get("columns")),
            fields=None if saved.get("fields") is None else tuple(map(str, saved["fields"])),
            limits=_limits(saved.get("limits", {})),
            learned_on=int(saved["learned_on"]),
        )


def _columns(saved: Any) -> Mapping[str, str] | None:
    if saved is None:
        return None
    if not all(name in FREE_NAMES and isinstance(column, str) for name, column in dict(saved).items()):
        raise UnreadableModelError("its columns are none of identifiers and traits")
    return dict(saved)


def _limits(saved: Mapping[str, Any]) -> Mapping[str, int]:
    limits = {str(column): int(most) for column, most in saved.items()}
    if min(limits.values(), default=1) < 1:
        raise UnreadableModelError("a limit is below 1")
    return limits


def _of_free(identifier: tuple[float, ...], trait: tuple[float, ...]) -> Distributions:
    return (identifier,) * len(IDENTIFIERS) + (trait,) * len(TRAITS)


def _check(distributions: Distributions) -> None:
    if [len(levels) for levels in distributions] != [len(comparison.levels) for comparison in COMPARISONS]:
        raise UnreadableModelError("the levels are not those of the comparisons")
    if any(abs(sum(levels) - 1) > 1e-6 or min(levels) <= 0 for levels in distributions):
        raise UnreadableModelError("the levels of a comparison do not sum to one, or one is impossible")


def _named(distributions: Distributions) -> dict[str, dict[str, float]]:
    return {
        comparison.name: dict(zip(comparison.levels, levels, strict=True))
        for comparison, levels in zip(COMPARISONS, distributions, strict=True)
    }


def _unnamed(named: Mapping[str, Mapping[str, float]], default: Distributions | None) -> Distributions:
    """Return the saved shares. A model saved before there were identifiers, traits and dates alike in two parts has the
    default for the first two, and what it knew of near dates for the last.
    """
    birth = named[BIRTH_DATE.name]
    if "two_parts" not in birth:
        half = birth["near"] / 2
        named = {**named, BIRTH_DATE.name: {**birth, "near": half, "two_parts": half}}
    free = {c.name: shares for c, shares in zip(COMPARISONS, default or (), strict=bool(default)) if c in FREE}
    try:
        return tuple(
            free[c.name]
            if c.name in free and c.name not in named
            else tuple(float(named[c.name][level]) for level in c.levels)
            for c in COMPARISONS
        )
    except KeyError as missing:
        raise UnreadableModelError(f"no probability for {missing}") from missing
