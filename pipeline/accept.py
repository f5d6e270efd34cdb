"""Accept: from envelopes to durable, sealed records, in one transaction per batch.

duplicates dropped → source profiles found or made → what they say of consent recorded → consent asked → keys →
sealed → stored → queued. Acknowledged = stored + duplicate + quarantined + refused: a constraint holds it.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from msgspec.structs import replace

from consent import acts, double_opt_in
from consent.acts import NewAct
from consent.decide import decide_each
from consent.models import GRANTED, PENDING, WITHDRAWN
from identity import blocked, devices
from identity.devices import Sighting
from pipeline import queue, signals
from pipeline.garbage import uncollected
from pipeline.queue import Waiting
from pipeline.undeclared import without_erased
from privacy import epoch, sign_ups, suppression
from privacy.suppression import Asked
from records import dedupe, discovered, intakes, outliers, quarantine, source_profiles, store, unique
from records.dictionary import IDENTIFIERS
from records.envelope import Envelope, Reject, Said
from records.mending import BY_HAND
from records.models import SINGLE, Source
from records.sightings import identifiers_of
from records.source_profiles import Newcomer
from records.standardize import identity_form
from records.store import Accepted
from records.tallies import Tally, tally_of
from vault import keys
from vault.crossing import again_when_crossed
from vault.grants import Actor
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.sealing import Sealer

STAGE = Actor.machine("accept")
# The blind index of each identifier in a batch, by namespace and value in the form that is indexed.
Indexes = Mapping[tuple[str, str], bytes]


@dataclass(frozen=True)
class Acceptance:
    """What became of a batch: the four kinds add up to what was acknowledged."""

    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    rejects: list[Reject] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return self.stored + self.duplicate + self.quarantined + self.refused

    def __add__(self, other: "Acceptance") -> "Acceptance":
        return Acceptance(
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            self.refused + other.refused,
            self.rejects + other.rejects,
        )


Batch = Sequence[Envelope | Reject]


def accept(source: Source, items: Batch, *, door: str, now: datetime) -> Acceptance:
    """Take in a batch of one source. Everything happens or nothing does; a repeated batch changes nothing.

    A batch that crosses an erasure may lose a source profile or a lock under its hands; it is then tried again.
    Raises `privacy.epoch.Behind` while the database is a restored one that misses erasures.
    """
    return accept_each(source, [items], door=door, now=now)[0]


def take_back(
    source: Source, envelopes: Sequence[Envelope], *, refused: int, received_at: datetime, now: datetime
) -> Acceptance:
    """The same for what comes out of quarantine, inside the caller's transaction; all of it came on that day.

    `refused` more were too old to be kept.
    """
    epoch.must_be_current()
    keyed = _keyed(envelopes)
    suppression.pass_the_door()
    with uncollected():
        acceptances, tally = _outcome(source, [keyed], now)
        acceptance = acceptances[0] + Acceptance(refused=refused)
        intakes.note_let_go(
            source,
            stored=acceptance.stored,
            duplicate=acceptance.duplicate,
            refused=acceptance.refused,
            now=received_at,
            tally=tally,
        )
    return acceptance


def accept_each(source: Source, batches: Sequence[Batch], *, door: str, now: datetime) -> list[Acceptance]:
    """The same for several batches in one transaction, with what became of each. What two of them hold counts once."""
    epoch.must_be_current()
    return again_when_crossed(lambda: _accept(source, batches, door, now), may_be_part=True)


def _accept(source: Source, batches: Sequence[Batch], door: str, now: datetime) -> list[Acceptance]:
    if not any(batches):
        return [Acceptance() for _ in batches]
    batches = [_keyed(batch) for batch in batches]
    with transaction.atomic():
        suppression.pass_the_door()
        return _behind_the_door(source, batches, door, now)


def _behind_the_door(source: Source, batches: Sequence[Batch], door: str, now: datetime) -> list[Acceptance]:
    with uncollected():
        acceptances, tally = _outcome(source, batches, now, door)
        _account(source, sum(acceptances, Acceptance()), tally, door, now)
    return acceptances


def _outcome(source: Source, batches: Sequence[Batch], now: datetime, door: str = "") -> tuple[list[Acceptance], Tally]:
    """Take in what is new; what became of each batch, and the tally of what was stored."""
    fresh = _drop_duplicates(source, [item for batch in batches for item in batch], now)
    quarantine.keep([item for item in fresh.values() if isinstance(item, Reject)], source, door=door, now=now)
    kept = _take_in(source, [item for item in fresh.values() if isinstance(item, Envelope)], now)
    stored = {envelope.message_hash for envelope in kept}
    return [_counted(batch, fresh, stored) for batch in batches], tally_of(kept)


def _keyed(batch: Batch) -> Batch:
    """Each message with the hash under which it is remembered."""
    keyed = dedupe.keyed_each(item.message_hash for item in batch)
    return [replace(item, message_hash=hash) for item, hash in zip(batch, keyed, strict=True)]


def _drop_duplicates(source: Source, items: Batch, now: datetime) -> dict[bytes, Envelope | Reject]:
    """Of the messages that never came before, the first of each, by the hash that it is known by."""
    unseen = dedupe.first_seen(source, [item.message_hash for item in items], now=now)
    fresh: dict[bytes, Envelope | Reject] = {}
    for item in items:
        if item.message_hash in unseen:
            fresh.setdefault(item.message_hash, item)
    return fresh


def _counted(batch: Batch, fresh: Mapping[bytes, Envelope | Reject], stored: Set[bytes]) -> Acceptance:
    """What became of this batch's messages."""
    taken = [item for item in batch if fresh.get(item.message_hash) is item]
    kept = sum(item.message_hash in stored for item in taken)
    quarantined = sum(isinstance(item, Reject) for item in taken)
    return Acceptance(
        stored=kept,
        duplicate=len(batch) - len(taken),
        quarantined=quarantined,
        refused=len(taken) - kept - quarantined,
        rejects=[item for item in batch if isinstance(item, Reject)],
    )


