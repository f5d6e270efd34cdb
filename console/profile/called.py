"""Known people: those whom a person would call by a name, or by an address or a number, and who may be read here."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from consent.models import CONTRACT, Purpose
from console.asking import SERVICE
from identity.models import Assignment, GoldenValue
from records.models import Source

# Golden fields by which a person can be called.
NAMES = ("given_name", "family_name", "full_name")
TELLING = (*NAMES, "email", "phone")


def called() -> Exists:
    """Of a profile: that anything is known that a person would call them by."""
    return Exists(GoldenValue.objects.filter(profile=OuterRef("pk"), field__in=TELLING))


def named() -> Exists:
    """Of a profile: that a name is known, and by a source that declares that purpose."""
    names = GoldenValue.objects.filter(profile=OuterRef("pk"), field__in=NAMES)
    declaring = _declaring()
    return Exists(names if declaring is None else names.filter(source_profile__source__in=declaring))


def declared() -> Q:
    """Of a profile: that one of the sources declares the purpose that people are read for here, if it needs that."""
    declaring = _declaring()
    if declaring is None:
        return Q()
    current = Assignment.objects.current().filter(profile=OuterRef("pk"))
    return Q(Exists(current.filter(source_profile__source__in=declaring)))


def _declaring() -> list[UUID] | None:
    """The sources that declare the purpose, by id: the planner knows how many they know. None: it needs none."""
    if not Purpose.objects.filter(slug=SERVICE, legal_basis=CONTRACT).exists():
        return None
    return list(Source.objects.filter(purposes__contains=[SERVICE]).values_list("id", flat=True))
