"""Why the ledger says what it says: what people did and their words, which stand with the verdict that came with it."""

from collections.abc import Iterable
from uuid import UUID

from identity.holding import undoes_a_merge
from identity.ledger import BY_HAND
from identity.models import Assignment, Verdict


def because(entry: Assignment) -> str:
    """The reason of a ledger entry; of one made by hand also what was done."""
    if entry.reason != BY_HAND:
        return entry.reason
    if undoes_a_merge(entry):
        return f"{BY_HAND}: merge undone"
    acts = (("undoes", "split undone"), ("from", "split off"), ("verdict", "merged"))
    done = next((act for name, act in acts if name in entry.evidence), "")
    return f"{BY_HAND}: {done}" if done else BY_HAND


def reasons_of(entries: Iterable[Assignment]) -> dict[UUID, str]:
    """What was given as the reason of each ledger entry made by hand: the verdict of the same instant and person."""
    made = {entry.pk: (entry.assigned_at, entry.actor) for entry in entries if entry.reason == BY_HAND}
    verdicts = Verdict.objects.filter(decided_at__in={at for at, _ in made.values()})
    words = {(verdict.decided_at, verdict.actor): verdict.reason for verdict in verdicts}
    return {id: words[key] for id, key in made.items() if key in words}
