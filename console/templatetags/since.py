"""How long ago something was, as people say it."""

from datetime import datetime

from django import template
from django.utils import timezone

from console.showing import how_long_ago

register = template.Library()


@register.filter
def ago(at: datetime) -> str:
    """`3 hours, 5 minutes ago`; `just now` within a minute."""
    return how_long_ago(at, now=timezone.now())
