"""An erasure as its page shows it: each stage, its proof, and who has not confirmed it yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat

from outbox import deliveries
from privacy.aftercare import FOUND_AGAIN, PROVED, SEARCHING
from privacy.models import APPROVED, COMPLETED, ERASURE, FOUND, PASSED, ErasureCase, RequestStep, SubjectRequest

# After this long, a search that has not said what it found was broken off; the next one says so anew.
PATIENCE = timedelta(hours=1)


@dataclass(frozen=True)
class Stage:
    """One stage of an erasure, and since when it is done; None: it lies ahead."""

    name: str
    done_at: datetime | None


@dataclass(frozen=True)
class Verdict:
    """What the search came to, in one sentence: its tone, an icon, and the words."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True)
class Erasing:
    """An approved erasure: its window, stages and proof."""

    execute_after: datetime
    waits: bool
    stages: list[Stage]
    proof: dict[str, Any]
    verdict: Verdict | None
    searching_since: datetime | None
    proven: bool
    found: list[dict[str, Any]]
    unconfirmed: list[str]
    may_be_proved: bool

    @property
    def seconds(self) -> str:
        """How long the search took."""
        return f"{self.proof.get('milliseconds', 0) / 1_000:,.1f}"


def erasing(one: SubjectRequest, steps: Sequence[RequestStep], *, now: datetime) -> Erasing | None:
    """What there is to show of this erasure; None for other requests and those that nobody has approved."""
    case = ErasureCase.objects.filter(pk=one.pk).first() if one.kind == ERASURE else None
    if case is None:
        return None
    since = searching_since(steps, now=now)
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
        verdict=verdict_of(case.proof_state, case.proof, searching=since is not None)
        if one.state == COMPLETED
        else None,
        searching_since=since,
        proven=case.proof_state == PASSED,
        found=[place for place in case.proof.get("places", []) if place["hits"]],
        unconfirmed=[waiting.recipient for waiting in deliveries.unconfirmed(one.pk)],
        may_be_proved=case.keys_gone_at is not None and case.sealed is not None and since is None,
    )


def verdict_of(state: str, proof: dict[str, Any], *, searching: bool = False) -> Verdict:
    """What a search came to, as its page and its certificate say it."""
    if searching:
        return Verdict(
            "info", "search", "Everything is being searched for the person. What is found appears here by itself."
        )
    if state == PASSED:
        return Verdict("good", "verified_user", f"Proved: nothing of the person was found in {_searched(proof)}.")
    if state == FOUND:
        places = sum(1 for place in proof.get("places", []) if place["hits"])
        return Verdict("bad", "report", f"Not proved: the person was found in {places} of {_searched(proof)}.")
    return Verdict("warn", "hourglass_empty", "Erased, and not proved yet: nothing has been searched so far.")


def _searched(proof: dict[str, Any]) -> str:
    return f"{len(proof.get('places', [])):,} places ({filesizeformat(proof.get('bytes', 0))})"


def searching_since(steps: Sequence[RequestStep], *, now: datetime) -> datetime | None:
    """Since when a search has been under way; None when none is."""
    for step in reversed(steps):
        if step.what in (PROVED, FOUND_AGAIN):
            return None
        if step.what == SEARCHING:
            return step.at if now - step.at < PATIENCE else None
    return None
