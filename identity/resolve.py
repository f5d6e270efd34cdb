"""Resolve: who is who. New source profiles meet their candidates; the ledger gets what follows.

Trusted source profiles are joined first, by what identifies exclusively and by scored agreement. Then those of
client-side sources follow their own evidence, and each such group joins at most one known person: an e-mail typed into
a browser never merges two.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from consent.decide import decide_each
from identity import candidates, ledger
from identity.candidates import EXCLUSIVE, Pair
from identity.learning import LINKING, active_model
from identity.ledger import Entry
from identity.matching import (
    COMPARISONS,
    LINK,
    REVIEW,
    Contradiction,
    Model,
    People,
    Person,
    Scores,
    cluster,
    compare,
    contradicts,
    evidence,
    log_odds,
    score,
)
from identity.models import CANNOT_LINK, IN_REVIEW, LINKED, MUST_LINK, Match, Verdict
from identity.persons import known, open_persons
from identity.profiles import profile_of, source_profiles_of
from outbox.changes import PROFILE_CREATED, PROFILE_MERGED, News
from records.models import SourceProfile
from vault.grants import Actor
from vault.ids import new_id

STAGE = Actor.machine("resolve")
ALONE, SIGNED_IN, SAME_DEVICE, SAME_EMAIL, SIMILAR, VERDICT = (
    "nobody alike",
    "signed in on this device",
    "same device",
    "same e-mail",
    "similar person",
    "verdict",
)
EXCLUSIVE_REASONS = {namespace: f"same {namespace.replace('_', ' ')}" for namespace in EXCLUSIVE}
SURE_BITS = log_odds(LINK) + 1.0


@dataclass
class Edge:
    """Why two source profiles may be one: bits for it (log2 odds), the reason, levels of agreement. Exact: certain."""

    bits: float
    reason: str
    exact: bool = False
    levels: list[tuple[str, str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Resolution:
    """The profiles whose source profiles or data have changed, and the news of it."""

    profiles: set[UUID]
    news: list[News]


def resolve(source_profiles: Collection[UUID], *, now: datetime) -> Resolution:
    """Give each of these source profiles its profile, merging profiles where the evidence says so.

    Runs inside the caller's transaction, one such transaction at a time; safe to repeat.
    """
    ledger.lock()
    fresh = set(SourceProfile.objects.filter(id__in=list(source_profiles)).values_list("id", flat=True))
    scene = _look_around(fresh, now)
    groups = _group(scene)
    return _enter(scene, groups, now)


@dataclass
class _Scene:
    """Everybody whom this batch is about, what speaks for joining them, and where they belong so far."""

    fresh: set[UUID]
    everyone: list[UUID]
    place: dict[UUID, int]
    trusted: set[UUID]
    belongs: dict[UUID, UUID]
    edges: dict[Pair, Edge]
    apart: set[Pair]
    people: People
    contradicts: Contradiction
    version: str


def _look_around(fresh: set[UUID], now: datetime) -> _Scene:
    newcomers = _open(fresh, now)
    candidates.keep_tokens({id: newcomers[id] for id in known(newcomers)})
    shared = candidates.by_identifier(fresh)
    alike = candidates.by_token(fresh)
    signed_in, on_device = candidates.by_sign_in(fresh), candidates.by_device(fresh)
    verdicts = _verdicts(fresh)
    met = {id for pair in (*shared, *alike, *signed_in, *on_device, *verdicts) for id in pair} | fresh
    belongs = profile_of(met)
    for profile, members in source_profiles_of(set(belongs.values())).items():
        belongs |= dict.fromkeys(members, profile)
    persons = newcomers | _open(met | belongs.keys(), now, without=newcomers.keys())
    everyone = sorted(persons)
    people = People.build(everyone, [persons[id] for id in everyone])
    model, version = active_model()
    edges = _scored(shared.keys() | alike, persons, everyone, people, model)
    _add_exact(edges, shared, signed_in, on_device, persons)
    _add_verdicts(edges, verdicts)
    rows = SourceProfile.objects.filter(id__in=everyone, source__client_side=False)
    return _Scene(
        fresh=fresh,
        everyone=everyone,
        place={id: row for row, id in enumerate(everyone)},
        trusted=set(rows.values_list("id", flat=True)),
        belongs={id: profile for id, profile in belongs.items() if id in persons},
        edges=edges,
        apart={pair for pair, verdict in verdicts.items() if verdict == CANNOT_LINK},
        people=people,
        contradicts=partial(contradicts, people, model),
        version=version,
    )


def _open(ids: Iterable[UUID], now: datetime, *, without: Collection[UUID] = ()) -> dict[UUID, Person]:
    """The persons behind these source profiles; one that may not be linked stays, with nothing known of it."""
    wanted = {id: (id,) for id in ids if id not in without}
    decisions = decide_each(wanted, purpose=LINKING, at=now, actor=STAGE, reason="resolve source profiles")
    opened = open_persons(sorted(decisions.allowed), decisions.grant)
    return {id: opened.get(id, Person()) for id in wanted}


def _verdicts(ids: Collection[UUID]) -> dict[Pair, str]:
    rows = Verdict.objects.filter(undone_at=None)
    mine = rows.filter(left__in=list(ids)) | rows.filter(right__in=list(ids))
    return {(left, right): verdict for left, right, verdict in mine.values_list("left_id", "right_id", "verdict")}


def _scored(
    pairs: Iterable[Pair], persons: Mapping[UUID, Person], everyone: Sequence[UUID], people: People, model: Model
) -> dict[Pair, Edge]:
    place = {id: row for row, id in enumerate(everyone)}
    wanted = [pair for pair in sorted(pairs) if pair[0] in place and pair[1] in place]
    rows = np.array([(place[left], place[right]) for left, right in wanted], dtype=np.int32).reshape(-1, 2)
    levels = compare(people, rows)
    scores = score(levels, model, people=people, pairs=rows)
    bits = scores.log_odds
    email = [comparison.name for comparison in COMPARISONS].index("email")
    same_email = levels[:, email] == len(COMPARISONS[email].levels) - 1
    # One place more than there are values, so that the code of a missing e-mail (-1) finds it.
    shared_email = np.append(people.shared_emails.household, True)[people.email.codes[rows[:, 0]]]
    edges = {}
    for row, pair in enumerate(wanted):
        reason = SIMILAR
        weight = float(bits[row])
        if same_email[row] and not shared_email[row] and not scores.contradiction[row]:
            reason, weight = SAME_EMAIL, max(weight, SURE_BITS)
        edges[pair] = Edge(weight, reason, levels=_levels(levels[row], scores, row))
    return edges


def _levels(levels: NDArray[np.int8], scores: Scores, row: int) -> list[tuple[str, str, float]]:
    """What each comparison adds, and what a shared household or a contradiction takes off: levels and bits."""
    against = round(float(scores.alternative[row]), 2)
    found = evidence(levels, scores.weight[row])
    return [*found, ("household", "may be two people", against)] if against else found


def _add_exact(
    edges: dict[Pair, Edge],
    shared: Mapping[Pair, set[str]],
    signed_in: set[Pair],
    on_device: set[Pair],
    persons: Mapping[UUID, Person],
) -> None:
    exact = dict.fromkeys(signed_in, SIGNED_IN)
    for pair, namespaces in shared.items():
        for namespace in EXCLUSIVE:
            if namespace in namespaces:
                exact[pair] = EXCLUSIVE_REASONS[namespace]
    for pair, reason in exact.items():
        if pair[0] in persons and pair[1] in persons:
            levels = edges[pair].levels if pair in edges else []
            edges[pair] = Edge(2 * SURE_BITS, reason, exact=True, levels=levels)
    for pair in on_device - exact.keys():
        if pair[0] in persons and pair[1] in persons:
            edges[pair] = Edge(SURE_BITS, SAME_DEVICE)


def _add_verdicts(edges: dict[Pair, Edge], verdicts: Mapping[Pair, str]) -> None:
    for pair, verdict in verdicts.items():
        if verdict == MUST_LINK:
            edges[pair] = Edge(2 * SURE_BITS, VERDICT, exact=True)
        else:
            edges.pop(pair, None)


def _group(scene: _Scene) -> list[set[UUID]]:
    """Everybody in groups of one person each."""
    known_people = _cluster(scene, scene.trusted)
    visitors = _cluster(scene, set(scene.everyone) - scene.trusted)
    return _attach(scene, known_people, visitors)


def _cluster(scene: _Scene, members: set[UUID]) -> list[set[UUID]]:
    place = scene.place
    inside = [pair for pair in sorted(scene.edges) if pair[0] in members and pair[1] in members]
    rows = np.array([(place[a], place[b]) for a, b in inside], dtype=np.int32).reshape(-1, 2)
    labels = cluster(
        len(scene.everyone),
        rows,
        np.array([scene.edges[pair].bits for pair in inside], dtype=np.float64),
        must_link=[
            *((place[a], place[b]) for a, b in _standing(scene, members)),
            *((place[a], place[b]) for a, b in inside if scene.edges[a, b].exact),
        ],
        cannot_link=[(place[a], place[b]) for a, b in sorted(scene.apart) if a in members and b in members],
        contradicts=scene.contradicts,
    )
    groups: dict[int, set[UUID]] = defaultdict(set)
    for id in members:
        groups[int(labels[place[id]])].add(id)
    return list(groups.values())


def _standing(scene: _Scene, members: set[UUID]) -> list[Pair]:
    """What the ledger has joined stays joined."""
    by_profile: dict[UUID, list[UUID]] = defaultdict(list)
    for id in sorted(members):
        if id in scene.belongs:
            by_profile[scene.belongs[id]].append(id)
    return [(ids[0], other) for ids in by_profile.values() for other in ids[1:]]


def _attach(scene: _Scene, known_people: list[set[UUID]], visitors: list[set[UUID]]) -> list[set[UUID]]:
    """Let each group of visitors join the one known person that its evidence favors most, if any."""
    home = {id: number for number, group in enumerate(known_people) for id in group}
    profiles = {scene.belongs[id]: home[id] for id in home if id in scene.belongs}
    neighbors: dict[UUID, list[Pair]] = defaultdict(list)
    for pair in scene.edges:
        for id in pair:
            neighbors[id].append(pair)
    alone = []
    for group in sorted(visitors, key=min):
        chosen = next((profiles[scene.belongs[id]] for id in sorted(group) if scene.belongs.get(id) in profiles), None)
        if chosen is None:
            chosen = _best_home(scene, group, neighbors, home, known_people)
        if chosen is None:
            alone.append(group)
        else:
            known_people[chosen] |= group
    return [*known_people, *alone]


def _best_home(
    scene: _Scene,
    group: set[UUID],
    neighbors: Mapping[UUID, list[Pair]],
    home: Mapping[UUID, int],
    known_people: list[set[UUID]],
) -> int | None:
    bits: dict[int, float] = defaultdict(float)
    strongest: dict[int, float] = defaultdict(float)
    for id in group:
        for pair in neighbors[id]:
            other = pair[0] if pair[1] == id else pair[1]
            if other in home:
                bits[home[other]] += max(scene.edges[pair].bits, -SURE_BITS)
                strongest[home[other]] = max(strongest[home[other]], scene.edges[pair].bits)
    place = scene.place
    barred = {home.get(a, home.get(b)) for a, b in scene.apart if (a in group) != (b in group)}
    for number in sorted(bits, key=lambda number: (-bits[number], number)):
        fits = strongest[number] >= log_odds(LINK) and bits[number] > 0 and number not in barred
        if fits:
            between = np.array([(place[a], place[b]) for a in group for b in known_people[number]], dtype=np.int32)
            if not scene.contradicts(between).any():
                return number
    return None


def _enter(scene: _Scene, groups: list[set[UUID]], now: datetime) -> Resolution:
    """Write what the groups say: new profiles, merges, and the matches behind them."""
    touched = [group for group in groups if group & scene.fresh or len({scene.belongs.get(id) for id in group}) > 1]
    homes = _homes(scene, touched, now)
    entries, news, merged = [], [], set()
    for group, (profile, is_new) in zip(touched, homes, strict=True):
        former = {scene.belongs[id] for id in group if id in scene.belongs} - {profile}
        moving = sorted(id for id in group if scene.belongs.get(id) != profile)
        entries += [_entry(scene, id, profile, group) for id in moving]
        news += [News(profile, PROFILE_CREATED)] if is_new else []
        news += [News(profile, PROFILE_MERGED, {"from": str(other)}) for other in sorted(former)]
        merged |= former
    ledger.assign(entries, actor=STAGE.id, rule_version=scene.version, now=now)
    _keep_matches(scene, groups, now)
    return Resolution(profiles={profile for profile, _ in homes} | merged, news=news)


def _homes(scene: _Scene, groups: list[set[UUID]], now: datetime) -> list[tuple[UUID, bool]]:
    former = [sorted({scene.belongs[id] for id in group if id in scene.belongs}) for group in groups]
    made = iter(ledger.make_profiles(sum(1 for profiles in former if not profiles), now=now))
    return [
        (next(made), True) if not profiles else (profiles[0] if len(profiles) == 1 else ledger.oldest(profiles), False)
        for profiles in former
    ]


def _entry(scene: _Scene, id: UUID, profile: UUID, group: set[UUID]) -> Entry:
    """The ledger entry of a source profile, with the strongest edge into its group as evidence."""
    edges = [(scene.edges[pair], pair) for other in group if (pair := _ordered(id, other)) in scene.edges]
    best = max(edges, key=lambda item: (item[0].bits, item[1]), default=None)
    if best is None:
        return Entry(id, profile, ALONE if len(group) == 1 else SIMILAR)
    edge, pair = best
    with_ = pair[0] if pair[1] == id else pair[1]
    return Entry(id, profile, edge.reason, {"with": str(with_), "bits": round(edge.bits, 2), "levels": edge.levels})


def _keep_matches(scene: _Scene, groups: list[set[UUID]], now: datetime) -> None:
    """Keep the pairs that were linked, and those that a person should look at."""
    together = {id: number for number, group in enumerate(groups) for id in group}
    rows = []
    for (left, right), edge in sorted(scene.edges.items()):
        probability = 1.0 if edge.exact else float(1 / (1 + np.exp2(-edge.bits)))
        if probability < REVIEW:
            continue
        linked = together[left] == together[right]
        rows.append(
            Match(
                id=new_id(),
                left_id=left,
                right_id=right,
                reason=edge.reason,
                probability=probability,
                evidence=edge.levels,
                state=LINKED if linked else IN_REVIEW,
                model_version=scene.version,
                found_at=now,
            )
        )
    Match.objects.bulk_create(
        rows,
        batch_size=2_000,
        update_conflicts=True,
        unique_fields=["left", "right"],
        update_fields=["reason", "probability", "evidence", "state", "model_version", "found_at"],
    )


def _ordered(one: UUID, other: UUID) -> Pair:
    return (one, other) if one < other else (other, one)
