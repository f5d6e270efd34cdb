"""Whether a person may be asked to opt back in: not within twelve months of having opted out (CCPA 1798.135(c))."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from consent.models import LIMIT_USE, OPT_OUT, UNDER_16, WITHDRAWN, Act, Purpose, Restriction

MONTHS_OF_PEACE = 12
CALIFORNIA = "US-CA"


def may_ask_again(source_profiles: Collection[UUID], *, purpose: str, at: datetime) -> bool:
    """False where the person said no to sale, sharing or the use of sensitive data within the twelve months before.

    So did whoever said no to anything under the law of California, and a child under sixteen who did not opt in.
    """
    asked = Purpose.objects.filter(slug=purpose).first()
    if asked is None:
        return False
    since = a_year_before(at)
    noes = Act.objects.filter(
        source_profile__in=source_profiles, purpose=purpose, state=WITHDRAWN, annulment=None,
        occurred_at__gt=since, occurred_at__lte=at,
    )  # fmt: skip
    if not (asked.sale_or_sharing or asked.sensitive):
        noes = noes.filter(jurisdiction=CALIFORNIA)
    kinds = [kind for kind, touched in ((OPT_OUT, asked.sale_or_sharing), (LIMIT_USE, asked.sensitive)) if touched]
    kinds += [UNDER_16] if asked.sale_or_sharing and noes.exists() else []
    opted_out = Restriction.objects.filter(
        source_profile__in=source_profiles, kind__in=kinds, lifts=False, occurred_at__gt=since, occurred_at__lte=at
    )
    return not (noes.exists() or opted_out.exists())


def a_year_before(at: datetime) -> datetime:
    """The same day and time a calendar year before; for the 29th of February the 28th."""
    try:
        return at.replace(year=at.year - MONTHS_OF_PEACE // 12)
    except ValueError:
        return at.replace(year=at.year - MONTHS_OF_PEACE // 12, day=28)
