"""Which properties of a source can be added up: those that are, or were, declared as numbers."""

from typing import Any

from records.models import Source
from records.quality_faults import NUMBERS, types_of


def summable(source: Source) -> list[str]:
    """Their names, in order; `amount` is always among them."""
    mappings: list[dict[str, Any]] = [source.mapping, *source.mapping_versions.values_list("mapping", flat=True)]
    return sorted({name for mapping in mappings for name, kind in types_of(mapping).items() if kind in NUMBERS})
