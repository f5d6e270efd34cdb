"""Approving a discovered field: it becomes a property, or a field of the data dictionary, in a new mapping version."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from records import discovered, sources
from records.dictionary import FIELDS
from records.envelopes.segment import OF_PROPERTIES
from records.models import SEGMENT, DiscoveredField, Source
from records.properties import COMMERCE, TYPES

OF_THE_ENVELOPE = ("account_id", "device_id")
PROPERTY, FIELD = "property", "field"


def approve(found: DiscoveredField, *, becomes: str, by: str) -> Source:
    """The source with this field declared: `becomes` is a type of properties, or a field of the data dictionary.

    Raises `django.core.exceptions.ValidationError`.
    """
    if not discovered.can_be_declared(found.name):
        raise ValidationError("A part of this name is masked or cut: declare the field in the mapping itself.")
    with transaction.atomic():
        source = Source.objects.select_for_update(no_key=True).get(pk=found.source_id)
        changed = sources.change(source, mapping=_with(source, found.name, becomes), by=by)
        discovered.forget(changed, [found.name])
    return changed


def proposed_type(found: DiscoveredField) -> str:
    """The type of a property that takes all that came; empty where properties hold none such."""
    types = set(found.types)
    if types & {"object", "array"}:
        return ""
    if types <= {"integer"} or types <= {"boolean"}:
        return next(iter(types), "string")
    return "number" if types <= {"integer", "number"} else "string"


def _with(source: Source, name: str, becomes: str) -> dict[str, Any]:
    mapping = dict(source.mapping)
    if source.format == SEGMENT and becomes in OF_THE_ENVELOPE:
        raise ValidationError(f"'{becomes}' of a Segment message is its userId or anonymousId: choose another.")
    if becomes in FIELDS:
        return {**_recognizing(source), "fields": {**mapping.get("fields", {}), name: becomes}}
    if becomes not in TYPES:
        raise ValidationError(f"Choose a type ({', '.join(TYPES)}) or a field of the data dictionary.")
    column, before = name, mapping.get("properties", {})
    if source.format == SEGMENT:
        column, before = name.removeprefix(OF_PROPERTIES), mapping.get("properties", COMMERCE)
    return {**_recognizing(source), "properties": {**before, column: becomes}}


def _recognizing(source: Source) -> dict[str, Any]:
    """The mapping as it stands; where columns are recognized by their names, they go on to be."""
    return dict(source.mapping) if source.mapping or source.format == SEGMENT else {"recognize": True}
