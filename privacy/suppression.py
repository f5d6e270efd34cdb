"""Who must not come back: keyed hashes of an erased person's identifiers, asked for at the door."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from msgspec import Struct

from identity import blocked
from identity.models import Assignment, DeviceEpisode
from privacy.models import SubjectRequest, Suppression
from privacy.subjects import Subject
from privacy.suppression_clear import clear
from privacy.suppression_hashes import Hash, Kind, Token, hashes_of, namespace_of, newest_hashes, wanted_by
from records.models import Identifier, SourceProfile
from vault.cursors import plan_once
from vault.ids import new_id

Pair = tuple[str, bytes]
DEVICE = "device_id"
# Who asks at the door shares this lock to the end of its transaction; an erasure holds it alone while it deletes. So
# a record is either refused, or stored where the erasure finds it: none slips in between.
DOOR = 0x0E4A5ED


class Asked(Struct, frozen=True):
    """A record at the door: its fields in normal form, and when it happened."""

    fields: Mapping[str, str]
    occurred_at: datetime


# The rows of the list under the asked hashes. A hash is of its kind and its version of the key alone.
LISTED = """
SELECT id, version, namespace, index, listed_with, created_at, lifted_at, brings_back
FROM privacy_suppression WHERE index = ANY(%b::bytea[]) ORDER BY id
"""


class Bar(NamedTuple):
    """A row of the list that was met: by what, which erasure wrote it and when, up to when it counts, and for what."""

    id: int
    hash: Hash
    listed_with: UUID
    created_at: datetime
    lifted_at: datetime | None
    brings_back: bool

    @property
    def namespace(self) -> str:
        """The identifier that it is about."""
        return namespace_of(self.hash.kind)


def barred(asked: Sequence[Asked]) -> list[set[str]]:
    """Of each record, the namespaces of the identifiers that bar it, since they are an erased person's.

    A stable key counts as an identifier in the namespace that its source declares, such as "customer_number". What a
    household shares bars only together with a name or date of birth. What happened before a suppression was lifted
    stays barred. Where the act that lifted an identifier brought its person back, what else the same erasure listed
    does not bar a record that bears it. Ask inside the transaction that stores what may come in.
    """
    pass_the_door()
    met = _met([one.fields for one in asked])
    return [_barring(bars, one.occurred_at) for one, bars in zip(asked, met, strict=True)]


def _met(borne: Sequence[Mapping[str, str]]) -> list[list[Bar]]:
    """Of each record, the rows of the list under what it bears."""
    mark = _mark()
    kinds = clear.kinds(at=mark, read=_kinds)
    if not kinds:
        return [[] for _ in borne]
    wanted = [wanted_by(fields) for fields in borne]
    asked = clear.unknown({one for each in wanted for one in each}, at=mark)
    hashes = hashes_of(asked, kinds)
    listed: dict[Hash, list[Bar]] = defaultdict(list)
    for bar in bars(set[Hash]().union(*hashes.values())):
        listed[bar.hash].append(bar)
    found = {one: [bar for hash in its for bar in listed.get(hash, ())] for one, its in hashes.items()}
    met = {one: bars for one, bars in found.items() if bars}
    clear.note(asked - met.keys(), at=mark)
    return [[bar for one in each if one in met for bar in met[one]] if met else [] for each in wanted]


MARK = "SELECT (SELECT max(id) FROM privacy_suppression), (SELECT hash FROM privacy_erasureepoch)"


def _mark() -> tuple[object, ...]:
    """How far the list has grown, and by which erasures. Rows are added behind a closed door, in the order of ids."""
    with connection.cursor() as cursor:
        plan_once(cursor).execute(MARK)
        return tuple(cursor.fetchone())


def _kinds() -> frozenset[Kind]:
    """What kinds of rows the list holds: by no other is anybody looked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT version, namespace FROM privacy_suppression")
        return frozenset(Kind(*row) for row in cursor.fetchall())


def _barring(met: Sequence[Bar], occurred_at: datetime) -> set[str]:
    lifted = {bar for bar in met if bar.lifted_at is not None and bar.lifted_at < occurred_at}
    back = {bar.listed_with for bar in lifted if bar.brings_back}
    return {bar.namespace for bar in met if bar not in lifted and bar.listed_with not in back}


