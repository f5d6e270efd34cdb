"""Names for the opaque ids of actors, for screens alone: ledgers and the audit log keep the ids."""

from collections.abc import Iterable
from uuid import UUID

from access.models import ApiKey, User
from console.ids import uuid_in

# Who looks while `manage.py screenshots` takes pictures: always under this id, a user for no longer than that.
PHOTOGRAPHER = UUID("00000000-0000-7000-8000-00000000f070")
# Actors that are no user and no API key, where their own name says little.
MACHINES = {
    "data_subject": "the person",
    "shared_by_many": "found in the data",
    str(PHOTOGRAPHER): "manage.py screenshots",
}


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The name of each actor: a user, an API key, or the machine stage as it calls itself."""
    wanted = {actor for actor in actors if actor}
    ids = {id for actor in wanted if (id := uuid_in(actor))}
    names = {actor: MACHINES.get(actor, actor) for actor in wanted}
    names |= {str(id): name for id, name in ApiKey.objects.filter(id__in=ids).values_list("id", "name")}
    names |= {str(id): name for id, name in User.objects.filter(id__in=ids).values_list("id", "username")}
    return names
