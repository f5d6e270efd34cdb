"""Notices: what people are told about a purpose, version by version, known by a hash that an act can name."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from consent.models import Notice
from vault.ids import new_id

LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"


def hash_of(purpose: str, version: int, locale: str, text: str) -> str:
    """The hash that a notice is known by: SHA-256 of purpose, version, locale and text, a line each, as hex."""
    return hashlib.sha256("\n".join((purpose, str(version), locale, text)).encode()).hexdigest()


def publish(
    purpose: str, texts: Mapping[str, str], *, material: bool, published_at: datetime, now: datetime
) -> list[Notice]:
    """The next version of what people are told, in each of these locales. Raises `consent.acts.UnknownPurpose`.

    A material one ends every yes that was given under an earlier version, from `published_at` on.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [f"notices of {purpose}"])
        last = Notice.objects.filter(purpose=purpose).aggregate(last=Max("version"))["last"] or 0
        rows = [
            Notice(
                id=new_id(),
                purpose_id=purpose,
                version=last + 1,
                locale=locale,
                text=text,
                hash=hash_of(purpose, last + 1, locale, text),
                material=material,
                published_at=published_at,
                recorded_at=now,
            )
            for locale, text in sorted(texts.items())
        ]
        return Notice.objects.bulk_create(rows)


def in_force(purpose: str, *, at: datetime, known_at: datetime | None = None) -> list[Notice]:
    """What people were told then, a text per locale; empty when nothing was published by then."""
    published = Notice.objects.filter(purpose=purpose, published_at__lte=at)
    if known_at is not None:
        published = published.filter(recorded_at__lte=known_at)
    last = published.aggregate(last=Max("version"))["last"]
    return list(published.filter(version=last).order_by("locale")) if last else []
