"""Changing the rule of a purpose. What held before stays on record: the database keeps a version of every change."""

from typing import Any

from django.core.exceptions import ValidationError

from consent.models import Purpose

CHANGEABLE = frozenset(
    {
        "name",
        "description",
        "legal_basis",
        "channels",
        "expires_after_days",
        "expiry_by_jurisdiction",
        "sensitive",
        "sale_or_sharing",
        "high_risk",
        "dpia_reference",
        "active",
    }
)


def change(purpose: Purpose, **changes: Any) -> list[str]:
    """Change these fields of a purpose from now on; the names of those that differ from before.

    Raises `django.core.exceptions.ValidationError` naming the field, and then has changed nothing.
    """
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise ValidationError({unknown[0]: f"cannot be changed; allowed: {', '.join(sorted(CHANGEABLE))}"})
    fresh = Purpose.objects.get(pk=purpose.pk)
    different = sorted(name for name, value in changes.items() if getattr(fresh, name) != value)
    for name in different:
        setattr(fresh, name, changes[name])
    fresh.full_clean()
    if different:
        fresh.save(update_fields=different)
    return different
