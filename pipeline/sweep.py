"""Sweeping up after crashes: source profiles that nobody resolved, and keys that seal nothing."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from pipeline import queue
from privacy.models import SignUp, SubjectRequest
from records import uploads
from records.models import QuarantinedRecord, SourceProfile
from vault import keys
from vault.models import DataKey

OLD_ENOUGH = timedelta(hours=1)
AT_A_TIME = 10_000

UNRESOLVED = """
SELECT source_profile.id FROM records_sourceprofile AS source_profile
WHERE source_profile.created_at < %s
  AND NOT EXISTS (SELECT FROM identity_assignment WHERE source_profile_id = source_profile.id AND ended_at IS NULL)
  AND NOT EXISTS (SELECT FROM pipeline_work WHERE source_profile_id = source_profile.id)
LIMIT %s
"""


def requeue_unresolved(*, now: datetime) -> int:
    """Queue source profiles that have waited for a profile for an hour and are in nobody's hands. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(UNRESOLVED, [now - OLD_ENOUGH, AT_A_TIME])
        ids = {row[0] for row in cursor.fetchall()}
    if ids:
        queue.enqueue(ids, now=now)
    return len(ids)


def destroy_orphan_keys(*, now: datetime) -> int:
    """Destroy data keys older than an hour that seal nothing any more, whatever a key is made for."""
    destroyed, last = 0, UUID(int=2**128 - 1)
    while candidates := list(
        DataKey.objects.filter(created_at__lt=now - OLD_ENOUGH, id__lt=last)
        .order_by("-id")
        .values_list("id", flat=True)[:AT_A_TIME]
    ):
        last = candidates[-1]
        for model in (SourceProfile, QuarantinedRecord, SubjectRequest, SignUp):
            used = set(model.objects.filter(id__in=candidates).values_list("id", flat=True))
            candidates = [id for id in candidates if id not in used]
        papers = set(SubjectRequest.objects.filter(papers_key__in=candidates).values_list("papers_key", flat=True))
        kept = papers | uploads.keyed(candidates)
        destroyed += keys.destroy([id for id in candidates if id not in kept])
    return destroyed
