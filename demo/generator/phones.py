"""Telephone numbers from ranges that the regulators keep for fiction: Ofcom, Bundesnetzagentur and Arcep."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from demo.generator.randomness import weighted


@dataclass(frozen=True, slots=True)
class Phone:
    """One number: as written at home ("020 7946 0123") and with its calling code ("+442079460123")."""

    national: str
    international: str


@dataclass(frozen=True, slots=True)
class ReservedRange:
    """All numbers that begin so and go on with groups of so many digits."""

    country: str
    start: str
    groups: tuple[int, ...] = (3,)

    def numbers(self, *, rng: Random) -> Iterator[Phone]:
        """Every number of the range, in no order."""
        width = sum(self.groups)
        order = rng.sample(range(10**width), 10**width)
        return (self._phone(f"{number:0{width}d}") for number in order)

    def _phone(self, digits: str) -> Phone:
        ends = [sum(self.groups[: n + 1]) for n in range(len(self.groups))]
        grouped = " ".join(digits[end - size : end] for end, size in zip(ends, self.groups, strict=True))
        national = self.start + grouped
        return Phone(national, _CALLING_CODES[self.country] + national.replace(" ", "")[1:])


class PhoneBook:
    """Deals every number once; when a country's reserved numbers have run out, people simply have none."""

    def __init__(self, *, rng: Random) -> None:
        self._mobile = {country: reserved.numbers(rng=rng) for country, reserved in _MOBILE.items()}
        self._fixed = {place: reserved.numbers(rng=rng) for place, reserved in _FIXED.items()}
        self._rng = rng

    def own_number(self, country: str, *, area_code: str) -> Phone | None:
        """A number one person alone answers: a mobile one where the reserved ranges hold enough."""
        mobile = next(self._mobile[country], None) if self._rng.random() < _MOBILE_RATE[country] else None
        return mobile or self.landline(country, area_code=area_code)

    def landline(self, country: str, *, area_code: str) -> Phone | None:
        """A number of the place, or of another place of the country."""
        places = [(country, area_code), *(place for place in self._fixed if place[0] == country)]
        offers = (next(self._fixed[place], None) for place in places)
        return next((phone for phone in offers if phone), None)


def written(phone: Phone, *, rng: Random) -> str:
    """The number as somebody types it: at home or abroad, with spaces or without."""
    style = weighted(_STYLES, rng=rng)
    if style == "international":
        return phone.international
    if style == "national":
        return phone.national
    if style == "compact":
        return phone.national.replace(" ", "")
    if style == "dashes":
        return phone.national.replace(" ", "-")
    code = next(code for code in _CALLING_CODES.values() if phone.international.startswith(code))
    return f"00{code[1:]} {phone.national[1:]}" if style == "zeros" else f"{code} (0){phone.national[1:]}"


_CALLING_CODES = {"GB": "+44", "DE": "+49", "FR": "+33"}
_STYLES: Sequence[tuple[str, float]] = (
    ("international", 0.38),
    ("national", 0.26),
    ("compact", 0.22),
    ("zeros", 0.05),
    ("dashes", 0.04),
    ("bracket", 0.05),
)
_MOBILE_RATE = {"GB": 0.6, "DE": 0.08, "FR": 0.85}
_MOBILE = {
    "GB": ReservedRange("GB", "07700 900"),
    "DE": ReservedRange("DE", "0171 39200", (2,)),
    "FR": ReservedRange("FR", "06 39 98 ", (2, 2)),
}
_FIXED = {
    ("GB", "020"): ReservedRange("GB", "020 7946 0"),
    **{
        ("GB", code): ReservedRange("GB", f"{code} 496 0")
        for code in ("0113", "0114", "0115", "0116", "0117", "0118", "0121", "0131", "0141", "0151", "0161")
    },
    ("GB", "0191"): ReservedRange("GB", "0191 498 0"),
    ("GB", "028"): ReservedRange("GB", "028 9649 6"),
    ("GB", "029"): ReservedRange("GB", "029 2018 0"),
    ("GB", "01632"): ReservedRange("GB", "01632 960"),
    ("GB", "03069"): ReservedRange("GB", "03069 990"),
    ("DE", "030"): ReservedRange("DE", "030 23125"),
    ("DE", "040"): ReservedRange("DE", "040 66969"),
    ("DE", "069"): ReservedRange("DE", "069 90009"),
    ("DE", "089"): ReservedRange("DE", "089 99998"),
    ("DE", "0221"): ReservedRange("DE", "0221 4710"),
    ("FR", "01"): ReservedRange("FR", "01 99 00 ", (2, 2)),
    ("FR", "02"): ReservedRange("FR", "02 61 91 ", (2, 2)),
    ("FR", "03"): ReservedRange("FR", "03 53 01 ", (2, 2)),
    ("FR", "04"): ReservedRange("FR", "04 65 71 ", (2, 2)),
    ("FR", "05"): ReservedRange("FR", "05 36 49 ", (2, 2)),
}
