"""Who looked at a person: the reads of the audit log, those of one look at a page taken together."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from console.outcomes import Bar
from console.showing import label_of
from vault.models import AuditEntry

# One look at a page opens several fields one after the other: so much may lie between them.
TOGETHER = timedelta(seconds=5)


@dataclass
class Look:
    """Somebody looked then, for this reason and purpose, and read these fields."""

    at: datetime
    who: str
    kind: str
    reason: str
    purpose: str
    fields: list[str] = field(default_factory=list)


def looks(reads: Iterable[AuditEntry], names: Mapping[str, str]) -> list[Look]:
    """The looks behind these reads, which come the latest first."""
    found: list[Look] = []
    for read in reads:
        who, purpose = names.get(read.actor, read.actor), label_of(read.purpose)
        look = Look(read.at, who, read.actor_kind.replace("_", " "), read.reason, purpose)
        if not found or not _is_one(found[-1], look):
            found.append(look)
        known = found[-1].fields
        known += [label for label in map(label_of, read.fields) if label not in known]
    for look in found:
        look.fields.sort()
    return found


def _is_one(later: Look, earlier: Look) -> bool:
    alike = (later.who, later.reason, later.purpose) == (earlier.who, earlier.reason, earlier.purpose)
    return alike and later.at - earlier.at <= TOGETHER


def readers(looked: Iterable[Look]) -> list[Bar]:
    """How often each looked, the most first."""
    counts = Counter(look.who for look in looked)
    most = max(counts.values(), default=1)
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return [Bar(who, count, 100 * count / most) for who, count in ordered]
