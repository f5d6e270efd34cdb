"""Fields with a limit of their own: taken out of identifiers, attributes, what was set by hand, and sealed records."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import QuerySet

from consent.decide import decide_each
from identity import ledger, overriding
from identity.profiles import profile_of
from privacy import kept
from records import aging
from records.dictionary import recognize
from records.models import Attribute, Identifier, Record
from records.reading import open_records
from segments.following import follow
from vault import keys
from vault.grants import Actor
from vault.sealing import Place, Sealer

AT_ONCE = 1_000
STAGE = Actor.machine("retention")
PURPOSE = "security"
# A full name was split into these; its raw form goes with either.
FROM_FULL_NAME = frozenset({"given_name", "family_name"})


def forget(source: UUID, field: str, *, cutoff: datetime, now: datetime, dry_run: bool) -> tuple[int, int]:
    """Take the field out of all that this source sent before the cutoff. Returns how many rows, and how many held."""
    held = kept.source_profiles(now=now)
    rows = _forget_values(source, field, cutoff, held, now, dry_run)
    contents, spared = _forget_contents(source, field, cutoff, held, dry_run)
    return rows + contents, spared


def _forget_values(
    source: UUID, field: str, cutoff: datetime, held: Collection[UUID], now: datetime, dry_run: bool
) -> int:
    removed = 0
    theirs = {"source_profile__source": source, "last_seen_at__lt": cutoff}
    values: tuple[QuerySet[Any], ...] = (
        Attribute.objects.filter(**theirs, field=field),
        Identifier.objects.filter(**theirs, namespace=field),
        overriding.aged(source, field, before=cutoff),
    )
    for aged in (rows.exclude(source_profile__in=held) for rows in values):
        if dry_run:
            removed += aged.count()
            continue
        while portion := dict(aged.values_list("pk", "source_profile_id")[:AT_ONCE]):
            with transaction.atomic():
                ledger.join_followers()
                aged.model._default_manager.filter(pk__in=list(portion)).delete()
                _follow(set(portion.values()), now)
            removed += len(portion)
    return removed


def _follow(source_profiles: Collection[UUID], now: datetime) -> None:
    profiles = set(profile_of(list(source_profiles)).values())
    follow(profiles, now=now)


def _forget_contents(
    source: UUID, field: str, cutoff: datetime, held: Collection[UUID], dry_run: bool
) -> tuple[int, int]:
    sealed = Record.objects.filter(source=source, received_at__lt=cutoff, sealed__isnull=False)
    waiting = sealed.exclude(flags__contains=[aging.AGED + field])
    spared = waiting.filter(source_profile__in=held).count()
    waiting = waiting.exclude(source_profile__in=held).order_by("received_at", "id")
    if dry_run:
        return waiting.count(), spared
    done = 0
    while portion := list(waiting[:AT_ONCE]):
        _reseal(portion, field)
        done += len(portion)
    return done, spared


def _reseal(records: Sequence[Record], field: str) -> None:
    ids = {record.source_profile_id for record in records}
    grant = decide_each(
        {id: (id,) for id in ids},
        purpose=PURPOSE,
        at=max(record.received_at for record in records),
        actor=STAGE,
        reason=f"retention of {field}",
    ).grant
    opened = open_records(records, grant)
    sealer = Sealer(keys.fetch_to_seal(ids))
    rows = [(record.received_at, record.id, _without(field, opened[record.id], record, sealer)) for record in records]
    aging.replace_sealed(rows, flags=[aging.AGED + field])


def _field_of(name: str) -> str | None:
    """The field that a name stands for: what is undeclared has the name that its source gave it."""
    return recognize(name.rpartition(".")[2])


def _without(field: str, content: dict[str, dict[str, str]], record: Record, sealer: Sealer) -> bytes | None:
    gone = {field} | ({"full_name"} if field in FROM_FULL_NAME else set())
    left = {
        part: {name: value for name, value in content[part].items() if name not in gone and _field_of(name) not in gone}
        for part in content
    }
    if not any(left.values()):
        return None
    place = Place("records_record", "sealed", record.id)
    return sealer.seal(record.source_profile_id, place, orjson.dumps(left))
