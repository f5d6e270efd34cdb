"""Alarms that begin and end become notices, in one transaction with them, for those who want to know."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from django.conf import settings
from django.urls import reverse

from outbox.alarm_notices import AlarmNews, queue
from records.alarm_words import title_of
from records.alarms import Tell, Turn


class Watch(Protocol):
    """Looks at the sources, and tells which alarms began and ended."""

    def __call__(self, *, now: datetime, tell: Tell) -> None: ...


def watch(look: Watch, *, now: datetime) -> None:
    """Look, and write down whom to tell of what."""
    look(now=now, tell=partial(_queue, now=now))


def _queue(turns: Sequence[Turn], *, now: datetime) -> None:
    queue([_news(turn) for turn in turns], now=now)


def _news(turn: Turn) -> AlarmNews:
    alarm = turn.alarm
    page = reverse("admin:records_source_change", args=[alarm.source_id])
    detail = {
        "alarm": str(alarm.pk),
        "source": alarm.source.name,
        "kind": alarm.kind,
        "field": alarm.field,
        "title": title_of(alarm.kind, alarm.field),
        "cause": alarm.cause,
        "began_at": alarm.began_at.astimezone(UTC).isoformat(),
        "ended_at": alarm.ended_at.astimezone(UTC).isoformat() if alarm.ended_at else None,
        "page": f"{settings.PUBLIC_URL}{page}",
    }
    return AlarmNews(alarm.pk, alarm.source_id, turn.began, detail)
