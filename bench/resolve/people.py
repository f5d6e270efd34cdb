"""Who is known and who comes: people of the customer file, in their households, block by block.

Whoever is known has their first record in the population, and the second where there are three or more. A known person
comes again with their last record, as another system wrote it down; whom nobody knows is of households beyond the
population, in the same places.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import count, islice

from bench.identity.customers import HEADER, TRUTH
from bench.identity.customers.file import block
from bench.identity.customers.places import Places

# A thousand households hold some more than that.
PEOPLE_PER_BLOCK = 2_000
COLUMNS = (
    *("given_name", "family_name", "birth_date", "email", "phone"),
    *("street", "postcode", "city", "country"),
)
WRITTEN = ("customer_number", *COLUMNS, "analytics", "updated_at")
MAPPING = {
    "message_id": ["customer_number", "updated_at"],
    "occurred_at": "updated_at",
    "fields": {name: name for name in ("customer_number", *COLUMNS)},
    "consents": {"analytics": {"purpose": "analytics"}},
}

# A person's records as the systems wrote them down.
Records = list[Mapping[str, str]]


def blocks(people: int) -> int:
    """How many blocks so many people fill."""
    return -(-people // PEOPLE_PER_BLOCK)


def people_of(number: int, *, among: int) -> dict[str, Records]:
    """The people of one block of a population of so many, by household and place in it."""
    found: dict[str, Records] = defaultdict(list)
    for written in block(Places(among), number):
        row = dict(zip(HEADER[1:], written, strict=True))
        found[row[TRUTH]].append(row)
    here = min(PEOPLE_PER_BLOCK, among - number * PEOPLE_PER_BLOCK) if number < blocks(among) else PEOPLE_PER_BLOCK
    return dict(islice(found.items(), here))


def known_of(records: Records) -> Records:
    """Those of a person's records that the population holds."""
    return records[: 2 if len(records) > 2 else 1]


def newcomers(among: int) -> Iterator[dict[str, str]]:
    """Rows of another source without end: by turns of a known person and of one whom nobody knows."""
    known, unknown = _known(among), _unknown(among)
    for number in count():
        yield as_row(next(unknown if number % 2 else known), f"S{number:08}")


def as_row(record: Mapping[str, str], customer_number: str) -> dict[str, str]:
    """The record as a line of a source's file, all of the same day; whoever says anything agrees to analytics."""
    street = f"{record['street']} {record['house_number']}".strip() if record["street"] else ""
    said = {**record, "street": street, "country": "DE", "customer_number": customer_number}
    said |= {"analytics": "yes", "updated_at": "2026-10-20T10:00:00Z"}
    return {name: said[name] for name in WRITTEN}


def _known(among: int) -> Iterator[Mapping[str, str]]:
    """Second records, from blocks spread over the whole population."""
    everywhere = blocks(among)
    step = next(size for size in range(max(everywhere * 5 // 8, 1), everywhere + 2) if _no_factor(size, everywhere))
    for turn in range(everywhere):
        for records in people_of(turn * step % everywhere, among=among).values():
            if len(records) > 1:
                yield records[-1]


def _no_factor(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


def _unknown(among: int) -> Iterator[Mapping[str, str]]:
    for number in count(blocks(among)):
        for records in people_of(number, among=among).values():
            yield records[0]