def _take_in(source: Source, envelopes: Sequence[Envelope], now: datetime) -> list[Envelope]:
    """Store what may be kept. Returns what was."""
    welcome = without_erased(_without_suppressed(envelopes, source, now), source, now=now)
    wanted = signals.interpret(welcome, source, now=now)
    indexes = indexes_to_write(identifiers_of(wanted))
    telling = _telling(indexes)
    # What came earlier makes nobody's time begin anew.
    came_at = min((item.received_at for item in wanted if item.received_at), default=now)
    placed, made, claimed = _place(source, wanted, telling, came_at)
    said = _said(source, placed, now)
    said += signals.of_devices(source, placed, [_index(item, "device_id", telling) for item in wanted], said)
    if any("device_id" in item.fields for item in wanted):
        said += signals.carried_over(made)
    spoke = _record_acts(said, now)
    may = _allowed(source, {item.source_profile for item in placed}, now)
    unwanted = made - may - spoke
    devices.forget(source, unwanted)
    source_profiles.forget(unwanted)
    kept = [item for item in placed if item.source_profile in may]
    if kept:
        kept = outliers.flagged(unique.flagged(kept, source, indexes), source)
        ids = {item.source_profile for item in kept}
        store.append(kept, source, Sealer(keys.fetch_or_make(ids, new=made)), now=now, indexes=indexes)
        discovered.note(source, (item.envelope.undeclared for item in kept if item.envelope.undeclared), now=now)
    queue.enqueue({item.source_profile for item in kept} | spoke | (claimed - unwanted), now=now, news=_news(kept))
    return [item.envelope for item in kept]


def _without_suppressed(envelopes: Sequence[Envelope], source: Source, now: datetime) -> list[Envelope]:
    """Those that bear no identifier of an erased person. Whoever else uses that person's device is not barred by it.

    Of the others, those in which an erased person's address signs up anew wait for a second yes, apart from all else.
    """
    barred = suppression.barred([Asked(item.fields, item.occurred_at) for item in envelopes])
    kept, refused = [], []
    for item, hits in zip(envelopes, barred, strict=True):
        if hits == {"device_id"} and len(IDENTIFIERS & item.fields.keys()) > 1:
            kept.append(replace(item, fields={name: text for name, text in item.fields.items() if name != "device_id"}))
        elif not hits:
            kept.append(item)
        else:
            refused.append(item)
    sign_ups.keep(refused, source, now=now)
    return kept


def _place(
    source: Source, envelopes: Sequence[Envelope], indexes: Indexes, now: datetime
) -> tuple[list[Accepted], set[UUID], set[UUID]]:
    """Each envelope with its source profile; the source profiles made for it; those whose owner became known."""
    stable = [_index(item, source.stable_key, indexes) for item in envelopes]
    seen = {index: item.occurred_at for item, index in zip(envelopes, stable, strict=True) if index}
    customers, made = source_profiles.find_or_make(source, seen, now=now)
    known_since = {found.id: found.known_since for found in customers.values()}
    homes: list[UUID | None] = [customers[index].id if index in customers else None for index in stable]
    devices_used = [_index(item, "device_id", indexes) for item in envelopes]
    sighted = [position for position, device in enumerate(devices_used) if device]
    sightings = [_sighting(envelopes[position], homes[position], indexes) for position in sighted]
    if sightings:
        _lock_devices(source, sightings)
    attribution = devices.attribute(source, sightings, now=now)
    for position, source_profile in zip(sighted, attribution.source_profiles, strict=True):
        homes[position] = homes[position] or source_profile
    singles = {position: new_id() for position, home in enumerate(homes) if home is None}
    made |= attribution.made | source_profiles.make(
        source, [Newcomer(id, SINGLE, None, envelopes[at].occurred_at) for at, id in singles.items()], now=now
    )
    placed = []
    for position, (item, home) in enumerate(zip(envelopes, homes, strict=True)):
        id = home or singles[position]
        signed_in = home is not None and _index(item, "account_id", indexes) is not None
        placed.append(Accepted(_without_device_of_others(item) if signed_in else item, id, known_since.get(id)))
    return placed, made, attribution.claimed


