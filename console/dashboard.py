"""The overview: as much of it as this person's roles let them see."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from access.roles import (
    CORRECT_IDENTITY,
    EDIT_SOURCES,
    MANAGE_ACCESS,
    REVIEW_EMERGENCIES,
    VIEW_CONSENTS,
    VIEW_PROFILES,
    VIEW_QUARANTINE,
    VIEW_REQUESTS,
    VIEW_SEGMENTS,
    VIEW_SOURCES,
)
from console import figures, quality
from console.asking import user_of
from identity.profiles import living


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the admin's first page, filled with figures. No personal data is opened for it."""
    user, now = user_of(request), timezone.now()
    today = timezone.localdate(now)
    shown: dict[str, Any] = {"title": "Overview", "now": now, "may_view_profiles": user.may(VIEW_PROFILES)}
    shown["may_edit_sources"] = user.may(EDIT_SOURCES)
    if user.may(VIEW_SOURCES):
        shown["funnel"] = figures.funnel()
        shown["intake"], shown["intake_sums"] = figures.intake(today=today)
        shown["activity"] = figures.activity(today=today)
        shown["sources"] = figures.sources()
        shown["alarms"] = quality.standing()
    if user.may(VIEW_SEGMENTS):
        shown["segments"] = figures.segment_sizes(now=now)
    if user.may(VIEW_CONSENTS):
        profiles = shown["funnel"].profiles if "funnel" in shown else living().count()
        shown["consents"] = figures.consents(profiles=profiles)
    shown["waiting"] = [
        *([figures.reviews()] if user.may(CORRECT_IDENTITY) else []),
        *([figures.requests(today=today)] if user.may(VIEW_REQUESTS) else []),
        *([figures.emergencies()] if user.may(REVIEW_EMERGENCIES) else []),
        *([figures.alarms()] if user.may(VIEW_SOURCES) else []),
        *([figures.quarantine()] if user.may(VIEW_QUARANTINE) else []),
        *([figures.keys_ending(now=now)] if user.may(MANAGE_ACCESS) else []),
        figures.work(now=now),
    ]
    return context | shown
