"""Reminders: the privacy team is told of what is due in a week, tomorrow or overdue, once for each stage.

By a notice that the console shows, and by e-mail where `ONYM_PRIVACY_TEAM` says to whom: ids and dates, never a person.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from privacy.models import UNFINISHED, Reminder, SubjectRequest

SOON, TOMORROW, LATE = "soon", "tomorrow", "late"
AHEAD = timedelta(days=7)


def remind(*, now: datetime) -> list[Reminder]:
    """The reminders that are new now, kept and sent. Safe to run often: each stage of a deadline is told of once."""
    today = timezone.localdate(now)
    due = [
        Reminder(request=request, duty=duty, stage=stage, due_date=due_date, made_at=now)
        for request in SubjectRequest.objects.filter(state__in=UNFINISHED).order_by("due_date", "id")
        for duty, due_date in _duties(request)
        if (stage := _stage(due_date, today))
    ]
    with transaction.atomic():
        fresh = [one for one in due if _is_new(one)]
        if fresh:
            transaction.on_commit(lambda: _mail(fresh))
    return fresh


def standing(*, assignee: str = "") -> list[Reminder]:
    """The reminders of unfinished requests that are this user's or nobody's, the latest of each duty."""
    found = Reminder.objects.filter(request__state__in=UNFINISHED, request__assignee__in=["", assignee])
    latest = found.order_by("request", "duty", "-id").distinct("request", "duty").select_related("request")
    return sorted(latest, key=lambda one: one.due_date)


def _duties(request: SubjectRequest) -> Iterator[tuple[str, date]]:
    yield "answer", request.due_date
    if request.acknowledge_by and not request.acknowledged_at:
        yield "acknowledge", request.acknowledge_by


def _stage(due_date: date, today: date) -> str:
    if due_date < today:
        return LATE
    if due_date <= today + timedelta(days=1):
        return TOMORROW
    return SOON if due_date <= today + AHEAD else ""


def _is_new(reminder: Reminder) -> bool:
    _, made = Reminder.objects.get_or_create(
        request=reminder.request,
        duty=reminder.duty,
        stage=reminder.stage,
        due_date=reminder.due_date,
        defaults={"made_at": reminder.made_at},
    )
    return made


def _mail(reminders: list[Reminder]) -> None:
    if settings.PRIVACY_TEAM:
        lines = [f"{one.due_date}: {one.duty} request {one.request_id} ({one.request.kind})" for one in reminders]
        send_mail(f"Subject requests: {len(lines)} deadlines", "\n".join(lines), None, settings.PRIVACY_TEAM)
