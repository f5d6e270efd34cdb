"""Rules of who is who are put in force; where that is wanted, everybody is asked anew by them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from identity import dry_runs
from identity.models import RuleVersion
from pipeline import queue
from records.models import SourceProfile

AT_ONCE = 10_000


def put_in_force(run: UUID, *, by: str, reason: str, ask_anew: bool, now: datetime) -> RuleVersion:
    """Decide by the rules of this dry run from now on; `ask_anew` queues everybody, so that its merges follow. What
    the ledger has joined stays joined until everybody is settled (`pipeline.settling`).

    Raises `identity.dry_runs.NotDone`, `identity.rules.NotPossible`, and then has changed nothing.
    """
    with transaction.atomic():
        version = dry_runs.put_in_force(run, by=by, reason=reason, now=now)
        ids = list(SourceProfile.objects.order_by("id").values_list("id", flat=True)) if ask_anew else []
        for start in range(0, len(ids), AT_ONCE):
            queue.enqueue(ids[start : start + AT_ONCE], now=now)
    return version
