"""Limits on the columns of a file: which hold, and which values count as different."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from identity.matching import Limit, People
from identity.matching.column import Codes, Column, derive
from identity.matching.column_room import ColumnRoom
from identity.matching.columns import Taken, must_be_known

# By column, how many different values one cluster holds at most; None: any number.
Limits = Mapping[str, int | None]
NO_LIMITS: Limits = MappingProxyType({})
# Fields whose values are compared as they stand in a column.
_ALONE = ("given_name", "family_name", "birth_date", "email", "phone", "postcode", "city", "country")


def limits_in_force(given: Limits, saved: Mapping[str, int], table: Mapping[str, Column]) -> dict[str, int]:
    """Return the limit of each column, what is given before what a model holds; the earlier goes before the later.

    Raises `UnknownColumnError` when one is given for a column that the table has not.
    """
    must_be_known(given, table)
    return {column: most for column, most in {**given, **saved, **given}.items() if most is not None}


def room_of(
    limits: Mapping[str, int],
    written: Mapping[str, Column],
    people: People,
    *,
    taken: Sequence[Taken],
    free: Mapping[str, str],
) -> ColumnRoom | None:
    """Return the room that the limits leave in clusters of these people; None where no limited column is in the file.

    `written` has the limited columns as they are in the file; `free` says which are identifiers and traits, as
    `free_columns` does. What is compared counts in its normal form, so that two spellings of an address are one and a
    front desk's phone is nobody's; what is not compared counts as written, but for small and capital letters.
    """
    limited = [
        (Limit(namespace=column, priority=place, most=most), _codes(column, written[column], people, taken, free))
        for place, (column, most) in enumerate(limits.items(), 1)
        if column in written
    ]
    return ColumnRoom(limited) if limited else None


def _codes(column: str, written: Column, people: People, taken: Sequence[Taken], free: Mapping[str, str]) -> Codes:
    name = next((name for name, of in free.items() if of == column), None)
    if name is None:
        field = next(each.field for each in taken if each.column == column)
        alone = sum(each.field == field for each in taken) == 1
        name = field if field in _ALONE and alone else None
    return people.free(name).codes if name else derive(written, str.casefold).codes
