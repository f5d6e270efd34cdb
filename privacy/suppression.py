"""Who must not come back: keyed hashes of an erased person's identifiers, asked for at the door."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from identity.models import Assignment, DeviceEpisode
from privacy.models import SubjectRequest, Suppression
from privacy.subjects import Subject
from records.models import Identifier, SourceProfile

Pair = tuple[str, bytes]
DEVICE = "device_id"
# Who asks at the door shares this lock to the end of its transaction; an erasure holds it alone while it deletes. So
# a record is either refused, or stored where the erasure finds it: none slips in between.
DOOR = 0x0E4A5ED

# Which of the asked pairs of namespace and blind index stand on the list.
STANDING = """
SELECT DISTINCT listed.namespace, listed.index
FROM privacy_suppression AS listed
JOIN unnest(%s::text[], %s::bytea[]) AS asked (namespace, index) USING (namespace, index)
WHERE listed.lifted_at IS NULL
"""


def suppressed(pairs: Collection[Pair]) -> set[Pair]:
    """Those of these pairs of namespace and blind index (16 bytes) that belong to an erased person.

    A stable key counts as an identifier in the namespace that its source declares, such as "customer_number". Ask
    inside the transaction that stores what may come in.
    """
    if not pairs:
        return set()
    namespaces, indexes = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [DOOR])
        cursor.execute(STANDING, [list(namespaces), list(indexes)])
        return {(namespace, bytes(index)) for namespace, index in cursor.fetchall()}


def close_the_door() -> None:
    """Let nobody store records until this transaction ends; waits for those who are about to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DOOR])


def pairs_of(source_profiles: Collection[UUID]) -> set[Pair]:
    """Every pair of namespace and blind index by which these source profiles can be found."""
    identifiers = Identifier.objects.filter(source_profile__in=source_profiles).values_list("namespace", "index")
    stable = SourceProfile.objects.filter(id__in=source_profiles).exclude(source__stable_key="")
    keys = stable.values_list("source__stable_key", "stable_index")
    devices = DeviceEpisode.objects.filter(owner__in=source_profiles).values_list("device_index", flat=True)
    named = [*identifiers, *keys, *((DEVICE, index) for index in devices)]
    return {(namespace, bytes(index)) for namespace, index in named if index is not None}


def own_pairs(subject: Subject) -> set[Pair]:
    """The pairs that nobody else's source profiles bear: a household's phone is not among them."""
    pairs = pairs_of(subject.source_profiles)
    others = _assigned(_bearers(pairs) - subject.source_profiles)
    return pairs - pairs_of(others)


def unassigned_bearers(pairs: Collection[Pair]) -> set[UUID]:
    """Source profiles that bear one of these pairs, belong to no profile yet, and bear nothing that is another's.

    Records of the person that were taken in, but not resolved, when the erasure began.
    """
    bearers = _bearers(pairs)
    waiting = bearers - _assigned(bearers)
    return {one for one in waiting if not _assigned(_bearers(pairs_of([one]) - set(pairs)))}


def add(pairs: Collection[Pair], *, request: SubjectRequest, now: datetime) -> int:
    """Put these pairs on the list. Returns how many."""
    rows = [Suppression(namespace=name, index=index, request=request, created_at=now) for name, index in sorted(pairs)]
    return len(Suppression.objects.bulk_create(rows))


def _bearers(pairs: Collection[Pair]) -> set[UUID]:
    by_namespace: dict[str, list[bytes]] = defaultdict(list)
    for namespace, index in pairs:
        by_namespace[namespace].append(index)
    found: set[UUID] = set()
    for namespace, indexes in sorted(by_namespace.items()):
        seen = Identifier.objects.filter(namespace=namespace, index__in=indexes)
        keyed = SourceProfile.objects.filter(source__stable_key=namespace, stable_index__in=indexes)
        found.update(seen.values_list("source_profile_id", flat=True), keyed.values_list("id", flat=True))
    devices = DeviceEpisode.objects.filter(device_index__in=by_namespace[DEVICE], owner__isnull=False)
    return found | set(devices.values_list("owner_id", flat=True))


def _assigned(source_profiles: Collection[UUID]) -> set[UUID]:
    current = Assignment.objects.current().filter(source_profile__in=source_profiles)
    return set(current.values_list("source_profile_id", flat=True))
