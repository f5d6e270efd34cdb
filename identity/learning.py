"""Learning the match model from the people themselves, without labels, and keeping it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q

from consent.decide import decide_each
from identity.answers import answers_to
from identity.matching import Answer, Model, People, candidate_pairs, compare, learn, shift_of, shifted
from identity.models import LINKING, MatchModel
from identity.persons import known, open_persons
from records.models import SourceProfile
from vault.grants import Actor
from vault.ids import new_id

MOST_LEARNED_FROM = 50_000
DEFAULT_VERSION = "default"
DEFAULT = Model.default()


def learn_model(*, now: datetime, active: bool = True) -> MatchModel:
    """Learn a model from the source profiles that may be linked, and make it the active one, or only keep it.

    It holds probabilities and frequencies, no value of a person. With too little data it equals the default. What
    people answered of pairs in review then moves the odds before any evidence, within bounds; each time from what was
    learned without them, so that nothing adds up over the weeks. Whom people joined or kept apart stay so, whatever the
    model says.
    """
    ids = list(SourceProfile.objects.order_by("-id").values_list("id", flat=True)[:MOST_LEARNED_FROM])
    decisions = decide_each(
        {id: (id,) for id in ids}, purpose=LINKING, at=now, actor=Actor.machine("learn"), reason="learn match model"
    )
    persons = open_persons(sorted(decisions.allowed), decisions.grant)
    telling = sorted(known(persons))
    people = People.build(telling, [persons[id] for id in telling])
    pairs, _ = candidate_pairs(people)
    learned = learn(compare(people, pairs), people=people)
    # Customers live together: two given names at one address stay two people, whatever a file seems to say.
    learned = replace(learned, housemates=True, providers=people.providers)
    answers = answers_to(learned, purpose=LINKING, now=now)
    shift = shift_of(answers)
    return _keep(shifted(learned, shift), now, active=active, calibration=calibration_of(answers, shift))


def calibration_of(answers: Collection[Answer], shift: float) -> dict[str, float]:
    """What is kept of the answers beside the model: how many decisions, how many yes, and by how many bits they moved
    what every pair is worth."""
    yes = sum(answer.weight for answer in answers if answer.yes)
    return {"decisions": round(sum(answer.weight for answer in answers)), "yes": round(yes), "shift": shift}


def _keep(
    model: Model, now: datetime, *, active: bool = True, calibration: Mapping[str, float] = MappingProxyType({})
) -> MatchModel:
    with transaction.atomic():
        if active:
            MatchModel.objects.select_for_update().filter(active=True).update(active=False)
        id = new_id()
        return MatchModel.objects.create(
            id=id,
            version=f"learned {now:%Y-%m-%d} {id.hex[-6:]}",
            parameters=model.to_dict() | {"answers": dict(calibration)},
            learned_on=model.learned_on,
            learned_at=now,
            active=active,
        )


def learned_from(source_profiles: Collection[UUID]) -> list[str]:
    """The versions of the models that may have learned from one of these, because they were made after it came: from
    what is said of the person, or from answers alone."""
    first = SourceProfile.objects.filter(id__in=source_profiles).aggregate(first=Min("created_at"))["first"]
    if first is None:
        return []
    taught = Q(learned_on__gt=0) | Q(parameters__answers__decisions__gt=0)
    learned = MatchModel.objects.filter(taught, learned_at__gte=first)
    return list(learned.order_by("learned_at", "version").values_list("version", flat=True))


def active_model() -> tuple[Model, str]:
    """The model in force and its version: the one learned last, or the default."""
    active = MatchModel.objects.filter(active=True).values_list("id", "version").first()
    return (model_of(*active), active[1]) if active else (DEFAULT, DEFAULT_VERSION)


@lru_cache(maxsize=4)
def model_of(id: UUID, version: str) -> Model:
    """The model that was learned under this version: it stays as it is. Raises `UnreadableModelError`."""
    return Model.from_dict(MatchModel.objects.get(id=id, version=version).parameters)
