"""Corrections: what a person had put right. Each wrong value is a keyed digest, so that no source brings it back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from records.dictionary import IDENTIFIERS
from records.models import Correction
from records.standardize import identity_form
from vault.arrays import Uuids
from vault.cursors import planned_cursor
from vault.ids import new_id
from vault.sealing import Place, Sealer

# A record that brought such a value again says so: refuted:FIELD.
REFUTED = "refuted:"
# The digests of what is wrong in each field of one source profile.
Wrong = Mapping[str, Collection[bytes]]

OF_THESE = "SELECT source_profile_id, field, digest FROM records_correction WHERE source_profile_id = ANY(%b::uuid[])"


def refuted(source_profiles: Collection[UUID]) -> dict[UUID, dict[str, set[bytes]]]:
    """What is known to be wrong of these source profiles, field by field. One query, however many."""
    found: dict[UUID, dict[str, set[bytes]]] = defaultdict(lambda: defaultdict(set))
    with planned_cursor() as cursor:
        cursor.execute(OF_THESE, [Uuids(source_profiles)])
        for source_profile, field, digest in cursor.fetchall():
            found[source_profile][field].add(digest)
    return dict(found)


def is_refuted(source_profile: UUID, field: str, values: Iterable[str], wrong: Wrong, sealer: Sealer) -> bool:
    """Whether one of these, spellings of one value, is among what is known to be wrong of this source profile."""
    digests = wrong.get(field, ())
    return bool(digests) and any(
        sealer.digest(source_profile, field, form) in digests for value in values for form in _forms(field, value)
    )


def refute(
    source_profile: UUID,
    field: str,
    values: Collection[str],
    *,
    right: str | None = None,
    sealer: Sealer,
    request: UUID,
    now: datetime,
) -> None:
    """Let no source bring these values back to this source profile; what is right now may come, whatever was before."""
    good: set[str] = _forms(field, right) if right is not None else set()
    wrong = {form for value in values for form in _forms(field, value)} - good
    theirs = Correction.objects.filter(source_profile=source_profile, field=field)
    theirs.filter(digest__in=[sealer.digest(source_profile, field, form) for form in sorted(good)]).delete()
    rows = [
        Correction(
            id=new_id(),
            source_profile_id=source_profile,
            field=field,
            digest=sealer.digest(source_profile, field, form),
            request_id=request,
            corrected_at=now,
        )
        for form in sorted(wrong)
    ]
    for row, form in zip(rows, sorted(wrong), strict=True):
        # Opened by nobody but a rotation of data keys, which has to make the digest anew.
        row.sealed = sealer.seal(source_profile, Place("records_correction", "sealed", row.id), form.encode())
    Correction.objects.bulk_create(rows, ignore_conflicts=True)


def _forms(field: str, value: str) -> set[str]:
    """The value and, of an identifier, the form that its spellings have in common."""
    return {value, identity_form(field, value)} if field in IDENTIFIERS else {value}


def requests_of(source_profiles: Collection[UUID]) -> dict[UUID, UUID]:
    """The latest request by which something of each of these source profiles was put right."""
    rows = Correction.objects.filter(source_profile__in=source_profiles).order_by("corrected_at", "id")
    return dict(rows.values_list("source_profile_id", "request_id"))
