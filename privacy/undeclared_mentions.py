"""What a record of one person holds undeclared may name another: it is taken out when that other is erased."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

import orjson
from django.db import transaction

from privacy import kept
from privacy.search import Search
from records import aging
from records.contracts import texts_in
from records.envelopes.rows import DISCOVERED
from records.models import DISCOVER, ContractVersion, Record
from records.reading import open_records
from vault import keys
from vault.grants import Grant
from vault.rotation_lock import hold_off
from vault.sealing import Place, Sealer, open_what_opens

AT_A_TIME = 2_000
# A record says so from which fields were taken because they named somebody else, who was erased.
FLAG = "aged:undeclared"
Leave = Callable[[Collection[UUID]], Grant]


@dataclass(frozen=True)
class Bearing:
    """A record whose undeclared fields bear the person, by their names."""

    received_at: datetime
    id: UUID
    names: frozenset[str]


def find(search: Search, *, leave: Leave, now: datetime) -> list[Bearing]:
    """Every such record that is still there; those of people who are held stay as they are. Changes nothing."""
    found = []
    for batch in _batches(now=now):
        opened = open_records(batch, leave({one.source_profile_id for one in batch}), opening=open_what_opens)
        there = {one.id: one for one in batch}
        places = [(id, name) for id, content in opened.items() for name in content.get("undeclared", {})]
        texts = [_text(name, opened[id]["undeclared"][name]) for id, name in places]
        bearing: dict[UUID, set[str]] = {}
        for number in search.bearing(texts):
            bearing.setdefault(places[number][0], set()).add(places[number][1])
        found += [Bearing(there[id].received_at, id, frozenset(names)) for id, names in bearing.items()]
    return found


def erase(found: Collection[Bearing], *, leave: Leave) -> int:
    """Take these fields out of these records. Returns how many records were changed."""
    hold_off()
    names = {one.id: one.names for one in found}
    rows = Record.objects.filter(
        received_at__in={one.received_at for one in found}, id__in=names, sealed__isnull=False
    ).order_by("received_at", "id")
    changed = 0
    stream = rows.iterator(chunk_size=AT_A_TIME)
    while batch := list(islice(stream, AT_A_TIME)):
        ids = {one.source_profile_id for one in batch}
        opened = open_records(batch, leave(ids), opening=open_what_opens)
        sealer = Sealer(keys.fetch_present(ids))
        contents = [
            (one.received_at, one.id, _without(names[one.id], opened[one.id], one, sealer))
            for one in batch
            if one.id in opened
        ]
        if contents:
            with transaction.atomic():
                aging.replace_sealed(contents, flags=[FLAG])
        changed += len(contents)
    return changed


def _batches(*, now: datetime) -> Iterator[list[Record]]:
    """Only sources that discovered once have such records."""
    sources = ContractVersion.objects.filter(mode=DISCOVER).values("source")
    if not sources.exists():
        return
    rows = Record.objects.filter(source__in=sources, flags__contains=[DISCOVERED], sealed__isnull=False)
    stream = rows.exclude(source_profile__in=kept.source_profiles(now=now)).iterator(chunk_size=AT_A_TIME)
    while batch := list(islice(stream, AT_A_TIME)):
        yield batch


def _text(name: str, value: object) -> bytes:
    return "\n".join([name, *texts_in([value])]).encode("utf-8", "replace")


def _without(names: Collection[str], content: dict[str, dict[str, object]], record: Record, sealer: Sealer) -> bytes:
    left = {name: value for name, value in content.get("undeclared", {}).items() if name not in names}
    place = Place("records_record", "sealed", record.id)
    return sealer.seal(record.source_profile_id, place, orjson.dumps({**content, "undeclared": left}))
