"""Figures for the overview: what came in, who became known, who is where, what they allow, what waits."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncDate

from access.api_keys import WARNED_BEFORE
from access.models import ApiKey
from consent.models import Purpose
from console import review_queue
from console.charts import Columns, Part, bars_of, columns_of, line_of, parts_of
from console.profile.called import called, declared
from identity.profiles import living
from pipeline import backlog, following, heartbeat
from privacy import break_glass
from privacy.models import UNFINISHED, SubjectRequest
from records import alarms as quality_alarms
from records.models import IOT, OFFLINE, ONLINE, Intake, QuarantinedRecord, Source, SourceProfile
from segments.models import DailyActivity, Segment

OUTCOMES = ("stored", "duplicate", "quarantined", "refused")
KINDS = (ONLINE, OFFLINE, IOT)
WEEKS = 12
MONTH = 30
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Funnel:
    """How records become people."""

    received: int
    stored: int
    kinds: list[Part]
    source_profiles: int
    profiles: int
    known: int
    unknown: int

    @property
    def elsewhere(self) -> int:
        """Those who are known, but to sources alone that declare other purposes."""
        return self.profiles - self.known - self.unknown

    @property
    def records_each(self) -> float:
        return self.stored / self.source_profiles if self.source_profiles else 0

    @property
    def source_profiles_each(self) -> float:
        return self.source_profiles / self.profiles if self.profiles else 0


def funnel() -> Funnel:
    """Records received and stored, by kind of source; the source profiles they made; the people behind them."""
    rows = Intake.objects.values("source__kind").annotate(received=Sum("acknowledged"), kept=Sum("stored"))
    by_kind = {row["source__kind"]: row for row in rows}
    kinds = {kind: by_kind[kind]["kept"] for kind in KINDS if kind in by_kind}
    return Funnel(
        received=sum(row["received"] for row in by_kind.values()),
        stored=sum(kinds.values()),
        kinds=parts_of(kinds),
        source_profiles=SourceProfile.objects.count(),
        profiles=living().count(),
        known=living().filter(called(), declared()).count(),
        unknown=living().filter(~called()).count(),
    )


def intake(*, today: date, source: Source | None = None) -> tuple[Columns, list[Part]]:
    """Records by what became of them, over the last 30 days: day by day and in sum; of one source, or of all."""
    rows: Any = (
        (Intake.objects.filter(source=source) if source else Intake.objects.all())
        .filter(received_at__date__gt=today - timedelta(days=MONTH))
        .annotate(day=TruncDate("received_at"))
        .values("day")
        .annotate(**{f"sum_{name}": Sum(name) for name in OUTCOMES})
    )
    days = {row["day"]: {name: row[f"sum_{name}"] for name in OUTCOMES} for row in rows}
    sums = {name: sum(day[name] for day in days.values()) for name in OUTCOMES}
    return columns_of(days, last=today, days=MONTH), parts_of(sums)


def activity(*, today: date) -> Columns:
    """What people did over the last twelve weeks, week by week, by kind of source."""
    rows = (
        DailyActivity.objects.filter(day__gt=today - timedelta(weeks=WEEKS), day__lte=today)
        .values("day", "source_profile__source__kind")
        .annotate(sum_count=Sum("count"))
    )
    days: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    for row in rows:
        days[row["day"]][row["source_profile__source__kind"]] += row["sum_count"]
    return columns_of(days, last=today, days=7 * WEEKS)


@dataclass(frozen=True)
class SegmentSize:
    """A segment, how many are in it, how that compares to the largest, and how it went over the last 30 days."""

    segment: Segment
    size: int
    percent: float
    change: int
    trend: str


def segment_sizes(*, now: datetime) -> list[SegmentSize]:
    """The active segments, the largest first."""
    since = now - timedelta(days=MONTH)
    rows = Segment.objects.filter(active=True).annotate(
        size=Count("memberships", filter=Q(memberships__left_at=None)),
        entered=Count("memberships", filter=Q(memberships__entered_at__gt=since)),
        left=Count("memberships", filter=Q(memberships__left_at__gt=since)),
    )
    found = sorted(rows, key=lambda row: (-row.size, row.name))
    bars = bars_of((row.name, row.size) for row in found)
    trends = segment_trends(now=now)
    return [
        SegmentSize(row, row.size, bar.percent, row.entered - row.left, trends.get(row.pk, ""))
        for row, bar in zip(found, bars, strict=True)
    ]


# The size of every segment at the end of each of the last 30 days.
SIZES = """
SELECT membership.segment_id, day, count(*)
FROM generate_series(%s::timestamptz - interval '29 days', %s::timestamptz, interval '1 day') AS day
JOIN segments_membership AS membership
  ON membership.entered_at <= day AND (membership.left_at IS NULL OR membership.left_at > day)
