"""What people of a country are called: popular names more often, neighbors' names now and then."""

from dataclasses import dataclass
from random import Random

from demo.generator.word_lists import words


@dataclass(frozen=True, slots=True)
class Stock:
    """Given names of women and of men, and surnames, the commonest first."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]

    def given_name(self, sex: str, *, rng: Random) -> str:
        """One given name, popular ones more often."""
        return _popular(self.women if sex == "f" else self.men, rng=rng)

    def surname(self, *, rng: Random) -> str:
        """One surname, popular ones more often; one in forty is double-barreled."""
        surname = _popular(self.surnames, rng=rng)
        return f"{surname}-{_popular(self.surnames, rng=rng)}" if rng.random() < 0.025 else surname


def name_stock(country: str, *, rng: Random) -> Stock:
    """The stock a new household of this country draws its names from."""
    if rng.random() < 0.86:
        return _STOCKS[country]
    return _STOCKS[rng.choice(_VISITORS[country])]


def _popular(names: tuple[str, ...], *, rng: Random) -> str:
    return names[int(len(names) * rng.random() ** 1.4)]


def _read(language: str) -> Stock:
    return Stock(words(f"{language}_women"), words(f"{language}_men"), words(f"{language}_surnames"))


_STOCKS = {
    "GB": _read("british"),
    "DE": _read("german"),
    "FR": _read("french"),
    "PL": _read("polish"),
    "ES": _read("spanish"),
    "TR": _read("turkish"),
}
_VISITORS = {"GB": ("PL", "PL", "ES", "TR"), "DE": ("TR", "TR", "PL", "PL", "ES"), "FR": ("ES", "ES", "PL", "TR")}
