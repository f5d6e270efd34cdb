"""The file itself: rows as they come, household by household, nothing kept but a block of them."""

import csv
from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from random import Random

from bench.identity.customers.households import household
from bench.identity.customers.places import Places
from bench.identity.customers.systems import COLUMNS, written_down

ID, TRUTH = "id", "person"
HEADER = (ID, *COLUMNS, TRUTH)
HOUSEHOLDS_PER_BLOCK = 1_000
RECORDS_PER_PERSON = 2.1
# How many people have one record, two and so on, up to five.
_RECORDS = (0.42, 0.70, 0.86, 0.95, 1.0)


def write(path: Path, count: int, *, seed: int = 1) -> None:
    """Write a CSV file of so many rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows(count, seed=seed))


def rows(count: int, *, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Yield so many rows in the order of HEADER, always the same for a count and a seed.

    The truth is the person: the household's number, a dash, and which of its people. The records of a household are
    scattered over a thousand of them.
    """
    places = Places(round(count / RECORDS_PER_PERSON))
    blocks = (block(places, number, seed=seed) for number in numbers())
    for number, row in enumerate(islice((row for rows in blocks for row in rows), count), start=1):
        yield (f"C{number:07}", *row)


def block(places: Places, place: int, *, seed: int = 1) -> list[list[str]]:
    """Return the rows of the so-manieth thousand households, from 0, without their ids."""
    random = Random(f"{seed}/{place}")
    desk_phone = f"0{random.randrange(20, 99)}{random.randrange(10**6, 10**7)}"
    written = []
    for number in range(place * HOUSEHOLDS_PER_BLOCK, (place + 1) * HOUSEHOLDS_PER_BLOCK):
        for person in household(random, places, number):
            drawn = random.random()
            records = 1 + sum(drawn >= share for share in _RECORDS)
            written += [[*written_down(random, person, desk_phone), person.number] for _ in range(records)]
    random.shuffle(written)
    return written
