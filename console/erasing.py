"""An erasure as its page shows it: each stage, its proof, and who has not confirmed it yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outbox import deliveries
from privacy.models import APPROVED, ERASURE, FOUND, PASSED, ErasureCase, SubjectRequest

TONES = {PASSED: "good", FOUND: "bad"}


@dataclass(frozen=True)
class Stage:
    """One stage of an erasure, and since when it is done; None: it lies ahead."""

    name: str
    done_at: datetime | None


@dataclass(frozen=True)
class Erasing:
    """An approved erasure: its window, stages and proof."""

    execute_after: datetime
    waits: bool
    stages: list[Stage]
    proof: dict[str, Any]
    tone: str
    proven: bool
    found: list[dict[str, Any]]
    unconfirmed: list[str]
    may_be_proved: bool
    certified_at: datetime | None


def erasing(one: SubjectRequest) -> Erasing | None:
    """What there is to show of this erasure; None for other requests and those that nobody has approved."""
    case = ErasureCase.objects.filter(pk=one.pk).first() if one.kind == ERASURE else None
    if case is None:
        return None
    return Erasing(
        execute_after=case.execute_after,
        waits=one.state == APPROVED,
        stages=[
            Stage("Rows deleted, suppression written, recipients asked", case.rows_gone_at),
            Stage("Quarantine, sessions, logs and notes searched", case.mentions_erased_at),
            Stage("Keys destroyed", case.keys_gone_at),
            Stage("Everything searched for the person", case.proved_at),
            Stage("The person's values destroyed", case.values_destroyed_at),
        ],
        proof=case.proof,
        tone=TONES.get(case.proof_state, ""),
        proven=case.proof_state == PASSED,
        found=[place for place in case.proof.get("places", []) if place["hits"]],
        unconfirmed=[waiting.recipient for waiting in deliveries.unconfirmed(one.pk)],
        may_be_proved=case.keys_gone_at is not None and case.sealed is not None,
        certified_at=case.certified_at,
    )
