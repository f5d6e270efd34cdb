"""Comments of the team and letters to the person: free text about people, sealed under a key of their request.

The text goes with the person: an erasure deletes it, and 24 months after the request its key is destroyed. The key is
not the one under which an erasure keeps the values that it searches for: that one goes earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.decide import Refusal, decide
from privacy.models import Letter, RequestComment, SubjectRequest
from vault import keys
from vault.grants import Actor
from vault.ids import new_id
from vault.keys import KeyMissing
from vault.sealing import Place, Sealed, Sealer, open_sealed

PURPOSE = "subject_requests"
ACKNOWLEDGMENT, EXTENSION, REJECTION, COMPLETION = KINDS = ("acknowledge", "extension", "rejection", "completion")
LONGEST = 8_000


class EmptyText(ValueError):
    """There is nothing to keep, or too much of it."""


class UnknownLetter(ValueError):
    """There is no such kind of letter."""


@dataclass(frozen=True)
class Paper:
    """A comment or letter, opened. `kind` is empty for a comment."""

    by: str
    at: datetime
    kind: str
    text: str


def keep_comment(request: SubjectRequest, text: str, *, actor: str, now: datetime) -> None:
    """Keep a comment, sealed. Raises `EmptyText`."""
    row = RequestComment(id=new_id(), request=request, author=actor, written_at=now)
    row.sealed = _seal(row, text)
    row.save(force_insert=True)


def keep_letter(request: SubjectRequest, kind: str, text: str, *, actor: str, now: datetime) -> None:
    """Keep a letter as it went to the person, sealed. Raises `EmptyText`, `UnknownLetter`."""
    if kind not in KINDS:
        raise UnknownLetter(f"'{kind}' is not one of {', '.join(KINDS)}")
    row = Letter(id=new_id(), request=request, kind=kind, sent_by=actor, sent_how="by_hand", sent_at=now)
    row.sealed = _seal(row, text)
    row.save(force_insert=True)


def read(request: SubjectRequest, *, actor: Actor, now: datetime) -> list[Paper]:
    """Comments and letters of a request in the order of their writing; the read is audited.

    None whose key has been destroyed. Raises `PermissionError` when the decision refuses.
    """
    rows: list[RequestComment | Letter] = [
        *RequestComment.objects.filter(request=request).select_related("request"),
        *Letter.objects.filter(request=request).select_related("request"),
    ]
    if not rows:
        return []
    grant = decide([_key_of(request)], purpose=PURPOSE, at=now, actor=actor, reason=f"papers of request {request.pk}")
    if isinstance(grant, Refusal):
        raise PermissionError(f"refused for '{grant.purpose}': {grant.reason}")
    try:
        texts = open_sealed([_sealed(row) for row in rows], grant, action="read request papers")
    except KeyMissing:
        return []
    papers = [_paper(row, text.decode()) for row, text in zip(rows, texts, strict=True)]
    return sorted(papers, key=lambda paper: paper.at)


def destroy_keys(requests: Sequence[SubjectRequest]) -> int:
    """Destroy the keys of these requests: nothing sealed under them can be opened again. Returns how many."""
    return keys.destroy([request.papers_key for request in requests if request.papers_key])


def _key_of(request: SubjectRequest) -> UUID:
    """The id of the request's key for papers, given at the first of them."""
    SubjectRequest.objects.filter(pk=request.pk, papers_key=None).update(papers_key=new_id())
    request.refresh_from_db(fields=["papers_key"])
    assert request.papers_key is not None
    return request.papers_key


def _seal(row: RequestComment | Letter, text: str) -> bytes:
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise EmptyText(f"write something of at most {LONGEST} characters")
    key_id = _key_of(row.request)
    return Sealer(keys.fetch_or_make([key_id])).seal(key_id, _place(row), text.encode())


def _place(row: RequestComment | Letter) -> Place:
    return Place(row._meta.db_table, "sealed", row.pk)


def _sealed(row: RequestComment | Letter) -> Sealed:
    assert row.request.papers_key is not None
    return Sealed(row.request.papers_key, _place(row), row.sealed)


def _paper(row: RequestComment | Letter, text: str) -> Paper:
    if isinstance(row, Letter):
        return Paper(row.sent_by, row.sent_at, row.kind, text)
    return Paper(row.author, row.written_at, "", text)
