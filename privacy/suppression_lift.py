"""Coming back: an erased person's verified act ends the suppression, for what happens from then on."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy import epoch, requests, suppression
from privacy.erasure_ledger import ADDRESS_LIFTED, LIFTED, News
from privacy.models import SubjectRequest, Suppression
from privacy.suppression_hashes import Hash, is_named

# The acts that prove whose address it is: a confirmation mail answered, a yes in the preference center that was opened
# by the link in a mail.
DOUBLE_OPT_IN, PREFERENCE_CENTER = EVIDENCE = ("double_opt_in", "preference_center")


class NotVerified(ValueError):
    """Nothing shows that the person acted themselves."""


@contextmanager
def lifted(rows: Collection[int], *, evidence: str, reference: str, actor: str, now: datetime) -> Iterator[int]:
    """Let records that bear what these rows of the list are about in again, if they happen after now.

    `rows` are those of the identifiers that the act proved and no others; `evidence` is one of `EVIDENCE`, `reference`
    the id of what was answered. Where they are of several erasures, only those of which a name or date of birth was met
    are the person's who acted, and bring back what else was listed; of the others the address alone comes in. What the
    person said is recorded inside: the erasure ledger is written at the end of it, just before the commit, and for its
    whole length nobody else comes in. Yields of how many erasures rows were lifted. Raises `NotVerified`.
    """
    if evidence not in EVIDENCE or not reference:
        raise NotVerified(f"evidence is one of {', '.join(EVIDENCE)}, with the id of what was answered as reference")
    with transaction.atomic():
        news = _lift(rows, f"{evidence} {reference}", actor, now) if rows else []
        for one in news:
            _take_step(one, evidence, actor, now)
        yield len(news)
        for one in news:
            epoch.note(one, now=now)


def _lift(rows: Collection[int], act: str, actor: str, now: datetime) -> list[News]:
    suppression.close_the_door()
    standing = Suppression.objects.filter(pk__in=rows, lifted_at=None).order_by("pk")
    by_erasure: dict[UUID, list[Suppression]] = defaultdict(list)
    for row in standing.select_for_update():
        by_erasure[row.request_id or row.listed_with].append(row)
    news = []
    for erasure, listed in sorted(by_erasure.items()):
        back = len(by_erasure) == 1 or any(is_named(row.namespace) for row in listed)
        ids = [row.pk for row in listed]
        Suppression.objects.filter(pk__in=ids).update(
            lifted_at=now, lifted_by=actor, lifted_on=act[:80], brings_back=back
        )
        hashes = tuple(Hash(row.version, row.namespace, bytes(row.index)) for row in listed)
        news.append(News(LIFTED if back else ADDRESS_LIFTED, erasure, hashes=hashes))
    return news


def _take_step(news: News, evidence: str, actor: str, now: datetime) -> None:
    """Write it down with the request, as long as that is kept."""
    request = SubjectRequest.objects.filter(pk=news.request).first()
    if request is not None:
        detail = {"evidence": evidence, "hashes": len(news.hashes)}
        requests.take_step(request, "suppression lifted", actor=actor, now=now, detail=detail)
