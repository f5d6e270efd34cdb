"""Runs in which everybody is settled: how far each is, and what it has changed so far."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from identity import ledger, rules
from identity.models import DONE, RUNNING, Settling
from identity.portions import Portion
from records.models import SourceProfile
from vault.ids import new_id

# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=10)
GIVEN_UP = timedelta(days=1)


def begin(*, by: str, now: datetime) -> Settling:
    """Ask for everybody who is known now; where it is under way already, that goes on."""
    with transaction.atomic():
        ledger.lock_to_resolve()
        return under_way() or Settling.objects.create(
            id=new_id(),
            state=RUNNING,
            found=SourceProfile.objects.count(),
            until=new_id(),
            rule_version=rules.in_force().version,
            started_by=by,
            started_at=now,
            noted_at=now,
        )


def under_way(id: UUID | None = None) -> Settling | None:
    """The run that is not done yet, if there is one; or this one, if it is not."""
    running = Settling.objects.filter(state=RUNNING)
    return (running.filter(pk=id) if id else running).first()


def note(run: Settling, portion: Portion, counts: Mapping[str, int], *, now: datetime) -> None:
    """This portion was settled, inside the transaction in which it was."""
    added = {name: F(name) + count for name, count in counts.items()}
    Settling.objects.filter(pk=run.pk).update(after=portion.last, done=F("done") + portion.begun, noted_at=now, **added)


def end(run: Settling, *, now: datetime) -> None:
    """Everybody was asked."""
    Settling.objects.filter(pk=run.pk).update(state=DONE, after=None, noted_at=now, ended_at=now)


def left_behind(*, now: datetime) -> list[UUID]:
    """The runs whose worker has died. One that has got no further for a day fails each time: it ends where it is."""
    running = Settling.objects.filter(state=RUNNING)
    running.filter(noted_at__lt=now - GIVEN_UP).update(state=DONE, after=None, ended_at=now)
    return list(running.filter(noted_at__lt=now - PATIENCE).values_list("id", flat=True))
