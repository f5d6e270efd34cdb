"""Limits on identifiers, as the organization sets them: how many different ones a person may bear, and which of them is
believed before which. Every change is a version of its own.
"""

import json
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from identity.matching import Limit
from identity.models import IdentifierLimit
from records.dictionary import IDENTIFIERS
from vault.ids import new_id
from vault.questions import Question, Rows, answer

LOCK = 0x11D1F1
LARGEST, LONGEST_WINDOW = 10_000, 3_650
LEAST_BELIEVED = 99
# Behind every priority that can be set.
LAST = LEAST_BELIEVED + 1
# What holds until somebody says otherwise: an account comes before an address, and that before a device. Few people
# have more than these; what has is a counter, a shared address, or a fault.
DEFAULTS = {
    limit.namespace: limit
    for limit in (
        Limit(namespace="account_id", priority=1, most=20),
        Limit(namespace="customer_number", priority=2, most=20),
        Limit(namespace="loyalty_number", priority=3, most=20),
        Limit(namespace="email", priority=4, most=20),
        Limit(namespace="phone", priority=5, most=20),
        Limit(namespace="device_id", priority=6, most_in_window=100, window_days=30),
    )
}

STANDING = """
SELECT DISTINCT ON (namespace) NULL::uuid, NULL::uuid,
       json_build_array(namespace, priority, version, most, most_in_window, window_days)::text
FROM identity_identifierlimit ORDER BY namespace, version DESC
"""


def standing() -> dict[str, Limit]:
    """The limit of each namespace that is in force, by priority: one query."""
    return answer(which_stand())


def which_stand() -> Question[dict[str, Limit]]:
    """The same as a question."""
    return Question(STANDING, {}, _by_priority)


def _by_priority(rows: Rows) -> dict[str, Limit]:
    saved = [_limit(*json.loads(told)) for _, _, told in rows]
    limits = (DEFAULTS | {limit.namespace: limit for limit in saved}).values()
    return {limit.namespace: limit for limit in sorted(limits, key=lambda limit: (limit.priority, limit.namespace))}


def _limit(
    namespace: str,
    priority: int,
    version: int,
    most: int | None,
    most_in_window: int | None,
    window_days: int | None,
) -> Limit:
    return Limit(
        namespace=namespace,
        priority=priority,
        version=version,
        most=most,
        most_in_window=most_in_window,
        window_days=window_days,
    )


def versions_of(namespace: str) -> list[IdentifierLimit]:
    """Every limit that was set for the namespace, the latest first; the default is not among them."""
    return list(IdentifierLimit.objects.filter(namespace=namespace).order_by("-version"))


def latest() -> dict[str, IdentifierLimit]:
    """The latest version of each namespace whose limit was ever set: who said so, when, and why."""
    rows = IdentifierLimit.objects.order_by("namespace", "-version").distinct("namespace")
    return {row.namespace: row for row in rows}


def change(
    namespace: str,
    *,
    priority: int,
    most: int | None,
    most_in_window: int | None,
    window_days: int | None,
    by: str,
    reason: str = "",
    now: datetime,
) -> tuple[Limit, IdentifierLimit | None]:
    """Set the limit of a namespace from now on; the one before, and the new version: None when nothing was changed.

    It decides about links to come: who is linked stays linked. Raises `ValidationError` naming the field and what is
    allowed, and then has changed nothing.
    """
    given = {
        "priority": priority,
        "most": most,
        "most_in_window": most_in_window,
        "window_days": window_days,
    }
    _check(namespace, given)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = standing()[namespace]
        if all(getattr(before, name) == value for name, value in given.items()):
            return before, None
        after = IdentifierLimit.objects.create(
            id=new_id(),
            namespace=namespace,
            version=before.version + 1,
            saved_by=by,
            saved_at=now,
            reason=reason,
            **given,
        )
    return before, after


RANGES = {
    "priority": (1, LEAST_BELIEVED),
    "most": (1, LARGEST),
    "most_in_window": (1, LARGEST),
    "window_days": (1, LONGEST_WINDOW),
}


def _check(namespace: str, given: dict[str, int | None]) -> None:
    if namespace not in IDENTIFIERS:
        raise ValidationError({"namespace": f"is no identifier; allowed: {', '.join(sorted(IDENTIFIERS))}"})
    wrong = {}
    for name, (least, largest) in RANGES.items():
        value = given[name]
        if value is None and name != "priority":
            continue
        if value is None or not least <= value <= largest:
            wrong[name] = f"must be a number from {least:,} to {largest:,}"
    for name, other in (("most_in_window", "window_days"), ("window_days", "most_in_window")):
        if given[name] is None and given[other] is not None:
            wrong[name] = "goes with the other of the two: give both, or neither"
    if wrong:
        raise ValidationError(wrong)
