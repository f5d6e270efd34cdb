"""Everybody in portions that can be decided by themselves: whoever may be one person is in one portion.

Only strong evidence, a person's decision or the ledger can make two source profiles one, or leave them one; so whoever
these tie, however long the chain, is looked for until nobody is missing. Chains are of a person's size, so portions
stay of about the size that is asked for, however many people there are.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

import structlog

from identity import blocked, candidates
from identity.matching import log_odds
from identity.profiles import profile_of, source_profiles_of
from identity.scene import Scene
from records.models import SourceProfile
from vault.ids import in_order
from vault.questions import answer

# The scene around these source profiles, in which what the ledger has joined is asked anew.
Look = Callable[[Collection[UUID]], Scene]
# Nobody knows beforehand how many come along: it is begun with a part of what is wanted.
BEGIN_WITH = 8
# More who may be one person are left as they are: a portion is decided under the lock of those who resolve.
MOST_TOGETHER = 5_000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Portion:
    """Source profiles that are decided together; everybody up to `last` was in this portion or in one before it.

    `begun` are the places in the order of all that it is about, for whoever tells how far it is.
    """

    ids: set[UUID]
    last: UUID
    begun: int


def portions(look: Look, *, size: int, until: UUID, after: UUID | None = None) -> Iterator[Portion]:
    """Everybody after this source profile and until that one, in the order of their ids, about so many at a time.

    Whoever a chain leads to comes along, also from before and from behind, and is begun with no second time.
    """
    come_along, width = set[UUID](), max(1, size // BEGIN_WITH)
    while page := _page(after, until, width):
        after = page[-1]
        ids = whole([id for id in page if id not in come_along], look)
        if len(ids) > MOST_TOGETHER:
            log.warning("too many to be settled at once", source_profiles=len(ids))
        come_along = {id for id in come_along | ids if id > after}
        yield Portion(ids if len(ids) <= MOST_TOGETHER else set(), after, len(page))
        width = max(1, min(size, 2 * width, width * size // max(len(ids), 1)))


def whole(ids: Collection[UUID], look: Look) -> set[UUID]:
    """These source profiles and all who may be one person with any of them; of more than `MOST_TOGETHER` only so
    many that it is known."""
    found, new = set[UUID](), set(ids)
    while new and len(found) <= MOST_TOGETHER:
        new |= beside(new) - found
        found |= new
        new = tied(look(new)) - found
    return found


def beside(ids: Collection[UUID]) -> set[UUID]:
    """Who is in one profile with any of these now, or bears an exclusive identifier with one: of those that meet only
    the first bearer, each belongs to the same chain."""
    members = source_profiles_of(set(profile_of(ids).values())).values()
    bearers: set[UUID] = answer(candidates.beside(ids, blocked.standing()))
    return bearers.union(*members)


def tied(scene: Scene) -> set[UUID]:
    """Who has evidence in this scene that is strong enough to join by itself, or was joined by a person."""
    least = log_odds(scene.thresholds.link)
    strong = (pair for pair, edge in scene.edges.items() if edge.exact or edge.bits >= least)
    return {scene.everyone[row] for pair in strong for row in pair}


def _page(after: UUID | None, until: UUID, size: int) -> list[UUID]:
    found = SourceProfile.objects.filter(id__lte=until)
    found = found.filter(id__gt=after) if after else found
    return in_order(found.order_by("id").values_list("id", flat=True)[:size])
