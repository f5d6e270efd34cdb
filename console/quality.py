"""Quality on screen: of each field how often it is filled and valid, with how that went; and alarms in words."""

from dataclasses import dataclass
from datetime import date, datetime

from console.charts import line_of
from console.showing import label_of
from records import alarms
from records.alarm_words import title_of
from records.dictionary import FIELDS
from records.models import QualityAlarm, Source
from records.quality_days import Counts, FieldQuality, quality_of

MONTH = 30
MOST_FLAGS = 12
WIDTH, HEIGHT = 96, 18
# Below these a share is shown as one to look at, and as a bad one.
WARNED_BELOW, BAD_BELOW = 0.95, 0.80


@dataclass(frozen=True)
class Share:
    """A share of records: in percent, how it went day by day as points of a line, and its tone."""

    percent: float
    line: str
    level: str
    title: str


@dataclass(frozen=True)
class FieldLine:
    """One field: what it is called, and how often it is filled and valid; the last is None where it never came."""

    label: str
    filled: Share
    valid: Share | None

    @property
    def shares(self) -> list[Share | None]:
        return [self.filled, self.valid]


@dataclass(frozen=True)
class QualityCard:
    """What a source sent in these days: its fields, the worst first, and the commonest flags."""

    stored: int
    fields: list[FieldLine]
    flags: list[tuple[str, int]]


@dataclass(frozen=True)
class Alarm:
    """An alarm as people read it."""

    title: str
    source: Source
    cause: str
    began_at: datetime


def card_of(source: Source, *, today: date) -> QualityCard:
    """The quality of what this source sent in the last 30 days."""
    found = quality_of(source, last=today, days=MONTH)
    return QualityCard(found.stored, [_line(one) for one in found.fields], list(found.flags.items())[:MOST_FLAGS])


def standing(source: Source | None = None) -> list[Alarm]:
    """The alarms that hold now: of one source, or of all."""
    found = alarms.standing()
    return [_alarm(row) for row in (found.filter(source=source) if source else found)]


def _alarm(row: QualityAlarm) -> Alarm:
    title = title_of(row.kind, _label(row.field) if row.field else "")
    return Alarm(title, row.source, row.cause, row.began_at)


def _line(one: FieldQuality) -> FieldLine:
    days = [counts for _, counts in sorted(one.days.items())]
    whole = one.whole
    filled = _share(
        whole.completeness or 0.0,
        [counts.completeness for counts in days],
        title=f"{whole.filled:,} of {whole.stored:,} records",
        # Most fields need not be there; the alarms tell when one is there less often than it was.
        level="accent",
    )
    valid = None
    if whole.validity is not None:
        valid = _share(whole.validity, [counts.validity for counts in days], title=_of_validity(whole))
    return FieldLine(_label(one.name), filled, valid)


def _of_validity(whole: Counts) -> str:
    return f"of {whole.came:,}: {whole.unreadable:,} unreadable, {whole.broken:,} break a rule"


def _share(share: float, days: list[float | None], *, title: str, level: str = "") -> Share:
    tone = level or ("bad" if share < BAD_BELOW else "warn" if share < WARNED_BELOW else "good")
    known = [day for day in days if day is not None]
    return Share(100 * share, line_of(known, width=WIDTH, height=HEIGHT, low=0.0, high=1.0), tone, title)


def _label(name: str) -> str:
    return label_of(name) if name in FIELDS else name
