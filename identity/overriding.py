"""Golden values set by hand: a person's word on one field, for a reason; it wins until somebody takes it back.

Each hangs on a source profile of the person: on the one that has the value, or, of a value that no source has, on that
of the most trusted source. So it goes along through merges and unmerges, is sealed under that key, and goes with it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from identity import blocked
from identity.models import GoldenOverride
from records import corrections
from records.by_hand import Illegible, home_of, normal_form, setting_of
from records.dictionary import FIELDS, IDENTIFIERS
from records.models import Attribute, Correction, Identifier
from records.rectifying import NOT_OF_THE_PERSON
from records.standardize import identity_form
from vault import audit, keys
from vault.grants import Grant
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.sealing import Opening, Place, Sealed, Sealer, open_sealed, open_what_opens

OVERRIDABLE = tuple(name for name in FIELDS if name not in NOT_OF_THE_PERSON)
# Evidence for linking, and where people are written to: one that no source has is not made up here.
TYPED = tuple(name for name in OVERRIDABLE if name not in IDENTIFIERS)
RECTIFICATION = "rectification"


class NotOverridable(ValueError):
    """This value cannot be set by hand like this; carries the field, and the message the way out."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field.replace('_', ' ')}: {message}")
        self.field = field


class OutOfReach(NotOverridable):
    """What was set by hand hangs on a source profile that the grant does not cover, so it stays."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that a source has in a field of the person, and when it was last seen there."""

    id: UUID
    value: str
    source: str
    source_profile: UUID
    last_seen_at: datetime


def offers(source_profiles: Collection[UUID], field: str, grant: Grant) -> list[Offer]:
    """The values that these source profiles have in this field and that are not blocked, the most trusted source's
    first."""
    theirs = {"source_profile__in": list(source_profiles)}
    attributes = Attribute.objects.filter(**theirs, field=field)
    identifiers = Identifier.objects.filter(**theirs, namespace=field)
    nobodys = blocked.standing().of(field)
    rows: list[Attribute | Identifier] = [
        *attributes.select_related("source_profile__source"),
        *identifiers.exclude(index__in=nobodys).select_related("source_profile__source"),
    ]
    rows.sort(key=lambda row: (-row.source_profile.source.trust_rank, -row.last_seen_at.timestamp(), row.id))
    sealed = [
        Sealed(row.source_profile_id, Place(row._meta.db_table, "sealed", row.id), row.sealed, field) for row in rows
    ]
    opened = open_what_opens(sealed, grant, action="read attributes")
    return [
        Offer(row.id, value.decode(), row.source_profile.source.name, row.source_profile_id, row.last_seen_at)
        for row, value in zip(rows, opened, strict=True)
        if value is not None
    ]


def override(
    source_profiles: Collection[UUID],
    field: str,
    *,
    text: str = "",
    chosen: UUID | None = None,
    reason: str,
    grant: Grant,
    now: datetime,
) -> GoldenOverride:
    """Let this value count in this field of the person whose source profiles these are: one that is `chosen` among the
    offers, by its id, or `text`, as people write it. It takes the place of what was set before.

    Only what the grant covers is read or written. Call it in a transaction that holds the ledger's lock, and refresh
    the golden record afterwards. Raises `NotOverridable`, or `OutOfReach` where it cannot take the
    place of what was set before, and then has changed nothing.
    """
    covered = sorted(grant.source_profiles.intersection(source_profiles))
    _must_be_overridable(field, source_profiles)
    before = _homes_of_standing(source_profiles, field, grant)
    offer, value, home = _decided(covered, field, text, chosen, grant, now)
    end(before, [field], by=grant.actor.id, now=now)
    row = GoldenOverride(id=new_id(), source_profile_id=home, field=field, chosen=offer is not None)
    row.index = _index_of(field, value)
    row.sealed = Sealer(keys.fetch_or_make([home])).seal(home, _place(row.pk), value.encode())
    row.birth_year = int(value[:4]) if field == "birth_date" else None
    row.country = value if field == "country" else ""
    row.reason, row.actor, row.set_at = reason, grant.actor.id, now
    row.save(force_insert=True)
    audit.write(grant, sorted({home, *before}), action="set golden value", fields=[field])
    return row


def take_back(source_profiles: Collection[UUID], field: str, *, grant: Grant, now: datetime) -> None:
    """Let survivorship decide again. Raises `NotOverridable` when nothing was set by hand, and `OutOfReach`."""
    homes = _homes_of_standing(source_profiles, field, grant)
    if not homes:
        raise NotOverridable(field, "nobody has set it by hand")
    end(homes, [field], by=grant.actor.id, now=now)
    audit.write(grant, sorted(homes), action="remove golden value", fields=[field])