GROUP BY membership.segment_id, day ORDER BY day
"""


def segment_trends(*, now: datetime, width: float = 72, height: float = 18) -> dict[Any, str]:
    """How the size of each segment went over the last 30 days, as the points of a line."""
    sizes: dict[Any, dict[datetime, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [now, now])
        for segment, day, size in cursor.fetchall():
            sizes[segment][day] = size
    days = [now - timedelta(days=back) for back in range(MONTH - 1, -1, -1)]
    return {
        segment: line_of([by_day.get(day, 0) for day in days], width=width, height=height)
        for segment, by_day in sizes.items()
    }


# Per purpose and channel: profiles of which somebody said no last, and those where all that was said is yes.
SAID = """
WITH said AS (
    SELECT assignment.profile_id, word.purpose_id, word.channel, bool_or(word.is_no) AS no
    FROM consent_lastword AS word JOIN identity_assignment AS assignment
      ON assignment.source_profile_id = word.source_profile_id AND assignment.ended_at IS NULL
    GROUP BY assignment.profile_id, word.purpose_id, word.channel
)
SELECT purpose_id, channel, count(*) FILTER (WHERE NOT no), count(*) FILTER (WHERE no)
FROM said GROUP BY purpose_id, channel
"""


@dataclass(frozen=True)
class Said:
    """What people said of one purpose and channel."""

    purpose: Purpose
    channel: str
    granted: int
    withdrawn: int
    parts: list[Part]


def consents(*, profiles: int) -> list[Said]:
    """Purposes that rest on consent or can be objected to, and what people said of them."""
    with connection.cursor() as cursor:
        cursor.execute(SAID)
        counts = {(purpose, channel): (yes, no) for purpose, channel, yes, no in cursor.fetchall()}
    purposes = {purpose.slug: purpose for purpose in Purpose.objects.filter(active=True)}
    asked = {(slug, "") for slug, purpose in purposes.items() if purpose.legal_basis == "consent"}
    found = []
    for slug, channel in sorted(asked | {key for key in counts if key[0] in purposes}):
        yes, no = counts.get((slug, channel), (0, 0))
        silent = max(profiles - yes - no, 0)
        parts = parts_of({"granted": yes, "withdrawn": no, "silent": silent})
        found.append(Said(purposes[slug], channel, yes, no, parts))
    return found


@dataclass(frozen=True)
class SourceState:
    """A source, what it stored, and when it was last heard of."""

    source: Source
    stored: int
    quarantined: int
    last_at: datetime | None


def sources() -> list[SourceState]:
    """All sources, those heard of last first."""
    rows = Source.objects.annotate(
        sum_stored=Sum("intakes__stored"),
        sum_quarantined=Sum("intakes__quarantined"),
        last_at=Max("intakes__received_at"),
    ).order_by("name")
    return [SourceState(row, row.sum_stored or 0, row.sum_quarantined or 0, row.last_at) for row in rows]


@dataclass(frozen=True)
class Waiting:
    """Something that waits for somebody: how many, how urgent, and where to go."""

    title: str
    count: int
    note: str
    level: str
    page: str


def reviews() -> Waiting:
    """Pairs in the review queue."""
    count = review_queue.waiting().count()
    return Waiting("Pairs to review", count, "may be one person", "info" if count else "good", "identity_match")


def requests(*, today: date) -> Waiting:
    """Subject requests that are not finished."""
    unfinished = SubjectRequest.objects.filter(state__in=UNFINISHED)
    count, late = unfinished.count(), unfinished.filter(due_date__lt=today).count()
    soonest = unfinished.order_by("due_date").values_list("due_date", flat=True).first()
    note = f"{late} overdue" if late else f"next due {soonest:%b} {soonest.day}" if soonest else "nothing is due"
    level = "bad" if late else "warn" if count else "good"
    return Waiting("Subject requests", count, note, level, "privacy_subjectrequest")


def emergencies() -> Waiting:
    """Profiles opened by break-glass that nobody has reviewed."""
    count = break_glass.to_review().count()
    note = "opened without the role for it: review" if count else "nothing to review"
    return Waiting("Break-glass", count, note, "bad" if count else "good", "privacy_emergencyreveal")


def alarms() -> Waiting:
    """Alarms about what sources send."""
    found = quality_alarms.standing()
    count, of = found.count(), found.values("source").distinct().count()
    note = f"about {of} source{'s' if of > 1 else ''}" if count else "sources send as usual"
    return Waiting("Quality alarms", count, note, "warn" if count else "good", "records_source")


def quarantine() -> Waiting:
    """Records that could not be taken in."""
    count = QuarantinedRecord.objects.count()
    return Waiting("In quarantine", count, "kept for 30 days", "warn" if count else "good", "records_quarantinedrecord")


def keys_ending(*, now: datetime) -> Waiting:
    """API keys that expire soon."""
    ending = ApiKey.objects.ending(now, within=WARNED_BEFORE).order_by("expires_at")
    count, soonest = ending.count(), ending.values_list("expires_at", flat=True).first()
    note = f"first on {soonest:%b} {soonest.day}: rotate it" if soonest else "none ends within two weeks"
    return Waiting("API keys ending", count, note, "warn" if count else "good", "access_apikey")


def work(*, now: datetime) -> Waiting:
    """Entries that wait for the processor, those that failed, and processes that have not been heard of."""
    count, failed, missing = backlog.waiting(), following.failed(), heartbeat.missing(now=now)
    missing += [f"the {name} consumer" for name, alive in heartbeat.consumers(now=now).items() if not alive]
    note = f"no sign of {', '.join(missing)}" if missing else "all processes are up"
    note += f"; {failed} failed, to be tried again" if failed else ""
    state = "bad" if missing and count else "warn" if missing or failed else "good"
    return Waiting("Waiting work", count, note, state, "")
