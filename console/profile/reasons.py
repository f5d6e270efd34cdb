"""Why people changed the ledger: their words stand with the verdict that came with the change."""

from collections.abc import Iterable
from uuid import UUID

from identity.ledger import BY_HAND
from identity.models import Assignment, Verdict


def reasons_of(entries: Iterable[Assignment]) -> dict[UUID, str]:
    """What was given as the reason of each ledger entry made by hand: the verdict of the same instant and person."""
    made = {entry.pk: (entry.assigned_at, entry.actor) for entry in entries if entry.reason == BY_HAND}
    verdicts = Verdict.objects.filter(decided_at__in={at for at, _ in made.values()})
    words = {(verdict.decided_at, verdict.actor): verdict.reason for verdict in verdicts}
    return {id: words[key] for id, key in made.items() if key in words}
