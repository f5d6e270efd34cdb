"""Exports for a recipient: pseudonymous, generalized, k-anonymous, and asked for row by row.

A file holds one row a person: the recipient's own pseudonym for them, and columns in broad bands. Every combination of
values is shared by at least k people (Sweeney, k-anonymity, 2002); rows of rarer ones are left out and counted.
Consent is asked when the classes are counted and once more right before a portion of rows is written, so whoever
withdraws meanwhile is not in the rest of the file. Each portion is audited and noted as handed over before it is
written: an erasure then reaches the recipient.
"""

import csv
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from consent.decide import decide_each
from identity.profiles import living, source_profiles_of
from outbox import deliveries
from outbox.deliveries import EXPORT, HandOver
from outbox.models import Recipient
from privacy import export_columns
from privacy.export_columns import COLUMNS
from privacy.models import ExportedFile
from segments.models import Membership, Segment
from vault import audit
from vault.grants import Actor
from vault.ids import new_id
from vault.pseudonyms import pseudonyms

LEAST_K = 5
DEFAULT_K = 10
PORTION = 200
KEPT_FOR = timedelta(hours=24)
Values = tuple[str, ...]
Now = Callable[[], datetime]


class NotAllowed(ValueError):
    """This export may not be made; the message names what is wrong and the way out."""


@dataclass(frozen=True)
class Order:
    """What is to be exported: to whom, what for, which columns, of whom (empty: everybody), and how anonymous."""

    recipient: Recipient
    purpose: str
    columns: Sequence[str]
    segment: str = ""
    channel: str = ""
    k: int = DEFAULT_K


@dataclass(frozen=True)
class _Row:
    profile: UUID
    source_profiles: list[UUID]
    values: Values


def export(order: Order, *, actor: Actor, reason: str, now: Now = timezone.now) -> ExportedFile:
    """Write the file and register it; it is deleted after a day. Raises `NotAllowed`, and then has read nothing."""
    _check(order)
    classes = Counter(
        row.values for portion in _portions(order) for row in _allowed(order, portion, actor, reason, now)
    )
    made = ExportedFile(
        id=new_id(),
        recipient=order.recipient,
        purpose=order.purpose,
        segment=order.segment,
        columns=list(order.columns),
        k=order.k,
        made_at=now(),
        expires_at=now() + KEPT_FOR,
        rows=0,
        suppressed=0,
    )
    made.save(force_insert=True)
    with _opened(path_of(made)) as file:
        writer = csv.writer(file)
        writer.writerow(["person", *order.columns])
        for portion in _portions(order):
            _write(order, made, portion, classes, writer, actor, reason, now)
            file.flush()
    _leave_out_rare(made)
    return made


def _leave_out_rare(made: ExportedFile) -> None:
    """Classes that withdrawals during the run have made too small go from the file as well."""
    with path_of(made).open(newline="") as file:
        header, *rows = csv.reader(file)
    sizes = Counter(tuple(row[1:]) for row in rows)
    kept = [row for row in rows if sizes[tuple(row[1:])] >= made.k]
    if len(kept) == len(rows):
        return
    path_of(made).unlink()
    with _opened(path_of(made)) as file:
        csv.writer(file).writerows([header, *kept])
    made.suppressed += len(rows) - len(kept)
    made.rows = len(kept)
    made.save(update_fields=["rows", "suppressed"])


def path_of(made: ExportedFile) -> Path:
    """Where the file lies until it ends."""
    return Path(settings.ONYM_HOME) / "exports" / f"{made.pk}.csv"


def end(*, now: datetime) -> int:
    """Delete the files whose time is over. Returns how many."""
    over = list(ExportedFile.objects.filter(expires_at__lte=now, deleted_at=None))
    _delete(over, now=now)
    return len(over)


def forget(profiles: Collection[UUID], *, now: datetime) -> int:
    """Delete our copies of the files that hold these people; their recipients are asked to erase by message."""
    holding = deliveries.exported(profiles)
    found = list(ExportedFile.objects.filter(id__in=holding, deleted_at=None))
    _delete(found, now=now)
    return len(found)


def _delete(files: Sequence[ExportedFile], *, now: datetime) -> None:
    for one in files:
        path_of(one).unlink(missing_ok=True)
    ExportedFile.objects.filter(id__in=[one.pk for one in files]).update(deleted_at=now)


def _check(order: Order) -> None:
    unknown = sorted(set(order.columns) - COLUMNS.keys())
    if unknown or not order.columns:
        wrong = f"'{unknown[0][:40]}' cannot be exported" if unknown else "no column is named"
        raise NotAllowed(f"columns: {wrong}; choose from {', '.join(COLUMNS)}")
    if not order.recipient.enabled or order.purpose not in order.recipient.purposes:
        raise NotAllowed(
            f"purpose: {order.recipient.name} is not enabled for '{order.purpose}'; it is for "
            f"{', '.join(order.recipient.purposes)}"
        )
    if order.k < LEAST_K:
        raise NotAllowed(f"k: at least {LEAST_K} people must share every combination of values")
    if order.segment and not Segment.objects.filter(slug=order.segment).exists():
        raise NotAllowed(f"segment: there is no segment '{order.segment[:60]}'")


def _portions(order: Order) -> Iterator[list[UUID]]:
    people = living().order_by("id")
    if order.segment:
        members = Membership.objects.filter(segment__slug=order.segment, left_at=None)
        people = people.filter(id__in=members.values("profile"))
    last: UUID | None = None
    while ids := list((people.filter(id__gt=last) if last else people).values_list("id", flat=True)[:PORTION]):
        yield ids
        last = ids[-1]


def _allowed(order: Order, profiles: Sequence[UUID], actor: Actor, reason: str, now: Now) -> list[_Row]:
    owned = source_profiles_of(profiles)
    decisions = decide_each(owned, purpose=order.purpose, channel=order.channel, at=now(), actor=actor, reason=reason)
    allowed = {profile: ids for profile, ids in owned.items() if profile in decisions.allowed}
    if allowed:
        everyone = [id for ids in allowed.values() for id in ids]
        audit.write(decisions.grant, everyone, action="export", fields=order.columns)
    values = export_columns.read(allowed, order.columns, now=now())
    return [_Row(profile, ids, values[profile]) for profile, ids in sorted(allowed.items())]


def _write(
    order: Order,
    made: ExportedFile,
    portion: Sequence[UUID],
    classes: Counter[Values],
    writer: Any,
    actor: Actor,
    reason: str,
    now: Now,
) -> None:
    with transaction.atomic():
        rows = _allowed(order, portion, actor, reason, now)
        kept = [row for row in rows if classes[row.values] >= order.k]
        names = pseudonyms([row.profile for row in kept], recipient=order.recipient.name, purpose=order.purpose)
        deliveries.note([_handed(order, made, row, name) for row, name in zip(kept, names, strict=True)], now=now())
        made.rows += len(kept)
        made.suppressed += len(rows) - len(kept)
        made.save(update_fields=["rows", "suppressed"])
    for row, name in zip(kept, names, strict=True):
        writer.writerow([name, *row.values])


def _handed(order: Order, made: ExportedFile, row: _Row, name: str) -> HandOver:
    return HandOver(
        recipient=order.recipient.pk,
        kind=EXPORT,
        purpose=order.purpose,
        profile_id=row.profile,
        pseudonym=name,
        detail={"file": str(made.pk)},
    )


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="")
