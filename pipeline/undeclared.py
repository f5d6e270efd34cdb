"""What a record holds undeclared may be an erased person's address: it is left out, and the record comes in without it.

Fields of the data dictionary bar a record; what nobody has declared only loses what names the erased.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from privacy import suppression
from privacy.suppression import Asked
from records.contracts import texts_in
from records.envelope import Envelope
from records.models import Source
from records.standardize import Setting, standardize

EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"']{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
PHONE = re.compile(r"\+?\(?\d[\d ()./-]{6,}\d")


def without_erased(envelopes: Sequence[Envelope], source: Source, *, now: datetime) -> list[Envelope]:
    """The same, where no undeclared field bears an e-mail address or phone number of an erased person."""
    setting = Setting(region=source.region, date_order=None, now=now)
    asked = [
        (number, name, identifier)
        for number, item in enumerate(envelopes)
        for name, value in item.undeclared.items()
        for identifier in _identifiers([name, value], setting)
    ]
    if not asked:
        return list(envelopes)
    hits = suppression.barred([Asked(dict([it]), envelopes[number].occurred_at) for number, _, it in asked])
    gone = {(number, name) for (number, name, _), found in zip(asked, hits, strict=True) if found}
    return [
        replace(item, undeclared={name: it for name, it in item.undeclared.items() if (number, name) not in gone})
        for number, item in enumerate(envelopes)
    ]


def _identifiers(values: Sequence[object], setting: Setting) -> Iterator[tuple[str, str]]:
    for text in texts_in(values):
        for pattern, field in ((EMAIL, "email"), (PHONE, "phone")):
            for found in pattern.findall(text):
                if value := standardize(field, found, setting).value:
                    yield field, value
