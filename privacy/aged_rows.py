"""Rows of every table whose annotation gives them an end of their own."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from privacy import kept
from vault.annotations import Table, tables

AT_ONCE = 5_000


def forget(*, now: datetime, dry_run: bool) -> Iterator[tuple[str, int]]:
    """Delete what has ended, table by table, in batches. Yields each table's name and rows."""
    for table in tables():
        if table.expires:
            aged = _aged(table, now)
            yield table.model, aged.count() if dry_run else _delete(aged)


def _aged(table: Table, now: datetime) -> "QuerySet[Any]":
    column, days = table.expires or ("", 0)
    model = apps.get_model(table.model)
    aged: QuerySet[Any] = model._default_manager.filter(**{f"{column}__lt": now - timedelta(days=days)})
    held = kept.profiles(now=now) if table.via == "profile" else kept.source_profiles(now=now)
    if table.subject and held:
        aged = aged.exclude(**{f"{table.subject}__in": held})
    return aged


def _delete(aged: "QuerySet[Any]") -> int:
    done = 0
    while portion := list(aged.values_list("pk", flat=True)[:AT_ONCE]):
        done += aged.model._default_manager.filter(pk__in=portion).delete()[0]
    return done
