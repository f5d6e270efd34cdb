"""The rules by which it is decided who is who: the match model, its thresholds, and what joins by itself. Versioned."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from identity import ledger
from identity.learning import DEFAULT, DEFAULT_VERSION, model_of
from identity.matching import LINK, REVIEW, Model, UnreadableModelError, log_odds
from identity.models import MatchModel, RuleVersion
from vault.ids import new_id
from vault.questions import Question, answer
from vault.questions import Rows as Found

# A pair that contradicts itself is held to .8: below that, a threshold would join people who plainly are two.
LEAST_LINK, MOST_LINK = 0.85, 0.9999
LEAST_REVIEW = 0.05
LEARNED = "learned anew"


class NotPossible(ValueError):
    """Rules like these would join people who are two, or nobody; carries the setting, and the message the way out."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on a pair is joined by itself, from which a person looks at it, and which reasons join
    whatever else was compared: the same e-mail address, the one account of a device. `learns`: the weekly learning may
    put another model in force.

    Raises `NotPossible`: rules that cannot hold are never in force.
    """

    link: float = LINK
    review: float = REVIEW
    same_email: bool = True
    same_device: bool = True
    learns: bool = True

    def __post_init__(self) -> None:
        if not LEAST_LINK <= self.link <= MOST_LINK:
            raise NotPossible("link", f"join from a probability of {LEAST_LINK} to {MOST_LINK} on")
        if not LEAST_REVIEW <= self.review < self.link:
            raise NotPossible("review", f"review from {LEAST_REVIEW} on, and from less than what joins by itself")

    @property
    def sure_bits(self) -> float:
        """What a reason that joins by itself is worth: more than the threshold, as bits."""
        return log_odds(max(LINK, self.link)) + 1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that decides who is who: what the ledger calls `version`."""

    model: Model
    model_version: str
    thresholds: Thresholds = Thresholds()
    number: int = 0

    @property
    def version(self) -> str:
        """The model, and, where they are not those that Onym comes with, the number of the rules."""
        if self.thresholds == Thresholds(learns=self.thresholds.learns):
            return self.model_version
        return f"rules {self.number or 'on trial'}, {self.model_version}"[:40]


def in_force() -> Rules:
    """The rules by which it is decided now. Raises what no longer can be read: then nothing is joined."""
    return found_in_force(answer(which_hold()))


# The model in force and the last version, in one row, whether there are any or not.
IN_FORCE = """
SELECT model.id, NULL::uuid, json_build_array(
    model.version, latest.number, latest.link, latest.review, latest.same_email, latest.same_device, latest.learns
)::text
FROM (SELECT true) AS always
LEFT JOIN (SELECT id, version FROM identity_matchmodel WHERE active) AS model ON true
LEFT JOIN (SELECT * FROM identity_ruleversion ORDER BY number DESC LIMIT 1) AS latest ON true
"""


def which_hold() -> Question[Found]:
    """What is in force, as a question: for `found_in_force`."""
    return Question(IN_FORCE, {}, list)


def found_in_force(found: Found) -> Rules:
    """The rules that this says. Raises what no longer can be read."""
    ((id, _, told),) = found
    version, number, *thresholds = json.loads(told)
    model = model_of(id, version) if id else DEFAULT
    named = version or DEFAULT_VERSION
    return Rules(model, named, Thresholds(*thresholds), number) if number else Rules(model, named)


def latest() -> RuleVersion | None:
    """The version in force; None while nobody has changed anything and nothing was learned."""
    return RuleVersion.objects.select_related("model").order_by("-number").first()


def thresholds_of(row: RuleVersion) -> Thresholds:
    """The thresholds of this version. Raises `NotPossible`."""
    return Thresholds(row.link, row.review, row.same_email, row.same_device, row.learns)


def of_model(model: MatchModel | None, thresholds: Thresholds) -> Rules:
    """Rules on trial: this learned model, or the one that Onym comes with. Raises `NotPossible`."""
    if model is None:
        return Rules(Model.default(), DEFAULT_VERSION, thresholds)
    try:
        return Rules(Model.from_dict(model.parameters), model.version, thresholds)
    except (UnreadableModelError, KeyError, TypeError, ValueError) as error:
        raise NotPossible("model", f"this model cannot be read: {error}") from None


def put_in_force(
    model: MatchModel | None, thresholds: Thresholds, *, by: str, reason: str, now: datetime
) -> RuleVersion:
    """Decide by these from the next record on. Raises `NotPossible`, and then has changed nothing."""
    of_model(model, thresholds)
    with transaction.atomic():
        ledger.lock()
        MatchModel.objects.filter(active=True).update(active=False)
        if model is not None:
            MatchModel.objects.filter(pk=model.pk).update(active=True)
        return note(model, thresholds, by=by, reason=reason, now=now)


def go_back(version: UUID, *, by: str, now: datetime) -> RuleVersion:
    """Let an earlier version hold again, as a new one. Raises `RuleVersion.DoesNotExist`, `NotPossible`."""
    row = RuleVersion.objects.select_related("model").get(pk=version)
    return put_in_force(row.model, thresholds_of(row), by=by, reason=f"back to version {row.number}", now=now)


def note(model: MatchModel | None, thresholds: Thresholds, *, by: str, reason: str, now: datetime) -> RuleVersion:
    """Write the next version, inside the caller's transaction, which lets nobody else write one."""
    before = latest()
    return RuleVersion.objects.create(
        id=new_id(),
        number=before.number + 1 if before else 1,
        model=model,
        link=thresholds.link,
        review=thresholds.review,
        same_email=thresholds.same_email,
        same_device=thresholds.same_device,
        learns=thresholds.learns,
        reason=reason,
        saved_by=by,
        saved_at=now,
    )
