"""Runs in which everybody is settled: how far each is, what it has changed so far, and what went wrong."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, UUIDField, Value, When

from identity import ledger, rules
from identity.models import DONE, RUNNING, Settling
from identity.portions import Portion
from records.models import SourceProfile
from vault.ids import new_id

# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=10)
GIVEN_UP = timedelta(days=1)
NOBODY = "nobody was at it"


class NotUnderWay(ValueError):
    """What is to be stopped has ended already."""


def begin(*, by: str, now: datetime, reason: str = "") -> Settling:
    """Ask for everybody who is known now, for this reason; where it is under way already, that goes on."""
    with transaction.atomic():
        ledger.lock_to_resolve()
        return under_way() or Settling.objects.create(
            id=new_id(),
            state=RUNNING,
            found=SourceProfile.objects.count(),
            until=new_id(),
            rule_version=rules.in_force().version,
            version=rules.latest(),
            reason=reason[:200],
            started_by=by,
            started_at=now,
            noted_at=now,
        )


def under_way(id: UUID | None = None) -> Settling | None:
    """The run that is not done yet, if there is one; or this one, if it is not."""
    running = Settling.objects.filter(state=RUNNING)
    return (running.filter(pk=id) if id else running).first()


def last_whole() -> Settling | None:
    """The last run in which everybody was asked, so that it says how long that takes."""
    return Settling.objects.filter(state=DONE, fault="", stopped_by="").order_by("-started_at").first()


def note(run: Settling, portion: Portion, counts: Mapping[str, int], *, now: datetime) -> None:
    """This portion was settled, inside the transaction in which it was. Who has stopped the run stops it after this."""
    added = {name: F(name) + count for name, count in counts.items()}
    # Since it was looked for, the last of the portion may have been erased.
    after = Case(When(state=RUNNING, then=Value(_last_here(portion.last), output_field=UUIDField())))
    Settling.objects.filter(pk=run.pk).update(
        after=after, done=F("done") + portion.begun, noted_at=now, fault="", failed_at=None, **added
    )


def note_taken(run: Settling, pairs: int) -> None:
    """So many pairs wait for review no more, of people who are asked anew."""
    Settling.objects.filter(pk=run.pk).update(reviews_taken=F("reviews_taken") + pairs)


def fail(run: Settling, fault: str, *, now: datetime) -> None:
    """This kind of error ended the work on it; it will be tried again."""
    Settling.objects.filter(pk=run.pk, state=RUNNING).update(fault=fault[:80], failed_at=now)


def stop(id: UUID, *, by: str, now: datetime) -> None:
    """End it where it is: the portion that is being decided is the last. Raises `NotUnderWay`."""
    if not Settling.objects.filter(pk=id, state=RUNNING).update(
        state=DONE, after=None, noted_at=now, ended_at=now, stopped_by=by
    ):
        raise NotUnderWay("it has ended already")


def end(run: Settling, *, now: datetime) -> None:
    """Everybody was asked."""
    Settling.objects.filter(pk=run.pk, state=RUNNING).update(state=DONE, after=None, noted_at=now, ended_at=now)


def step_back(source_profiles: Collection[UUID]) -> None:
    """Let no run remember any of these, who are erased: it goes on after whoever is before them, inside the caller's
    transaction."""
    for run in Settling.objects.filter(after__in=source_profiles).order_by("pk").select_for_update():
        Settling.objects.filter(pk=run.pk).update(after=_last_here(run.after, without=source_profiles))


def left_behind(*, now: datetime) -> list[UUID]:
    """The runs whose worker has died. One that has got no further for a day fails each time: it ends where it is."""
    running = Settling.objects.filter(state=RUNNING)
    too_long = running.filter(noted_at__lt=now - GIVEN_UP)
    too_long.filter(fault="").update(fault=NOBODY, failed_at=F("noted_at"))
    too_long.update(state=DONE, after=None, ended_at=now)
    return list(running.filter(noted_at__lt=now - PATIENCE).values_list("id", flat=True))


def _last_here(last: UUID | None, *, without: Collection[UUID] = ()) -> UUID | None:
    """Of those up to this source profile the last that there is."""
    here = SourceProfile.objects.filter(id__lte=last).exclude(id__in=without)
    return here.order_by("-id").values_list("id", flat=True).first()
