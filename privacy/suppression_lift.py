"""Coming back: an erased person's verified act ends the suppression, for what happens from then on."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from privacy import epoch, requests, suppression
from privacy.erasure_ledger import LIFTED, News
from privacy.models import SubjectRequest, Suppression
from privacy.suppression_hashes import Hash, hashes_of, tokens_of

# The acts that prove whose identifier it is: a confirmation mail answered, the preference center opened by its signed
# link, a sign-in.
DOUBLE_OPT_IN, PREFERENCE_CENTER, SIGN_IN = EVIDENCE = ("double_opt_in", "preference_center", "sign_in")


class NotVerified(ValueError):
    """Nothing shows that the person acted themselves."""


def lift(fields: Mapping[str, str], *, evidence: str, reference: str, actor: str, now: datetime) -> int:
    """Let records of whoever bears these identifiers in again, if they happen after now. Returns how many erasures.

    `fields` are the identifiers that the act proved, in normal form; `evidence` is one of `EVIDENCE`, `reference` the
    id of the act. With one identifier everything goes that was listed for the same erasure: it is the same person's.
    Raises `NotVerified`.
    """
    if evidence not in EVIDENCE or not reference:
        raise NotVerified(f"evidence is one of {', '.join(EVIDENCE)}, with the id of the act as reference")
    with transaction.atomic():
        suppression.close_the_door()
        found = _requests_of(hashes_of(tokens_of(fields)))
        for request in SubjectRequest.objects.filter(pk__in=found).order_by("pk"):
            standing = Suppression.objects.filter(request=request, lifted_at=None)
            standing.update(lifted_at=now, lifted_by=actor, lifted_on=f"{evidence} {reference}"[:80])
            requests.take_step(request, "suppression lifted", actor=actor, now=now, detail={"evidence": evidence})
            epoch.note(News(LIFTED, request.pk), now=now)
    return len(found)


LISTED = """
SELECT DISTINCT listed.request_id FROM privacy_suppression AS listed
JOIN unnest(%s::smallint[], %s::text[], %s::bytea[]) AS asked (version, namespace, index)
     USING (version, namespace, index)
WHERE listed.lifted_at IS NULL
"""


def _requests_of(hashes: Mapping[Hash, object]) -> set[UUID]:
    if not hashes:
        return set()
    versions, kinds, digests = zip(*hashes, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(LISTED, [list(versions), list(kinds), list(digests)])
        return {row[0] for row in cursor.fetchall()}
