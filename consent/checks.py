"""The slugs of purposes that lower floors store must be purposes: these floors cannot ask, so a check does."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections


def purposes_exist(*, databases: Collection[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """An error for each source and live API key that names a purpose which does not exist.

    Runs where the database is asked for: by `migrate` and by `check --database default`. Before the tables are made
    there is nothing to check.
    """
    # By name: checks are registered before there are models.
    purpose, source, api_key = map(apps.get_model, ("consent.Purpose", "records.Source", "access.ApiKey"))
    needed = {model._meta.db_table for model in (purpose, source, api_key)}
    if "default" not in (databases or ()) or not needed.issubset(connections["default"].introspection.table_names()):
        return []
    known = set(purpose.objects.values_list("slug", flat=True))
    sources = source.objects.order_by("name").values_list("name", "purposes")
    keys = api_key.objects.filter(revoked_at=None).order_by("name").values_list("name", "purposes")
    return [
        *_errors(
            "source", sources, known, hint="Change its purposes in the admin, or add the purpose.", id="consent.E001"
        ),
        *_errors("API key", keys, known, hint="Revoke it and make another, or add the purpose.", id="consent.E002"),
    ]


def _errors(
    what: str, owners: Iterable[tuple[str, Sequence[str]]], known: Collection[str], *, hint: str, id: str
) -> list[CheckMessage]:
    return [
        Error(f"The {what} {name!r} names the purpose {purpose!r}, which does not exist.", hint=hint, id=id)
        for name, purposes in owners
        for purpose in purposes
        if purpose not in known
    ]
