"""What is held about a person: every annotated table, none forgotten."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Q, QuerySet

from privacy.subjects import Subject
from vault.annotations import DIRECT, QUASI, SEALED, Table, tables


def rows_of(table: Table, subject: Subject) -> "QuerySet[Any]":
    """The rows of an annotated table that belong to this person, or to this person as well."""
    ids = sorted(subject.profiles if table.via == "profile" else subject.source_profiles)
    theirs = Q()
    for path in (table.subject, *table.also):
        theirs |= Q(**{f"{path}__in": ids})
    for path in table.also_profiles:
        theirs |= Q(**{f"{path}__in": sorted(subject.profiles)})
    rows: QuerySet[Any] = apps.get_model(table.model)._default_manager.filter(theirs)
    return rows


def held(subject: Subject) -> dict[str, int]:
    """How many rows each table holds of this person, as far as it can be told from the row."""
    counts = {table.model: rows_of(table, subject).count() for table in tables() if table.subject}
    return {model: count for model, count in sorted(counts.items()) if count}


def erasable() -> Iterator[Table]:
    """Tables whose rows go with their subject. Not the key store's: keys go last, by `vault.keys`."""
    for table in tables():
        here = router.db_for_write(apps.get_model(table.model)) == DEFAULT_DB_ALIAS
        if here and table.subject and not table.kept_because:
            yield table


def not_attributable() -> Iterator[Table]:
    """Tables that hold identifying or sealed values of people who cannot be told from the row."""
    for table in tables():
        if table.subject is None and {DIRECT, QUASI, SEALED} & set(table.fields.values()):
            yield table
