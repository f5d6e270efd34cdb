"""Alarms by mail: what began and what ended, why, and where to look; never a value of a person."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from smtplib import SMTPException
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from outbox.models import ALARM_BEGAN, AlarmListener, AlarmNotice

log = structlog.get_logger(__name__)


def mail(listener: AlarmListener, notices: Sequence[AlarmNotice]) -> str:
    """Mail these in one message. Returns what was in the way, empty when a mail server took it."""
    headers = {"Message-ID": message_id(notices), "Auto-Submitted": "auto-generated"}
    message = EmailMessage(subject_of(notices), text_of(listener, notices), to=[listener.email], headers=headers)
    try:
        message.send()
    except (OSError, SMTPException) as error:
        # The error's own words can hold the address.
        log.warning("alarm_not_mailed", listener=str(listener.pk), error=type(error).__name__)
        return f"mail: {type(error).__name__}"[:80]
    return ""


def subject_of(notices: Sequence[AlarmNotice]) -> str:
    """One alarm by its name; of several, how many began and ended."""
    if len(notices) == 1:
        (one,) = notices
        word = "Alarm" if one.kind == ALARM_BEGAN else "Over"
        return " ".join(f"{word}: {one.detail['source']}: {one.detail['title']}".split())
    began = sum(one.kind == ALARM_BEGAN for one in notices)
    told = [f"{began} began"] * bool(began) + [f"{len(notices) - began} ended"] * (began < len(notices))
    return f"Alarms: {', '.join(told)}"


def text_of(listener: AlarmListener, notices: Sequence[AlarmNotice]) -> str:
    """A paragraph each: what, since when, why, and the page of the source."""
    end = f"Sent to {listener.name}, which is told of alarms. To change that: {settings.PUBLIC_URL}/admin/"
    return "\n\n".join([*("\n".join(_paragraph(one)) for one in notices), "-- \n" + end]) + "\n"


def message_id(notices: Sequence[AlarmNotice]) -> str:
    """The same for the same notices: whoever gets them twice can tell."""
    key = " ".join(str(one.pk) for one in notices)
    return f"<alarm.{uuid5(NAMESPACE_URL, key)}@{urlsplit(settings.PUBLIC_URL).hostname or 'onym'}>"


def _paragraph(notice: AlarmNotice) -> Iterator[str]:
    told = notice.detail
    yield f"{told['source']}: {' '.join(told['title'].split())}"
    if notice.kind == ALARM_BEGAN:
        yield f"Began {_moment(told['began_at'])}."
    else:
        yield f"Over since {_moment(told['ended_at'])}; it had begun {_moment(told['began_at'])}. What it was about:"
    yield told["cause"]
    yield told["page"]


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text)
    return f"{at:%b} {at.day}, {at:%Y %H:%M} UTC"
