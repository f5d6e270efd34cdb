"""Who people are by birth and marriage: couples, grown children, twins, sons named like fathers, flatmates."""

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from random import Random

from demo.generator.names import Stock
from demo.generator.randomness import happens


@dataclass(frozen=True, slots=True)
class Bearing:
    """What a person is born with, and the name before marriage if there was one."""

    sex: str
    given: str
    family: str
    earlier_family: str
    born_on: datetime.date


def new_family(stock: Stock, *, size: int, namesake: Bearing | None, rng: Random) -> list[Bearing]:
    """So many people under one roof; a single or a couple may be headed by a stranger's namesake."""
    if size > 1 and happens(0.12, rng=rng):
        return _flatmates(stock, count=size, rng=rng)
    youngest = 2002 if size < 3 else 1984
    head = namesake if namesake and size < 3 else _grown_up(stock, years=(1940, youngest), rng=rng)
    if size == 1:
        return [head]
    partner = _partner(head, stock=stock, rng=rng)
    return [head, partner, *_children(head, partner, count=size - 2, stock=stock, rng=rng)]


def _flatmates(stock: Stock, *, count: int, rng: Random) -> list[Bearing]:
    by_name: dict[str, Bearing] = {}
    while len(by_name) < count:
        flatmate = _grown_up(stock, years=(1986, 2004), rng=rng)
        by_name.setdefault(flatmate.given, flatmate)
    return list(by_name.values())


def _grown_up(stock: Stock, *, years: tuple[int, int], rng: Random) -> Bearing:
    sex = rng.choice("fm")
    family = _ending_for(stock.surname(rng=rng), sex)
    return Bearing(sex, stock.given_name(sex, rng=rng), family, family, _birthday(rng.randint(*years), rng=rng))


def _partner(head: Bearing, *, stock: Stock, rng: Random) -> Bearing:
    sex = head.sex if happens(0.06, rng=rng) else "fm"[head.sex == "f"]
    born_on = _birthday(min(head.born_on.year + rng.randint(-6, 6), 2004), rng=rng)
    own = _ending_for(stock.surname(rng=rng), sex)
    family = _ending_for(head.family, sex) if happens(0.72, rng=rng) else own
    newly_married = family != own and happens(0.09, rng=rng)
    given = _given_name(sex, taken={head.given}, stock=stock, rng=rng)
    return Bearing(sex, given, family, own if newly_married else family, born_on)


def _children(head: Bearing, partner: Bearing, *, count: int, stock: Stock, rng: Random) -> Iterator[Bearing]:
    if count == 0:
        return
    year = min(head.born_on.year + rng.randint(21, 36), 2007)
    taken = {head.given, partner.given}
    first = _child(head, year=year, taken=taken, stock=stock, rng=rng)
    if head.sex == "m" and happens(0.08, rng=rng):
        first = replace(first, sex="m", given=head.given, family=head.family, earlier_family=head.family)
    yield first
    if count > 1 and happens(0.14, rng=rng):
        yield _twin(first, taken={*taken, first.given}, stock=stock, rng=rng)
    elif count > 1:
        later = min(year + rng.randint(1, 5), 2008)
        yield _child(head, year=later, taken={*taken, first.given}, stock=stock, rng=rng)


def _child(head: Bearing, *, year: int, taken: Collection[str], stock: Stock, rng: Random) -> Bearing:
    sex = rng.choice("fm")
    family = _ending_for(head.family, sex)
    given = _given_name(sex, taken=taken, stock=stock, rng=rng)
    return Bearing(sex, given, family, family, _birthday(year, rng=rng))


def _twin(first: Bearing, *, taken: Collection[str], stock: Stock, rng: Random) -> Bearing:
    sex = first.sex if happens(0.7, rng=rng) else rng.choice("fm")
    names = [_given_name(sex, taken=taken, stock=stock, rng=rng) for _ in range(20)]
    same_initial = (name for name in names if name[0] == first.given[0])
    family = _ending_for(first.family, sex)
    return Bearing(sex, next(same_initial, names[0]), family, family, first.born_on)


def _given_name(sex: str, *, taken: Collection[str], stock: Stock, rng: Random) -> str:
    while (name := stock.given_name(sex, rng=rng)) in taken:
        pass
    return name


def _ending_for(family: str, sex: str) -> str:
    other, own = ("ski", "ska") if sex == "f" else ("ska", "ski")
    return family.removesuffix(other) + own if family.endswith(other) else family


def _birthday(year: int, *, rng: Random) -> datetime.date:
    return datetime.date(year, 1, 1) + datetime.timedelta(days=rng.randrange(365))
