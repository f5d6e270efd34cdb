"""How rightly the demo's households were told: who lives together against the truth that the generator wrote."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from uuid import UUID

import orjson

from identity.models import Home
from identity.profiles import profile_of

Pairs = set[tuple[UUID, UUID]]


@dataclass(frozen=True)
class LivingTogether:
    """Pairs of profiles of two people that were rightly put in one household, over all put so (precision) and over all
    that live together and of whom a house is known (recall)."""

    households: int
    members: int
    precision: float
    recall: float


def measure(people: Mapping[UUID, str], truth: Path) -> LivingTogether:
    """Compare the households with the truth, over all profiles of people of whom a house is known. `people`: whose each
    source profile is (`demo.quality.people_of`)."""
    person_of, house_of = _of_profiles(people), _houses(truth)
    households: dict[UUID, list[UUID]] = defaultdict(list)
    true: dict[str, list[UUID]] = defaultdict(list)
    for profile, household in Home.objects.order_by("profile").values_list("profile_id", "household"):
        if profile in person_of:
            true[house_of[person_of[profile]]].append(profile)
            if household:
                households[household].append(profile)
    found, right = _pairs(households.values(), person_of), _pairs(true.values(), person_of)
    return LivingTogether(
        households=len(households),
        members=sum(map(len, households.values())),
        precision=round(len(found & right) / len(found), 4) if found else 1.0,
        recall=round(len(found & right) / len(right), 4) if right else 1.0,
    )


def _of_profiles(people: Mapping[UUID, str]) -> dict[UUID, str]:
    """Whose each profile is, by most of its source profiles."""
    seen: dict[UUID, Counter[str]] = defaultdict(Counter)
    for source_profile, profile in profile_of(list(people)).items():
        seen[profile][people[source_profile]] += 1
    return {profile: counter.most_common(1)[0][0] for profile, counter in seen.items()}


def _houses(truth: Path) -> dict[str, str]:
    with truth.open("rb") as file:
        return {row["person"]: row["household"] for row in map(orjson.loads, file)}


def _pairs(groups: Iterable[list[UUID]], person_of: Mapping[UUID, str]) -> Pairs:
    """The pairs within these groups; but for two profiles of one person, which matching has not joined."""
    pairs = (pair for profiles in groups for pair in combinations(profiles, 2))
    return {(one, other) for one, other in pairs if person_of[one] != person_of[other]}
