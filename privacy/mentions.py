"""Where a row that is not the erased person's may mention them: quarantine, uploads, sessions, the admin's log, notes,
names of discovered fields, and what records of others hold undeclared.

No column of these rows says whom they mention, so they are opened and read, batch by batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from privacy import undeclared_mentions
from privacy.erasure_case import STAGE
from privacy.models import SubjectRequest
from privacy.search import Search
from privacy.upload_texts import texts_of
from privacy.wanted import leave
from records import discovered, quarantine, uploads
from records.models import DiscoveredField

AT_A_TIME = 2_000


@dataclass
class Mentions:
    """The rows that bear a value of the person, by table."""

    quarantined: list[UUID] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    log_entries: list[int] = field(default_factory=list)
    notes: list[UUID] = field(default_factory=list)
    uploads: list[UUID] = field(default_factory=list)
    discovered: list[UUID] = field(default_factory=list)
    undeclared: list[undeclared_mentions.Bearing] = field(default_factory=list)


def find(search: Search, *, request_id: UUID, now: datetime) -> Mentions:
    """Every such row. Changes nothing."""
    found = Mentions()
    grant = partial(leave, request_id=request_id, actor=STAGE, now=now)
    for bodies in quarantine.bodies(leave=grant, at_a_time=AT_A_TIME):
        ids = list(bodies)
        found.quarantined += [ids[number] for number in search.bearing(list(bodies.values()))]
    for load in uploads.lying():
        if any(search.bearing(texts) for texts in texts_of(load, leave=partial(grant, [load.pk]))):
            found.uploads.append(load.pk)
    for sessions in _batches(Session.objects.order_by("pk")):
        texts = [orjson.dumps(session.get_decoded(), default=str) for session in sessions]
        found.sessions += [sessions[number].session_key for number in search.bearing(texts)]
    for entries in _batches(LogEntry.objects.order_by("pk")):
        texts = [f"{entry.object_repr}\n{entry.change_message}".encode() for entry in entries]
        found.log_entries += [entries[number].pk for number in search.bearing(texts)]
    for requests in _batches(SubjectRequest.objects.exclude(note="").order_by("pk")):
        texts = [request.note.encode() for request in requests]
        found.notes += [requests[number].pk for number in search.bearing(texts)]
    for fields in _batches(DiscoveredField.objects.order_by("pk")):
        found.discovered += [fields[number].pk for number in search.bearing([one.name.encode() for one in fields])]
    found.undeclared = undeclared_mentions.find(search, leave=grant, now=now)
    return found


def erase(found: Mentions, *, request_id: UUID, now: datetime) -> dict[str, int]:
    """Delete these rows, and blank the notes. Rows by table, of those that there were. The keys are the caller's."""
    rows = {
        "records.QuarantinedRecord": quarantine.forget(found.quarantined),
        "records.UploadChunk": uploads.take_back(found.uploads),
        "sessions.Session": Session.objects.filter(pk__in=found.sessions).delete()[0],
        "admin.LogEntry": LogEntry.objects.filter(pk__in=found.log_entries).delete()[0],
        "records.DiscoveredField": discovered.erase(found.discovered),
        "records.Record": undeclared_mentions.erase(
            found.undeclared, leave=partial(leave, request_id=request_id, actor=STAGE, now=now)
        ),
        "privacy.SubjectRequest": SubjectRequest.objects.filter(pk__in=found.notes).update(note=""),
    }
    return {model: count for model, count in rows.items() if count}


def _batches(rows: "QuerySet[Any]") -> Iterator[list[Any]]:
    stream = rows.iterator(chunk_size=AT_A_TIME)
    while batch := list(islice(stream, AT_A_TIME)):
        yield batch
