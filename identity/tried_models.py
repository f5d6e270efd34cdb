"""A model from a file, kept so that it can be tried, and put in force; nothing is decided by it before."""

from dataclasses import replace
from datetime import datetime

from identity.matching import Model
from identity.models import MatchModel
from vault.ids import new_id

BROUGHT = "brought"


def keep_to_try(model: Model, *, now: datetime) -> MatchModel:
    """The model under a version of its own, not in force, and without the values that were nobody's in its file: here
    such values are found and blocked (`identity.shared_by_many`), and none is kept in plain text. One that was brought
    before, word for word, is not kept twice."""
    model, id = replace(model, junk={}), new_id()
    known = MatchModel.objects.filter(version__startswith=BROUGHT, parameters=model.to_dict())
    if here := known.order_by("learned_at", "id").first():
        return here
    return MatchModel.objects.create(
        id=id,
        version=f"{BROUGHT} {now:%Y-%m-%d} {id.hex[-6:]}",
        parameters=model.to_dict(),
        learned_on=model.learned_on,
        learned_at=now,
        active=False,
    )
