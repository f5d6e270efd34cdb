"""Blocking: compare only people who agree on a combination of fields."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching import normalize
from identity.matching.column import MISSING, Codes, combine, dense
from identity.matching.nicknames import nickname_class
from identity.matching.pairs import Pairs, Runs, distinct, in_rows
from identity.matching.people import (
    People,
    birth_day,
    birth_year,
    class_sound,
    dwelling_sound,
    in_one_order,
    initial,
)
from identity.matching.person import Person
from identity.matching.phonetic import phonetic
from identity.matching.threads import each

# Every key joins two fields or more: a token of one field alone would let its holder count who shares, say, a birth
# date. Each key survives other errors: a typo in the name, a nickname, swapped names, a move, a missing field.
KEYS: tuple[tuple[str, ...], ...] = (
    ("family_sound", "birth_date"),
    ("given_initial", "birth_date"),
    ("both_sounds", "birth_year"),
    ("both_sounds", "birth_day"),
    ("both_sounds", "postcode"),
    ("both_sounds", "city"),
    ("family_sound", "postcode"),
    ("given_class", "postcode"),
    ("family_sound", "city", "birth_year"),
    ("given_class", "city", "birth_year"),
    ("birth_date", "postcode"),
    ("birth_date", "city"),
    ("dwelling_sound", "given_initial"),
    ("dwelling_sound", "family_sound"),
    ("dwelling_sound", "birth_year"),
    ("email_local", "family_sound"),
    ("email_local", "given_initial"),
    ("email_local", "birth_year"),
    ("email_local", "birth_day"),
    ("email_local", "city"),
    ("email_domain", "given_class"),
    ("email_domain", "family_sound"),
    ("phone", "given_initial"),
    ("phone", "family_sound"),
    ("phone", "birth_date"),
)
_PREFIXED = tuple(("+".join(fields) + ":", fields) for fields in KEYS)
# What splits a block that is too large, tried in this order.
_SPLITTERS = (
    "birth_date",
    "given_class",
    "family_sound",
    "postcode",
    "dwelling_sound",
    "email_local",
    "phone",
    "birth_year",
)

MOST_IN_A_BLOCK = 200
# What one key may cost: the largest blocks are split first where it makes more pairs, for they tell least.
_PAIRS_A_PERSON = 1.5
_CHEAP = 200_000
_LEAST_BLOCK = 10
# Of a few fields' codes one number is made as long as it leaves room to be sorted with its place.
_LARGEST_NUMBER = 1 << 40


# What one key finds: its pairs, the sizes of the blocks left out, and how many blocks were too large at first.
OfKey = tuple[NDArray[np.int64], Sequence[int], int]


@dataclass(frozen=True, slots=True)
class SkippedBlock:
    """A block that stayed too large: its key's fields (never their values) and how many people it holds."""

    key: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class SkippedBlocks:
    """What blocking left out. `split` counts the blocks that a second key made small enough."""

    skipped: tuple[SkippedBlock, ...]
    split: int

    @property
    def pairs(self) -> int:
        """Return how many pairs the skipped blocks would have held, counting a pair once per block."""
        return sum(block.people * (block.people - 1) // 2 for block in self.skipped)


def blocking_keys(person: Person) -> frozenset[str]:
    """Return the keys of one person, such as "family_sound+birth_date:MLR|1980-03-04".

    Two people are candidates when they share a key. The caller stores a keyed hash of each, never the key itself.
    """
    return blocking_keys_of([person])[0]


def blocking_keys_of(persons: Iterable[Person], *, providers: Collection[str] = frozenset()) -> list[frozenset[str]]:
    """Return the keys of each person; what many share, such as a city, is normalized once.

    The domain of an e-mail address tells nothing where it is one of these `providers` (`Model.providers`).
    """
    once = _Once()
    return [_keys(_features(person, once, providers)) for person in persons]


def _keys(features: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        prefix + "|".join(values)
        for prefix, fields in _PREFIXED
        if all(values := [features[field] for field in fields])
    )


def candidate_pairs(people: People, *, max_block: int = MOST_IN_A_BLOCK) -> tuple[Pairs, SkippedBlocks]:
    """Return the pairs of rows that share a key, shape (pairs, 2), each once with the lower row first, in order.

    A block of more than `max_block` people is split by further fields; what stays too large is left out and reported.
    So it is with smaller ones where a key makes more than 1.5 pairs a person in a large file: no key, however common
    its values, costs more than others.
    """
    pairs, skipped = together(pairs_by_key(people, max_block=max_block))
    return in_rows(pairs), skipped


def pairs_by_key(people: People, *, max_block: int = MOST_IN_A_BLOCK) -> list[OfKey]:
    """Return what each key finds."""
    return each(lambda fields: _pairs_of_key(people, fields, max_block), KEYS, rows=len(people))


def together(by_key: list[OfKey]) -> tuple[NDArray[np.int64], SkippedBlocks]:
    """Return the pairs that all keys found, as `in_rows` takes them, and the blocks that they left out."""
    skipped = [SkippedBlock(fields, size) for fields, found in zip(KEYS, by_key, strict=True) for size in found[1]]
    left_out = SkippedBlocks(tuple(skipped), sum(split for _, _, split in by_key) - len(skipped))
    pairs = np.concatenate([pairs for pairs, _, _ in by_key])
    # They are many, and not needed twice.
    by_key.clear()
    return distinct(pairs), left_out


def _pairs_of_key(people: People, fields: tuple[str, ...], max_block: int) -> OfKey:
    """Return the pairs that share the key, the sizes of the blocks left out, and how many were too large at first."""
    runs = _runs(people, fields, alone=False)
    max_block = _affordable(runs.sizes, len(people), max_block)
    pairs, too_many = runs.pairs(max_block), int((runs.sizes > max_block).sum())
    if not too_many:
        return pairs, (), 0
    pieces, too_large = _split(people, fields, runs.among(runs.sizes > max_block), max_block)
    return np.concatenate([pairs, *pieces]), too_large, too_many


def blocks_of(people: People, fields: tuple[str, ...]) -> Codes:
    """Return the blocks of a key that are small enough to be compared within, shape (n,)."""
    runs = _runs(people, fields, alone=True)
    return runs.codes(runs.sizes <= _affordable(runs.sizes, len(people), MOST_IN_A_BLOCK), len(people))


def _affordable(sizes: NDArray[np.int64], n: int, max_block: int) -> int:
    """Return the size from which blocks are split: less than `max_block` where the key would make too many pairs."""
    most = max(_PAIRS_A_PERSON * n, _CHEAP)
    while max_block > _LEAST_BLOCK:
        kept = sizes.compress(sizes <= max_block)
        if (kept * (kept - 1)).sum() // 2 <= most:
            break
        max_block //= 2
    return max_block


class _Once:
    """Applies each rule to each value once; "" stands for what is missing."""

    def __init__(self) -> None:
        self._found: dict[tuple[Callable[[str], str | None], str], str] = {}

    def __call__(self, value: str | None, rule: Callable[[str], str | None]) -> str:
        if not value:
            return ""
        found = self._found.get((rule, value))
        if found is None:
            found = self._found[rule, value] = rule(value) or ""
        return found


def _features(person: Person, apply: _Once, providers: Collection[str]) -> dict[str, str]:
    """Return the fields that keys are made of, "" where missing: for one person what `People` holds for all."""
    given = apply(person.given_name, normalize.name)
    family = apply(person.family_name, normalize.name)
    first, surname = apply(given, normalize.main_word), apply(family, normalize.main_word)
    given_class = apply(first, nickname_class)
    birth = apply(person.birth_date, normalize.birth_date)
    email = apply(person.email, normalize.email)
    domain = apply(email, normalize.email_domain)
    sounds = [apply(first, class_sound), apply(surname, class_sound)] if first and surname else []
    return {
        "given_class": given_class,
        "given_initial": apply(given_class, initial),
        "family_sound": apply(surname, phonetic),
        "both_sounds": in_one_order(*sounds) if sounds else "",
        "birth_date": birth,
        "birth_year": apply(birth, birth_year),
        "birth_day": apply(birth, birth_day),
        "email_local": apply(email, normalize.email_local),
        "email_domain": "" if domain in providers else domain,
        "phone": apply(person.phone, str.strip),
        "dwelling_sound": apply(apply(person.street, normalize.street), dwelling_sound),
        "postcode": apply(person.postcode, normalize.postcode),
        "city": apply(person.city, normalize.place),
    }


def _runs(people: People, fields: tuple[str, ...], *, alone: bool) -> Runs:
    """Return the runs of rows with the same values in these fields; whoever stands `alone` is in one only if wanted."""
    columns = [people.free(field) for field in fields]
    rows = np.flatnonzero(np.logical_and.reduce([column.known if alone else column.shared for column in columns]))
    runs = Runs.of(_numbers([column.codes.take(rows) for column in columns]), alone=alone)
    return Runs(rows.take(runs.rows), runs.sizes)


def _numbers(columns: Sequence[Codes]) -> NDArray[np.int64]:
    """Return a number for each combination of values, shape (n,), of which none is missing."""
    first, *others = columns
    numbers, size = first.astype(np.int64), int(first.max(initial=0)) + 1
    for codes in others:
        width = int(codes.max(initial=0)) + 1
        if size * width > _LARGEST_NUMBER:
            numbers, size = dense(numbers).astype(np.int64), len(numbers)
        numbers *= width
        numbers += codes
        size *= width
    return numbers


def _part(blocks: Codes, max_block: int) -> tuple[Codes, Codes]:
    """Return the blocks, shape (n,), of at most `max_block` people and the larger ones; the rest of each is missing."""
    sizes = np.append(np.bincount(blocks[blocks != MISSING]), 0)
    # The last size, 0, is of those who are missing.
    large = (sizes > max_block).take(blocks).view(np.int8)
    return blocks | np.negative(large), blocks | large - np.int8(1)


def _split(
    people: People, fields: tuple[str, ...], runs: Runs, max_block: int
) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Return the pairs within the pieces that further fields make of the oversized blocks, and the sizes of what stays
    too large.

    Two fields may be added: each field is tried on its own, then the first that helps is kept and a second one added.
    """
    pieces = []
    oversized = np.repeat(np.arange(len(runs.sizes), dtype=np.int32), runs.sizes)
    for field in _SPLITTERS:
        if field in fields or not (oversized != MISSING).any():
            continue
        small, still = _part(combine(oversized, people.free(field).codes.take(runs.rows)), max_block)
        pieces.append(small)
        # People who lack the splitting field, and pieces that stay too large, go on to the next field.
        done = small != MISSING
        oversized = np.where(done, MISSING, np.where(still != MISSING, still + oversized.max() + 1, oversized)).astype(
            np.int32
        )
        fitting, oversized = _part(oversized, max_block)
        pieces.append(fitting)
    left = np.bincount(oversized[oversized != MISSING]) if (oversized != MISSING).any() else np.empty(0, dtype=np.int64)
    pairs = [Runs.of(piece, alone=False).of_rows(runs.rows).pairs(max_block) for piece in pieces]
    return pairs, [int(size) for size in left if size]
