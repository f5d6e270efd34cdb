"""How long what a source sent is kept: for each purpose, for each field, and as a whole."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError

from records.dictionary import FIELDS
from records.models import RetentionRule, Source


@dataclass(frozen=True)
class Schedule:
    """The limits of one source, in days from receipt."""

    source: UUID
    name: str
    longest: int
    by_purpose: Mapping[str, int]
    by_field: Mapping[str, int] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records go when no purpose of their source needs them any longer."""
        return max(self.by_purpose.values(), default=self.longest)

    def for_purpose(self, purpose: str) -> int:
        """The limit for this purpose; for one that the source does not declare, that of its records."""
        return self.by_purpose.get(purpose, self.records)


def schedules() -> list[Schedule]:
    """The schedule of every source, by name."""
    rules: dict[UUID | None, list[RetentionRule]] = defaultdict(list)
    for rule in RetentionRule.objects.all():
        rules[rule.source_id].append(rule)
    return [_schedule(source, [*rules[None], *rules[source.id]]) for source in Source.objects.order_by("name")]


def _schedule(source: Source, rules: Iterable[RetentionRule]) -> Schedule:
    rules = list(rules)
    whole = min([source.retention_days, *(rule.days for rule in rules if not rule.purpose and not rule.field)])
    by_purpose = {
        purpose: min([whole, *(rule.days for rule in rules if rule.purpose == purpose)]) for purpose in source.purposes
    }
    by_field: dict[str, int] = {}
    for rule in rules:
        if rule.field:
            by_field[rule.field] = min(rule.days, by_field.get(rule.field, whole))
    return Schedule(source.id, source.name, whole, by_purpose, by_field)


def cutoffs(purpose: str, *, now: datetime) -> dict[UUID, datetime]:
    """For each source, the instant before which what it sent is no longer used for this purpose."""
    return {one.source: now - timedelta(days=one.for_purpose(purpose)) for one in schedules()}


def set_rule(*, source: Source | None, purpose: str = "", field: str = "", days: int) -> RetentionRule:
    """A rule, new or changed. Raises `django.core.exceptions.ValidationError` naming the field."""
    if field and field not in FIELDS:
        raise ValidationError({"field": f"Choose one of {', '.join(sorted(FIELDS))}."})
    if purpose and source and purpose not in source.purposes:
        raise ValidationError({"purpose": f"{source.name} declares {', '.join(source.purposes)}."})
    known = RetentionRule.objects.filter(source=source, purpose=purpose, field=field).first()
    rule = known or RetentionRule(source=source, purpose=purpose, field=field)
    rule.days = days
    rule.full_clean()
    rule.save()
    return rule
