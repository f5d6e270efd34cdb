"""Where blind indexes stand, by the annotations; and under which index a value is to be written just now."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db import connection
from django.db.models import Field, Model

from vault.annotations import tables
from vault.blind import Chain, fresh_chains
from vault.rotation_lock import hold_off

Pair = tuple[str, str]


@dataclass(frozen=True)
class IndexColumn:
    """One column of blind indexes, as SQL writes it; `condition`, with one parameter, picks the rows of a field."""

    table: str
    column: str
    condition: str

    def standing(self, field: str, indexes: Collection[bytes]) -> set[bytes]:
        """Those of these indexes that stand in the column."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT {self.column} FROM {self.table} WHERE {self.condition} AND {self.column} = ANY(%s)",
                [field, list(indexes)],
            )
            return {bytes(row[0]) for row in cursor.fetchall()}

    def older_than(self, version: int, *, field: str, after: bytes, limit: int) -> list[bytes]:
        """The next indexes of this field, in their order, that an earlier version of its key made."""
        made_by = f"CASE WHEN octet_length({self.column}) > 16 THEN get_byte({self.column}, 16) ELSE 1 END"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT {self.column} FROM {self.table} WHERE {self.condition} AND {self.column} > %s "
                f"AND {made_by} < %s ORDER BY {self.column} LIMIT %s",
                [field, after, version, limit],
            )
            return [bytes(row[0]) for row in cursor.fetchall()]

    def replace(self, old: Sequence[bytes], new: Sequence[bytes], *, field: str) -> int:
        """Write new indexes for old ones wherever they stand. Returns how many rows that were."""
        name = self.column.rpartition(".")[2]
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} SET {name} = moved.new FROM unnest(%s::bytea[], %s::bytea[]) AS moved (old, new) "
                f"WHERE {self.condition} AND {self.column} = moved.old",
                [list(old), list(new), field],
            )
            return int(cursor.rowcount)


def index_columns() -> Iterator[IndexColumn]:
    """Every column that an annotation calls a blind index."""
    for table in tables():
        model = apps.get_model(table.model)
        for name, named_by in table.blind.items():
            quoted = connection.ops.quote_name(model._meta.db_table)
            yield IndexColumn(quoted, f"{quoted}.{_column(model, name)}", f"{_field_of(model, named_by)} = %s")


def _field_of(model: type[Model], named_by: str) -> str:
    """The SQL for the name of the field that a row's index is of."""
    quoted = connection.ops.quote_name(model._meta.db_table)
    if named_by.startswith("="):
        return f"'{named_by[1:]}'"
    first, _, rest = named_by.partition("__")
    column = f"{quoted}.{_column(model, first)}"
    if not rest:
        return column
    related = model._meta.get_field(first).related_model
    assert isinstance(related, type)
    return (
        f'(SELECT {_column(related, rest)} FROM "{related._meta.db_table}" '
        f'WHERE "{related._meta.pk.column}" = {column})'
    )


def _column(model: type[Model], name: str) -> str:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return f'"{field.column}"'


def indexes_to_write(values: Collection[Pair]) -> dict[Pair, bytes]:
    """The index under which each of these (field, value) is to be written, inside the caller's transaction.

    A value that rows already have keeps the index that these have: during a rotation a value moves as a whole, in every
    table at once, so that equal values stay equal.
    """
    hold_off()
    chains = fresh_chains({field for field, _ in values}) if values else {}
    of_fields: dict[str, list[Pair]] = defaultdict(list)
    for pair in values:
        of_fields[pair[0]].append(pair)
    found = dict[Pair, bytes]()
    for field, pairs in of_fields.items():
        chain = chains[field]
        found |= zip(pairs, chain.indexes((value for _, value in pairs), version=chain.settled), strict=True)
    moving = {field: chain for field, chain in chains.items() if chain.settled < chain.newest}
    if moving:
        found |= _moved(found, moving)
    return found


def _moved(found: dict[Pair, bytes], moving: dict[str, Chain]) -> dict[Pair, bytes]:
    """What a rotation has moved, or never saw."""
    old: dict[str, set[bytes]] = defaultdict(set)
    for (field, _), index in found.items():
        if field in moving:
            old[field].add(index)
    columns = list(index_columns())
    standing = {field: set().union(*(one.standing(field, of) for one in columns)) for field, of in old.items()}
    return {
        pair: moving[pair[0]].carry(index, to=moving[pair[0]].newest)
        for pair, index in found.items()
        if pair[0] in moving and index not in standing[pair[0]]
    }
