"""The table that exported settings speak of: one row per record, in the normalized columns that their SQL compares."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from identity.matching.block import KEYS, blocks_of
from identity.matching.column import MISSING, Column, derive
from identity.matching.levels import FREE, IDENTIFIERS, TRAITS
from identity.matching.local_parts import say_only_the_name
from identity.matching.model import Model
from identity.matching.nicknames import full_names, lookalikes
from identity.matching.people import People
from identity.matching.splink.levels import COUNTED
from identity.matching.splink.rarity import counted

RECORD_ID = "record_id"
# What several values of one cell are separated by; no normalized word holds one.
BETWEEN = " "
BETWEEN_WORDS = "|"

_AS_THEY_ARE = (
    "given_name", "family_name", "birth_date", "email", "mailbox", "email_local", "phone", "street", "street_name",
    "street_number", "postcode", "city", "country", *(comparison.name for comparison in FREE),
)  # fmt: skip
_WORDS = ("given_name", "family_name", "city", "street_name", *(comparison.name for comparison in TRAITS))
# The blocks of each key, by column.
BLOCKS: Mapping[str, tuple[str, ...]] = {"block_of_" + "_".join(fields): fields for fields in KEYS}
COLUMNS = (
    RECORD_ID, *_AS_THEY_ARE, "email_name", "given_full_names", "given_lookalikes",
    *(f"{name}_letters" for name in _WORDS), *(f"{name}_around" for name in _WORDS), *COUNTED, *BLOCKS,
)  # fmt: skip
# What a comparison needs to be told anything by; an address is known by any of its three.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "given_name": ("given_name",),
    "family_name": ("family_name",),
    "birth_date": ("birth_date",),
    "email": ("email",),
    "phone": ("phone",),
    "address": ("street", "postcode", "city"),
    **{comparison.name: (comparison.name,) for comparison in (*IDENTIFIERS, *TRAITS)},
}


def prepared(people: People, record_ids: Sequence[str], *, model: Model) -> dict[str, list[str | None]]:
    """Return the columns by name (see `COLUMNS`), each with a value or None per row of `people`.

    `email_name` is the local part where it says only the name of its row (see `local_parts`). Columns of several values
    separate them by a space: `given_full_names` are the full names that a short form may stand for, `given_lookalikes`
    the names that look alike but are other people's, `…_letters` the letters, each with the number of its occurrence,
    so that a list function can tell whether one word holds all letters of another.
    `block_of_…` numbers those who agree on a key's fields, where they are few enough to be compared with each other.
    `…_around`, separated by "|", is what DuckDB's count of slips takes for nearer than it is (see `swapped_around`).
    `…_counted` is what the rarity of an exact name is counted by, which depends on the model (see `rarity.counted`).
    """
    columns = {name: people.free(name) for name in _AS_THEY_ARE}
    columns["email_name"] = people.email_local.but_for(
        ~say_only_the_name(people, np.arange(len(people), dtype=np.int32))
    )
    columns["given_full_names"] = derive(people.given_name, lambda name: _several(full_names(_first(name))))
    columns["given_lookalikes"] = derive(people.given_name, lambda name: _several(lookalikes(_first(name))))
    for name in _WORDS:
        columns[f"{name}_letters"] = derive(columns[name], numbered_letters)
        columns[f"{name}_around"] = derive(columns[name], swapped_around)
    columns |= {name: counted(people, field, model) for name, field in COUNTED.items()}
    made: dict[str, list[str | None]] = {RECORD_ID: list(record_ids)}
    made |= {name: _values(column) for name, column in columns.items()}
    made |= {name: _blocks(people, fields) for name, fields in BLOCKS.items()}
    return {name: made[name] for name in COLUMNS}


def known_comparisons(people: People) -> frozenset[str]:
    """Return the comparisons for which anybody has a value."""
    return frozenset(name for name, needs in NEEDS.items() if any(people.free(need).known.any() for need in needs))


def numbered_letters(word: str) -> str:
    """Return the letters of a word, each with how often it came: "anna" is "a1 n1 n2 a2"."""
    return BETWEEN.join(_numbered(word))


def swapped_around(word: str) -> str | None:
    """Return the words that differ from this one by a swap around a letter that is left out: "swt" of "west".

    Damerau and Levenshtein's distance of such two is 2; optimal string alignment, by which we compare, has 3.
    """
    made = {
        word[:i] + word[i + 2] + word[i] + word[i + 3 :] for i in range(len(word) - 2) if len({*word[i : i + 3]}) == 3
    }
    return BETWEEN_WORDS.join(sorted(made)) or None


def _numbered(word: str) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for letter in word:
        seen[letter] += 1
        yield f"{'_' if letter == BETWEEN else letter}{seen[letter]}"


def _blocks(people: People, fields: tuple[str, ...]) -> list[str | None]:
    blocks = blocks_of(people, fields)
    return [str(block) if block != MISSING else None for block in blocks.tolist()]


def _first(name: str) -> str:
    return name.split(BETWEEN, 1)[0]


def _several(names: frozenset[str]) -> str | None:
    return BETWEEN.join(sorted(names)) or None


def _values(column: Column) -> list[str | None]:
    values: tuple[str | None, ...] = (*column.values, None)
    return [values[code] for code in column.codes.tolist()]
