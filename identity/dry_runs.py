"""Dry runs that are kept: asked for, worked on in the background with progress, browsed, and put in force or not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from identity import ledger, rules
from identity.causes import shortened
from identity.models import DONE, RUNNING, DryRun, DryRunChange, MatchModel, RuleVersion
from identity.rules import Thresholds
from identity.simulating import Change, simulate
from records.models import SourceProfile
from vault.ids import new_id

# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=10)


class NotDone(ValueError):
    """Nobody knows yet what these rules would do."""


def begin(model: MatchModel | None, thresholds: Thresholds, *, by: str, now: datetime) -> DryRun:
    """Ask what these rules would change. Raises `identity.rules.NotPossible`."""
    rules.of_model(model, thresholds)
    return DryRun.objects.create(
        id=new_id(),
        model=model,
        link=thresholds.link,
        review=thresholds.review,
        same_email=thresholds.same_email,
        same_device=thresholds.same_device,
        learns=thresholds.learns,
        state=RUNNING,
        started_by=by,
        started_at=now,
        noted_at=now,
    )


def work_on(id: UUID, *, on_progress: Callable[[int, int], None] = lambda done, found: None) -> None:
    """Run these rules against everybody and keep the difference. Changes nothing else; safe to run twice."""
    run = DryRun.objects.select_related("model").filter(pk=id, state=RUNNING).first()
    if run is None:
        return

    def tell(done: int, found: int) -> None:
        DryRun.objects.filter(pk=id).update(done=done, found=found, noted_at=timezone.now())
        on_progress(done, found)

    try:
        found = simulate(rules.of_model(run.model, thresholds_of(run)), now=timezone.now(), tell=tell)
    except rules.NotPossible as error:
        _end(run, fault=str(error)[:300])
        return
    with transaction.atomic():
        ledger.lock()
        DryRunChange.objects.filter(run=run).delete()
        kept = [_kept(run, change) for change in _of_those_still_here(found.changes)]
        DryRunChange.objects.bulk_create(kept, batch_size=1_000)
        _end(run, counts=dict(found.counts))


def put_in_force(id: UUID, *, by: str, reason: str, now: datetime) -> RuleVersion:
    """Decide by the rules of this dry run from now on. Raises `NotDone`, `identity.rules.NotPossible`."""
    run = DryRun.objects.select_related("model").get(pk=id)
    if run.state != DONE or run.fault:
        raise NotDone("wait until it is known what these rules would change")
    return rules.put_in_force(run.model, thresholds_of(run), by=by, reason=reason, now=now)


def left_behind(*, now: datetime) -> list[UUID]:
    """The runs whose worker has died."""
    return list(DryRun.objects.filter(state=RUNNING, noted_at__lt=now - PATIENCE).values_list("id", flat=True))


def thresholds_of(run: DryRun) -> Thresholds:
    """The thresholds that are on trial. Raises `identity.rules.NotPossible`."""
    return Thresholds(run.link, run.review, run.same_email, run.same_device, run.learns)


def _of_those_still_here(changes: list[Change]) -> list[Change]:
    """Without those of whom somebody has been erased since."""
    asked = {id for change in changes for id in (change.left, change.right)}
    here = set(SourceProfile.objects.filter(id__in=asked).values_list("id", flat=True))
    return [change for change in changes if {change.left, change.right} <= here]


def _kept(run: DryRun, change: Change) -> DryRunChange:
    return DryRunChange(
        id=new_id(),
        run=run,
        kind=change.kind,
        left_id=change.left,
        right_id=change.right,
        reason=change.reason,
        bits=change.bits,
        evidence=change.evidence,
        moving=change.moving,
        cause=change.cause,
        detail=shortened(change.detail, 120),
    )


def _end(run: DryRun, **outcome: object) -> None:
    now = timezone.now()
    DryRun.objects.filter(pk=run.pk).update(state=DONE, noted_at=now, ended_at=now, **outcome)
