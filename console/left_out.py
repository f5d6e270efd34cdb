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

# The way out, by the reason of a record in quarantine. The record's own message says what is the matter with it.
ADVICE = {
    "malformed_json": "The line is cut or has a quote too few: look at this place of what its source sends.",
    "invalid_utf8": "The row is broken, or the file is in another encoding than was found: say which it is, or export "
    "it as UTF-8.",
    "invalid_text": "Take the zero byte out of the value at its source; text cannot hold one.",
    "unstorable_json": "The message holds text that is not Unicode, or is nested without end: change how its source "
    "writes it.",
    "unstorable": "The database could not keep this record; the log of that minute says why. Its source still has it.",
    "unreadable": "The field, or the message, holds what has no value here, such as a date after the year 9999: change "
    "how its source writes it.",
    "broken_row": "The row has another number of cells than the header, or an open quote: export the file anew with "
    "quotes around values that hold the separator.",
    "not_an_object": "Send an object with named fields, {...}, a line or message for each record.",
    "missing_identifier": "Without an identifier nobody is meant: send one of those named, or map its column in rows.",
    "missing_field": "Send the field that is named, with a text in it.",
    "wrong_type": "Send the field that is named as the type that is named, or change the type in the source's mapping.",
    "unknown_type": "Send one of the types that are named; other kinds of messages are not for Onym.",
    "unknown_version": "Set the sender to the version that is named.",
    "too_large": "Send less in one record, or have the source's limit (max_record_bytes) raised.",
    "too_long": "Shorten the value that is named at its source.",
    "absurd_date": "The date is not one, or lies ahead: look at the clock that sent it. In rows days and months may be "
    "swapped: say so in the source's mapping (date_order).",
    "special_category": "It looks like health, faith or the like. Take the property out of the source's mapping, or, "
    "where there is a legal ground, name it under special_categories.",
    "breaks_contract": "Send the field as the source's schema wants it, or change the schema on the source's contract "
    "page.",
    "breaks_rule": "Send the field as the rule in the source's mapping wants it, or change the rule there, or let it "
    "only flag what breaks it.",
    "undeclared_field": "Declare the field in the source's mapping or schema, or take it out at the source; or let the "
    "source drop or discover such fields, on its contract page.",
    "truncated_at_source": "The table was emptied as a whole, which names nobody: if people are to be erased, ask for "
    "it by subject requests; if not, nothing has to be done.",
}
UNKNOWN = "Look at the message and at this place of what was sent, at its source."
AGAIN = "Mend it at the source and send it again: what was taken in stays as it is, and this one is taken in then."

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
    return [ADVICE.get(reason, UNKNOWN), AGAIN]


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
            ADVICE.get(reason, UNKNOWN),
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
