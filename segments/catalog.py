"""The catalog of segments: made and changed with their definitions checked, and the six that a retailer starts with."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from consent.models import Purpose
from segments.defaults import DEFAULTS
from segments.features.registry import TYPES
from segments.models import Segment
from segments.rules.definition import Definition
from segments.rules.parse import parse

CHANGEABLE = frozenset({"name", "description", "purpose", "channel", "definition", "active"})


def read_definition(definition: object) -> Definition:
    """The definition over the features that exist. Raises `segments.rules.parse.InvalidDefinition`."""
    return parse(definition, features=TYPES)


def create(
    slug: str,
    *,
    name: str,
    purpose: str,
    definition: Mapping[str, Any],
    channel: str = "",
    description: str = "",
    active: bool = True,
    significant_effect: bool = False,
) -> Segment:
    """A new segment. Whether it has a significant effect is said now, and stays.

    Raises `InvalidDefinition`, or `ValidationError` naming the field that is wrong.
    """
    segment = Segment(
        slug=slug,
        name=name,
        description=description,
        purpose_id=purpose,
        channel=channel,
        definition=definition,
        active=active,
        significant_effect=significant_effect,
    )
    _check(segment)
    segment.save(force_insert=True)
    return segment


def update(segment: Segment, **changes: Any) -> Segment:
    """The segment with these fields changed: name, description, purpose, channel, definition, active.

    Its slug stays, for programs know it by that. Raises as `create` does, and then has changed nothing.
    """
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise ValidationError({unknown[0]: f"cannot be changed; allowed: {', '.join(sorted(CHANGEABLE))}"})
    fresh = Segment.objects.get(pk=segment.pk)
    for name, value in changes.items():
        setattr(fresh, "purpose_id" if name == "purpose" else name, value)
    _check(fresh)
    fresh.save()
    return fresh


def ensure_defaults() -> list[Segment]:
    """The default segments; those that exist already stay as they are, whatever was changed in them."""
    existing = set(Segment.objects.values_list("slug", flat=True))
    for default in DEFAULTS:
        if default["slug"] not in existing:
            create(**default)
    return list(Segment.objects.filter(slug__in=[default["slug"] for default in DEFAULTS]).order_by("slug"))


def _check(segment: Segment) -> None:
    read_definition(segment.definition)
    purpose = Purpose.objects.filter(slug=segment.purpose_id).first()
    if purpose is None or not purpose.active:
        allowed = ", ".join(Purpose.objects.filter(active=True).order_by("slug").values_list("slug", flat=True))
        raise ValidationError({"purpose": f"is not an active purpose; allowed: {allowed}"})
    if segment.channel and segment.channel not in purpose.channels:
        allowed = ", ".join(purpose.channels) or "none: this purpose has no channels"
        raise ValidationError({"channel": f"is not a channel of {purpose.slug}; allowed: {allowed}"})
    segment.full_clean()
