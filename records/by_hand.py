"""What a person writes by hand into a field: read as at the door, yet a name stays as its bearer writes it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F

from records.dictionary import FIELDS
from records.models import EPISODE, SourceProfile
from records.standardize import Absurd, Setting, standardize

OF_NAMES = ("name", "family_name", "place")


class Illegible(ValueError):
    """This cannot be read in that field; the message says why."""


def home_of(source_profiles: Collection[UUID]) -> SourceProfile | None:
    """Where a value goes that no source has sent: to the most trusted source that knows the person."""
    known = SourceProfile.objects.filter(id__in=list(source_profiles)).select_related("source")
    people = known.exclude(kind=EPISODE).exclude(source__client_side=True)
    order = (F("source__trust_rank").desc(), F("last_seen_at").desc(), "id")
    return people.order_by(*order).first() or known.order_by(*order).first()


def setting_of(home: SourceProfile, *, now: datetime) -> Setting:
    """How what is written of the person there is to be read."""
    return Setting(home.country or home.source.region, date_order=home.source.mapping.get("date_order"), now=now)


def normal_form(field: str, text: str, setting: Setting) -> str:
    """The text as this field is kept. Raises `Illegible`."""
    try:
        clean = standardize(_rule(field), text, setting)
    except Absurd as error:
        raise Illegible(str(error)) from None
    if clean.value is None:
        raise Illegible("this cannot be read; write it as the person would")
    return clean.value


def _rule(field: str) -> str:
    """Its rule at the door; yet how a person writes their own name is for them to say."""
    rule = FIELDS[field].standardizer
    return "text" if rule in OF_NAMES else rule
