"""An encoder of TC and GPP strings, written from the specifications and apart from the parser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Ranges = Sequence[tuple[int, int]]


def binary(number: int, count: int) -> str:
    text = format(number, "b").zfill(count)
    assert len(text) == count
    return text


def base64(bits: str) -> str:
    padded = bits + "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def bitfield(ids: Sequence[int] | frozenset[int], count: int) -> str:
    return "".join("1" if id in ids else "0" for id in range(1, count + 1))


def letters(text: str) -> str:
    return "".join(binary(ord(letter) - 65, 6) for letter in text)


def tenths(instant: datetime) -> str:
    return binary(int(instant.timestamp() * 10), 36)


def ranges(entries: Ranges) -> str:
    items = [
        "0" + binary(first, 16) if first == last else "1" + binary(first, 16) + binary(last, 16)
        for first, last in entries
    ]
    return binary(len(items), 12) + "".join(items)


def vendors(entries: Ranges, *, as_ranges: bool) -> str:
    highest = max((last for _, last in entries), default=0)
    ids = {id for first, last in entries for id in range(first, last + 1)} if not as_ranges else set()
    return binary(highest, 16) + ("1" + ranges(entries) if as_ranges else "0" + bitfield(frozenset(ids), highest))


@dataclass
class Tc:
    """What a TC string is to say."""

    created_at: datetime
    updated_at: datetime
    version: int = 2
    cmp: int = 31
    cmp_version: int = 640
    screen: int = 1
    language: str = "EN"
    vendor_list: int = 126
    policy: int = 5
    service_specific: bool = True
    stacks: bool = False
    special_features: frozenset[int] = frozenset()
    consent: frozenset[int] = frozenset()
    interest: frozenset[int] = frozenset()
    one_treatment: bool = False
    country: str = "DE"
    vendors_consent: Ranges = ()
    vendors_interest: Ranges = ()
    restrictions: Sequence[tuple[int, int, Ranges]] = ()
    disclosed: Ranges | None = ()
    publisher: tuple[frozenset[int], frozenset[int], int, frozenset[int], frozenset[int]] | None = None
    as_ranges: bool = True
    more: list[str] = field(default_factory=list)

    def core(self) -> str:
        europe = self.version == 2
        return "".join(
            (
                binary(self.version, 6),
                tenths(self.created_at),
                tenths(self.updated_at),
                binary(self.cmp, 12),
                binary(self.cmp_version, 12),
                binary(self.screen, 6),
                letters(self.language),
                binary(self.vendor_list, 12),
                binary(self.policy, 6),
                str(int(self.service_specific)) if europe else "",
                str(int(self.stacks)),
                bitfield(self.special_features, 12),
                bitfield(self.consent, 24),
                bitfield(self.interest, 24),
                str(int(self.one_treatment)) + letters(self.country) if europe else "",
                vendors(self.vendors_consent, as_ranges=self.as_ranges),
                vendors(self.vendors_interest, as_ranges=self.as_ranges),
                binary(len(self.restrictions), 12),
                *(binary(purpose, 6) + binary(kind, 2) + ranges(who) for purpose, kind, who in self.restrictions),
            )
        )

    def text(self) -> str:
        segments = [base64(self.core())]
        if self.disclosed is not None:
            segments.append(base64("001" + vendors(self.disclosed, as_ranges=self.as_ranges)))
        if self.publisher is not None:
            consent, interest, count, custom, custom_interest = self.publisher
            said = bitfield(consent, 24) + bitfield(interest, 24) + binary(count, 6)
            segments.append(base64("011" + said + bitfield(custom, count) + bitfield(custom_interest, count)))
        return ".".join([*segments, *self.more])


def tc(now: datetime, **different: object) -> Tc:
    """A TC string that was made a day ago, with these differences."""
    said = {"created_at": now - timedelta(days=1), "updated_at": now - timedelta(days=1), **different}
    return Tc(**said)  # type: ignore[arg-type]


def fibonacci(number: int) -> str:
    """The number's Zeckendorf representation, smallest term first, closed by a one."""
    terms = [1, 2]
    while terms[-1] <= number:
        terms.append(terms[-1] + terms[-2])
    digits = []
    for term in reversed(terms):
        digits.append("1" if term <= number else "0")
        number -= term if term <= number else 0
    return "".join(reversed(digits)).rstrip("0") + "1"


def header(ids: Sequence[int], *, grouped: bool = False) -> str:
    items, last = [], 0
    groups = _groups(ids) if grouped else [(id, id) for id in ids]
    for first, end in groups:
        items.append(
            "0" + fibonacci(first - last) if first == end else "1" + fibonacci(first - last) + fibonacci(end - first)
        )
        last = end
    return base64(binary(3, 6) + binary(1, 6) + binary(len(items), 12) + "".join(items))


def _groups(ids: Sequence[int]) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    for id in ids:
        if groups and groups[-1][1] == id - 1:
            groups[-1] = (groups[-1][0], id)
        else:
            groups.append((id, id))
    return groups


def gpp(sections: Mapping[int, str], *, grouped: bool = False) -> str:
    ids = sorted(sections)
    return "~".join([header(ids, grouped=grouped), *(sections[id] for id in ids)])


def us(version: int, answers: Sequence[int], *, gpc: bool | None = None) -> str:
    """A US section: its answers of two bits, in the order of its specification, and a GPC segment."""
    core = base64(binary(version, 6) + "".join(binary(answer, 2) for answer in answers))
    return core if gpc is None else f"{core}.{base64('01' + str(int(gpc)))}"
