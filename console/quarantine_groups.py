"""What of the quarantine can be replayed at once: records of one source, for one reason, about one field."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, QuerySet
from django.urls import reverse

from console.showing import label_of
from records.models import QuarantinedRecord

MOST_AT_FIRST, MOST_CHOSEN = 12, 200
# What is wrong with a field without which there is no record.
NEEDED = ("missing_identifier", "missing_field", "unknown_type", "unknown_version")
# A group: source, its name, reason and field.
Key = tuple[UUID, str, str, str]


@dataclass(frozen=True)
class Group:
    """Records that are replayed together; of one file alone where one is chosen."""

    source: UUID
    source_name: str
    reason: str
    field: str
    count: int

    @property
    def label(self) -> str:
        return label_of(self.reason)

    @property
    def may_leave_out(self) -> bool:
        """Whether they can be taken in without the field."""
        return bool(self.field) and self.reason not in NEEDED

    @property
    def page(self) -> str:
        """The quarantine of its source."""
        return page_of(self.source)


@dataclass(frozen=True)
class More:
    """Groups of one source that are not shown, and where they are."""

    source_name: str
    groups: int
    page: str


@dataclass(frozen=True)
class Groups:
    """The largest groups, and whose others there are."""

    shown: list[Group]
    more: list[More]

    @property
    def hidden(self) -> int:
        """How many groups are not shown."""
        return sum(one.groups for one in self.more)


def groups_of(rows: "QuerySet[QuarantinedRecord]", *, most: int) -> Groups:
    """The groups among these rows, the largest first, at most so many of them."""
    counted = _counted(rows)
    shown = list(counted)[:most]
    return Groups([Group(*key, count=counted[key]) for key in shown], _more(list(counted)[most:]))


def page_of(source: UUID) -> str:
    """The quarantine of this source."""
    return f"{reverse('admin:records_quarantinedrecord_changelist')}?{urlencode({'source__id__exact': source})}"


def _counted(rows: "QuerySet[QuarantinedRecord]") -> dict[Key, int]:
    found = (
        rows.filter(sealed__isnull=False)
        .order_by()
        .values_list("source", "source__name", "reason", "field")
        .annotate(count=Count("id"))
        .order_by("-count", "source__name", "reason", "field")
    )
    return {(source, name, reason, field): count for source, name, reason, field, count in found}


def _more(keys: Iterable[Key]) -> list[More]:
    by_source = Counter((source, name) for source, name, _, _ in keys)
    return [
        More(name, groups, page_of(source))
        for (source, name), groups in sorted(by_source.items(), key=lambda one: one[0][1])
    ]