def give_way(
    source_profiles: Collection[UUID], right: Mapping[str, str], *, grant: Grant, request: UUID, now: datetime
) -> int:
    """The person had these fields put right: what was set by hand there ends, and what of it was wrong is refuted.

    Returns how many values were wrong.
    """
    wrong = [one for one in opened(source_profiles, grant, fields=right) if one.value != right[one.row.field]]
    sealer = Sealer(keys.fetch_to_seal(sorted({one.row.source_profile_id for one in wrong})))
    for one in wrong:
        field = one.row.field
        corrections.refute(
            one.row.source_profile_id, field, {one.value}, right=right[field], sealer=sealer, request=request, now=now
        )
    end(source_profiles, right, by=RECTIFICATION, now=now)
    return len(wrong)


@dataclass(frozen=True, slots=True)
class Opened:
    """A standing override with its value."""

    row: GoldenOverride
    value: str


def opened(
    source_profiles: Collection[UUID],
    grant: Grant,
    *,
    fields: Collection[str] | None = None,
    opening: Opening = open_sealed,
) -> list[Opened]:
    """What was set by hand on these source profiles, whether it wins or not."""
    held = standing(source_profiles).select_related("source_profile__source").order_by("field", "-set_at", "id")
    rows = [row for row in held if fields is None or row.field in fields]
    sealed = [Sealed(row.source_profile_id, _place(row.pk), row.sealed or b"", row.field) for row in rows]
    values = opening(sealed, grant, action="read golden record")
    return [Opened(row, value.decode()) for row, value in zip(rows, values, strict=True) if value is not None]


def standing(source_profiles: Collection[UUID]) -> "QuerySet[GoldenOverride]":
    """What was set by hand on these source profiles and not taken back."""
    return GoldenOverride.objects.filter(source_profile__in=list(source_profiles), ended_at=None)


def end(source_profiles: Collection[UUID], fields: Collection[str], *, by: str, now: datetime) -> None:
    """End what was set by hand in these fields: that it was, by whom and why stays known, the value does not."""
    gone = standing(source_profiles).filter(field__in=list(fields))
    gone.update(ended_at=now, ended_by=by, sealed=None, index=None, birth_year=None, country="")


def aged(source: UUID, field: str, *, before: datetime) -> "QuerySet[GoldenOverride]":
    """What was set by hand in this field, on source profiles of this source, before that instant."""
    return GoldenOverride.objects.filter(source_profile__source=source, field=field, set_at__lt=before)


def _must_be_overridable(field: str, source_profiles: Collection[UUID]) -> None:
    if field not in OVERRIDABLE:
        raise NotOverridable(field, f"cannot be set by hand; known are {', '.join(OVERRIDABLE)}")
    if Correction.objects.filter(source_profile__in=list(source_profiles), field=field).exists():
        raise NotOverridable(field, "the person had it put right; only another rectification request changes it")


def _homes_of_standing(source_profiles: Collection[UUID], field: str, grant: Grant) -> set[UUID]:
    """The source profiles on which hangs what was set by hand. Raises `OutOfReach` if one may not be read."""
    homes = set(standing(source_profiles).filter(field=field).values_list("source_profile_id", flat=True))
    if homes - grant.source_profiles:
        raise OutOfReach(
            field, "it was set by hand on a source that this purpose may not read; change it for a purpose that may"
        )
    return homes


def _decided(
    covered: Collection[UUID], field: str, text: str, chosen: UUID | None, grant: Grant, now: datetime
) -> tuple[Offer | None, str, UUID]:
    """The offer that is meant, if any, the value, and the source profile that it is to hang on."""
    home = home_of(covered)
    if home is None:
        raise NotOverridable(field, "no source that may be read knows the person")
    known = offers(covered, field, grant)
    if chosen is not None:
        offer = next((one for one in known if one.id == chosen), None)
        if offer is None:
            raise NotOverridable(field, "this value is not there any more, or was blocked since; choose again")
        return offer, offer.value, offer.source_profile
    try:
        value = normal_form(field, text, setting_of(home, now=now))
    except Illegible as error:
        raise NotOverridable(field, str(error)) from None
    offer = next(_alike(known, field, value), None)
    if offer:
        return offer, offer.value, offer.source_profile
    if field not in TYPED:
        raise NotOverridable(
            field, "choose a value that a source has and that is not blocked; one that is wrong everywhere is put right"
        )
    return None, value, home.pk


def _alike(known: Collection[Offer], field: str, value: str) -> Iterator[Offer]:
    """The offers of this very value, however an identifier is spelled."""
    form = identity_form(field, value) if field in IDENTIFIERS else value
    return (one for one in known if (identity_form(field, one.value) if field in IDENTIFIERS else one.value) == form)


def _index_of(field: str, value: str) -> bytes | None:
    """The blind index of an identifier, by which it is known to be blocked."""
    pair = field, identity_form(field, value)
    return indexes_to_write({pair})[pair] if field in IDENTIFIERS else None


def _place(row: UUID) -> Place:
    return Place("identity_goldenoverride", "sealed", row)