def _telling(indexes: Indexes) -> Indexes:
    """Those that tell anything of who somebody is: a blocked one is no key of anybody and no device of its own."""
    nobodys = blocked.standing_by_known_keys() if indexes else blocked.NOTHING_BLOCKED
    return {pair: index for pair, index in indexes.items() if (pair[0], index) not in nobodys}


def _index(item: Envelope, namespace: str, indexes: Indexes) -> bytes | None:
    value = item.fields.get(namespace)
    return indexes.get((namespace, identity_form(namespace, value))) if value else None


# One transaction at a time sees a device: two that meet a new one at once would make two visitors of it.
LOCK_DEVICES = "SELECT pg_advisory_xact_lock(hashtext(%s), bucket) FROM unnest(%s::int[]) AS bucket"
BUCKETS = 64


def _lock_devices(source: Source, sightings: Sequence[Sighting]) -> None:
    """Lock these devices, in buckets: a lock for each would fill the server's table of locks."""
    buckets = {sighting.device_index[0] % BUCKETS for sighting in sightings}
    with connection.cursor() as cursor:
        cursor.execute(LOCK_DEVICES, [f"devices of {source.id}", sorted(buckets)])


def _sighting(item: Envelope, owner: UUID | None, indexes: Indexes) -> Sighting:
    index = _index(item, "device_id", indexes)
    if index is None:
        raise LookupError("a sighting needs a device")
    return Sighting(index, item.occurred_at, owner, item.opens_episode)


def _without_device_of_others(item: Envelope) -> Envelope:
    """A signed-in message names the device, yet the device is no identifier of the account: its episodes are."""
    if "device_id" not in item.fields:
        return item
    return replace(item, fields={name: value for name, value in item.fields.items() if name != "device_id"})


def _said(source: Source, placed: Sequence[Accepted], now: datetime) -> list[NewAct]:
    return [
        NewAct(
            source_profile=item.source_profile,
            purpose=word.purpose,
            channel=word.channel,
            state=_state_of(word),
            occurred_at=signals.spoken_at(word, item.envelope, now=now),
            how=word.how or f"source {source.name}"[:40],
            verified=not source.client_side or bool(word.spoken_by),
            actor=word.spoken_by,
            locale=word.locale,
            source=source.name,
            addressed=item.source_profile if word.spoken_by else None,
        )
        for item in placed
        for word in item.envelope.said
        # Whoever mends a record by hand can take nobody's word for theirs: a no counts, a yes does not.
        if not (word.granted and BY_HAND in item.envelope.flags)
    ]


def _state_of(word: Said) -> str:
    if not word.granted:
        return WITHDRAWN
    return PENDING if word.double_opt_in else GRANTED


def _record_acts(said: Sequence[NewAct], now: datetime) -> set[UUID]:
    bases = acts.legal_bases()
    said = signals.without_answered([act for act in said if act.purpose in bases])
    if not said:
        return set()
    firm = acts.news_of([act for act in said if act.state != PENDING])
    to_confirm = double_opt_in.worth_asking([act for act in said if act.state == PENDING])
    return {act.source_profile_id for act in acts.record([*firm, *to_confirm], now=now, bases=bases)}


def _allowed(source: Source, ids: set[UUID], now: datetime) -> set[UUID]:
    """Those for whom at least one of the source's purposes is allowed."""
    allowed: set[UUID] = set()
    for purpose in source.purposes:
        waiting = {id: (id,) for id in ids - allowed}
        if waiting:
            allowed |= decide_each(waiting, purpose=purpose, at=now, actor=STAGE, reason="accept records").allowed
    return allowed


def _news(kept: Sequence[Accepted]) -> dict[UUID, Waiting]:
    first: dict[UUID, datetime] = {}
    last: dict[UUID, datetime] = {}
    for item in kept:
        id, at = item.source_profile, item.envelope.occurred_at
        first[id] = min(at, first.get(id, at))
        last[id] = max(at, last.get(id, at))
    return {id: Waiting(at.date(), last[id]) for id, at in first.items()}


def _account(source: Source, acceptance: Acceptance, tally: Tally, door: str, now: datetime) -> None:
    intakes.note(
        source,
        door=door,
        acknowledged=acceptance.acknowledged,
        stored=acceptance.stored,
        duplicate=acceptance.duplicate,
        quarantined=acceptance.quarantined,
        refused=acceptance.refused,
        now=now,
        tally=tally,
    )
