"""Records of requests: kept 24 months from their end as the proof of what was done, used for nothing else, then gone.

GDPR 5(1)(e) and 5(2); 11 CCR 7101. The suppression list and the tombstones of an erasure outlive their request: who was
erased stays away.
"""

from datetime import datetime

from django.db import connection, transaction

from privacy import papers
from privacy.deadlines import months_after
from privacy.models import CALLED_BACK, COMPLETED, REJECTED, SubjectRequest
from vault import keys

KEPT_MONTHS = 24
AT_ONCE = 1_000


def forget(*, now: datetime) -> int:
    """Delete the requests that ended 24 months ago or earlier, with steps, papers and keys. Returns how many.

    In batches that commit each; safe to repeat. Rows go first: keys without rows are orphans that a sweep destroys.
    """
    forgotten = 0
    while portion := _forget_some(now=now):
        forgotten += portion
    return forgotten


def last_end(*, now: datetime) -> datetime:
    """Requests that ended at this instant or before are no longer kept."""
    return datetime.combine(months_after(now.date(), -KEPT_MONTHS), now.timetz())


def _forget_some(*, now: datetime) -> int:
    ended = SubjectRequest.objects.filter(
        state__in=[COMPLETED, REJECTED, CALLED_BACK], ended_at__lte=last_end(now=now)
    ).order_by("ended_at")
    with transaction.atomic():
        requests = list(ended.select_for_update(skip_locked=True)[:AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL onym.erasing = 'on'")
        SubjectRequest.objects.filter(pk__in=[request.pk for request in requests]).delete()
    papers.destroy_keys(requests)
    keys.destroy([request.pk for request in requests])
    return len(requests)
