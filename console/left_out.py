"""Why records were not taken in, or may not be used, in words, and the way out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.urls import reverse

from consent import rules
from consent.models import Purpose
from console.showing import label_of
from records.models import Source
from records.ways_out import AGAIN, way_out

# The way out, by the reason for which consent and law let nobody use a person's data.
WAYS_OUT = {
    rules.UNKNOWN_PURPOSE: "Whoever set this up named a purpose that does not exist: correct it.",
    rules.INACTIVE_PURPOSE: "Somebody has to switch the purpose on again, on its page.",
    rules.NOT_DECLARED: "A source that knows the person has to declare the purpose, on the source's page.",
    rules.RESTRICTED: "A restriction or legal hold stands: it is lifted on the person's page, by the privacy team.",
    rules.NEVER_SAID: "Only the person's yes opens them: ask for it.",
    rules.SAID_NO: "The person said no: only they can change that.",
    rules.UNCONFIRMED: "The person has to follow the link in the message that they were sent.",
    rules.EXPIRED: "The person has to be asked anew.",
    rules.OUTDATED: "The person has to be asked anew, under the notice that is in force.",
    rules.ONLY_SOME_DEVICES: "The person's yes was given on one device alone: ask where they are signed in.",
}


@dataclass(frozen=True)
class LeftOut:
    """Records that were not taken in for one reason: how many, why, the way out, and where they are listed."""

    name: str
    count: int
    why: str
    way_out: str
    page: str = ""


def advice_on(reason: str) -> list[str]:
    """What to do about a record in quarantine."""
    return [way_out(reason), AGAIN]


def way_out_of(refusal: str) -> str:
    """What would let the data be used that were refused for this reason; empty where nobody can say."""
    return WAYS_OUT.get(refusal, "")


def left_out_of(source: Source, counts: Mapping[str, int]) -> list[LeftOut]:
    """Why records of this source were not taken in; `counts` by outcome, as its page shows them."""
    found = _quarantined(source)
    if counts.get("refused"):
        found.append(_refused(source, counts["refused"]))
    if counts.get("duplicate"):
        found.append(
            LeftOut(
                "Duplicate",
                counts["duplicate"],
                "The source sent these before, with the same message id or the same content.",
                "Nothing has to be done: each message counts once.",
            )
        )
    return found


def _quarantined(source: Source) -> list[LeftOut]:
    counted = (
        source.quarantined.values_list("reason")
        .annotate(count=Count("id"), messages=Count("message", distinct=True), one=Min("message"))
        .order_by("-count", "reason")
    )
    listed = reverse("admin:records_quarantinedrecord_changelist")
    return [
        LeftOut(
            f"Quarantined: {label_of(reason)}",
            count,
            one if messages == 1 else f"Such as: {one}",
            way_out(reason),
            f"{listed}?{urlencode({'reason__exact': reason, 'source__id__exact': source.pk})}",
        )
        for reason, count, messages, one in counted
    ]


def _refused(source: Source, count: int) -> LeftOut:
    names = dict(Purpose.objects.filter(slug__in=source.purposes).values_list("slug", "name"))
    declared = ", ".join(names.get(slug, label_of(slug)) for slug in source.purposes)
    return LeftOut(
        "Refused",
        count,
        f"For none of the purposes that the source declares ({declared}) may these people's data be kept: there is no "
        "yes, it was withdrawn or has expired, or the person was erased. Nothing of these records is kept, so nobody "
        "can be named here.",
        "Send the person's yes with the record, or declare the purpose that the data are really for, if one rests on "
        "contract or law. The same message again counts as a duplicate: send it under a new message id. Whoever was "
        "erased comes back by their own act alone.",
    )