def bars(hashes: Collection[Hash]) -> list[Bar]:
    """The rows of the list under these hashes, lifted ones among them."""
    if not hashes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(LISTED, [[one.hash for one in hashes]])
        return [
            Bar(id, Hash(version, kind, bytes(digest)), *when) for id, version, kind, digest, *when in cursor.fetchall()
        ]


def standing(fields: Mapping[str, str]) -> list[Bar]:
    """The rows of the list that bar whoever bears these fields, lifted ones left out."""
    return standing_each([fields])[0]


def standing_each(borne: Sequence[Mapping[str, str]]) -> list[list[Bar]]:
    """The same of each of these, asked at once."""
    return [[bar for bar in met if bar.lifted_at is None] for met in _met(borne)]


def pass_the_door() -> None:
    """Take in records until this transaction ends: an erasure waits for it, or it for the erasure."""
    with connection.cursor() as cursor:
        plan_once(cursor).execute("SELECT pg_advisory_xact_lock_shared(%s)", [DOOR])


def close_the_door() -> None:
    """Let nobody store records until this transaction ends; waits for those who are about to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DOOR])


def add(tokens: Collection[Token], *, request: SubjectRequest, now: datetime) -> list[Hash]:
    """Put these on the list. Returns the hashes under which they stand there."""
    hashes = newest_hashes(tokens)
    put(hashes, request=request.pk, now=now)
    return hashes


def put(hashes: Collection[Hash], *, request: UUID, now: datetime) -> None:
    """Put hashes on the list that were made before: those that the erasure ledger remembers."""
    together = new_id()
    rows = [
        Suppression(
            version=one.version,
            namespace=one.kind,
            index=one.hash,
            request_id=request,
            listed_with=together,
            created_at=now,
        )
        for one in hashes
    ]
    Suppression.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)


def lift_again(hashes: Collection[Hash], *, request: UUID, brings_back: bool, by: str, now: datetime) -> None:
    """Lift what the erasure ledger says was lifted: these hashes; in entries without any, all that the request listed.

    What was listed after that stays.
    """
    rows = Suppression.objects.filter(lifted_at=None, created_at__lte=now)
    if hashes:
        found = {bar.id for bar in bars(hashes)}
        rows = rows.filter(pk__in=found)
    else:
        rows = rows.filter(request=request)
    rows.update(lifted_at=now, lifted_by=by, brings_back=brings_back)


def pairs_of(source_profiles: Collection[UUID]) -> set[Pair]:
    """Every pair of namespace and blind index by which these source profiles can be found."""
    identifiers = Identifier.objects.filter(source_profile__in=source_profiles).values_list("namespace", "index")
    stable = SourceProfile.objects.filter(id__in=source_profiles).exclude(source__stable_key="")
    keys = stable.values_list("source__stable_key", "stable_index")
    devices = DeviceEpisode.objects.filter(owner__in=source_profiles).values_list("device_index", flat=True)
    named = [*identifiers, *keys, *((DEVICE, index) for index in devices)]
    return {(namespace, bytes(index)) for namespace, index in named if index is not None}


def own_pairs(subject: Subject) -> set[Pair]:
    """The pairs that nobody else's source profiles bear, and that are not blocked: a household's phone is not among
    them, nor what anybody may come to bear."""
    return sole_pairs(subject) - blocked.standing().pairs


def sole_pairs(subject: Subject) -> set[Pair]:
    """The pairs that nobody else's source profiles bear."""
    pairs = pairs_of(subject.source_profiles)
    others = _assigned(bearers(pairs) - subject.source_profiles)
    return pairs - pairs_of(others)


def unassigned_bearers(pairs: Collection[Pair]) -> set[UUID]:
    """Source profiles that bear one of these pairs, belong to no profile yet, and bear nothing that is another's.

    Records of the person that were taken in, but not resolved, when the erasure began.
    """
    found = bearers(pairs)
    waiting = found - _assigned(found)
    return {one for one in waiting if not _assigned(bearers(pairs_of([one]) - set(pairs)))}


def bearers(pairs: Collection[Pair]) -> set[UUID]:
    """Every source profile that bears one of these pairs."""
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
