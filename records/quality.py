"""Rules of quality: what a source says its records should be. What breaks one is flagged, or is not taken in.

The rules stand in the source's mapping, so they are versioned, tried and put back with it. They are asked of what was
made of a record (normal forms, typed properties), not of what was sent. A value that is missing breaks `present` alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from msgspec.structs import replace

from records.dictionary import FIELDS
from records.envelope import Envelope, Unreadable
from records.json_schema import validator_of
from records.models import Source
from records.quality_words import asked_for

PRESENT, RANGE, PATTERN, ONE_OF, FRESH, UNIQUE = "present", "range", "pattern", "one_of", "fresh", "unique"
RULES = (PRESENT, RANGE, PATTERN, ONE_OF, FRESH, UNIQUE)
QUARANTINE = "quarantine"
KIND, EVENT, OCCURRED_AT = "kind", "event", "occurred_at"
OF_RECORDS = (KIND, EVENT, OCCURRED_AT)
FLAG = "quality:"
# Whether a value that is there keeps the rule, at this time.
Holds = Callable[[Any, datetime], bool]


@dataclass(frozen=True)
class Rule:
    """One rule for one field: a field of the data dictionary, a property, or what every record has."""

    field: str
    name: str
    holds: Holds
    asked_for: str
    quarantines: bool = False

    @property
    def flag(self) -> str:
        return flag_of(self.field, self.name)

    def is_kept_by(self, envelope: Envelope, *, now: datetime) -> bool:
        """Whether this record keeps the rule."""
        value = _value(envelope, self.field)
        if value is None or value == "":
            return self.name != PRESENT
        return self.holds(value, now)


def judged(envelope: Envelope, source: Source, *, now: datetime) -> Envelope:
    """The envelope with a flag for each rule of its source that it breaks.

    Raises `Unreadable` where it breaks one that says `quarantine`. Rules that need what is stored are not asked here.
    """
    rules = rules_of(source)
    if not rules:
        return envelope
    broken = [rule for rule in rules if not rule.is_kept_by(envelope, now=now)]
    for rule in broken:
        if rule.quarantines:
            told = f"'{rule.field}' breaks the rule '{rule.name}' of its source's mapping: {rule.asked_for}."
            raise Unreadable("breaks_rule", rule.field, told)
    return flagged(envelope, [rule.flag for rule in broken])


def rules_of(source: Source) -> tuple[Rule, ...]:
    """What a record of this source can be asked by itself; compiled once in each process for what the rules say."""
    declared = source.mapping.get("quality")
    return _compiled(orjson.dumps(declared)) if declared else ()


def unique_fields(source: Source) -> tuple[str, ...]:
    """The identifiers that no two source profiles of this source should share."""
    return tuple(rule["field"] for rule in source.mapping.get("quality", ()) if rule["rule"] == UNIQUE)


def flag_of(field: str, rule: str) -> str:
    """What a record is flagged with that breaks this rule."""
    return f"{FLAG}{field}:{rule}"


def flagged(envelope: Envelope, flags: list[str]) -> Envelope:
    """The envelope with these flags beside its own, each once."""
    return replace(envelope, flags=tuple(dict.fromkeys((*envelope.flags, *flags)))) if flags else envelope


@lru_cache(maxsize=128)
def _compiled(declared: bytes) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            rule["field"],
            rule["rule"],
            _MAKERS[rule["rule"]](rule),
            asked_for(rule),
            quarantines=rule.get("otherwise") == QUARANTINE,
        )
        for rule in orjson.loads(declared)
        if rule["rule"] != UNIQUE
    )


def _value(envelope: Envelope, field: str) -> Any:
    if field in FIELDS:
        return envelope.fields.get(field)
    return getattr(envelope, field) if field in OF_RECORDS else envelope.properties.get(field)


def _present(rule: dict[str, Any]) -> Holds:
    return lambda value, now: True


def _range(rule: dict[str, Any]) -> Holds:
    low, high = rule.get("min", float("-inf")), rule.get("max", float("inf"))
    return lambda value, now: low <= value <= high


def _pattern(rule: dict[str, Any]) -> Holds:
    validator = validator_of({"pattern": rule["pattern"]})
    return lambda value, now: validator.is_valid(value)


def _one_of(rule: dict[str, Any]) -> Holds:
    values = frozenset(rule["values"])
    return lambda value, now: value in values


def _fresh(rule: dict[str, Any]) -> Holds:
    kept_for = timedelta(days=rule["days"])
    return lambda value, now: value >= now - kept_for


_MAKERS: dict[str, Callable[[dict[str, Any]], Holds]] = {
    PRESENT: _present,
    RANGE: _range,
    PATTERN: _pattern,
    ONE_OF: _one_of,
    FRESH: _fresh,
}
