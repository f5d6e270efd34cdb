"""The features that are kept of everybody, as last computed, in portions."""

from collections.abc import Iterator
from itertools import islice

from segments.features.feature import Values
from segments.models import ProfileFeatures

AT_ONCE = 5_000


def portions() -> Iterator[Values]:
    """What is known of each profile, a few thousand at a time. Whoever reads on asks consent for each portion."""
    rows = ProfileFeatures.objects.order_by("pk").values_list("profile_id", "values").iterator(chunk_size=AT_ONCE)
    while portion := dict(islice(rows, AT_ONCE)):
        yield portion
