"""How long ago something was, as people say it."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def ago(at: datetime, now: datetime | None = None) -> str:
    """`3 hours, 5 minutes ago`; `just now` within a minute."""
    now = now or timezone.now()
    return f"{timesince(at, now)} ago" if now - at >= timedelta(minutes=1) else "just now"
