"""TC strings of the Transparency and Consent Framework 2.3 (IAB Europe), and of its Canadian sister in the GPP.

Pure and strict: what is not exactly as the specification has it raises `Malformed`, and the caller denies. Segments
beyond the first stand in any order; each at most once. In 2.3 the segment of disclosed vendors is mandatory.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from consent.signals.bits import LONGEST, Bits, Ids, Malformed

EUROPE, CANADA = 2, 1
DISCLOSED, PUBLISHER = 1, 3
NOT_ALLOWED, REQUIRE_CONSENT, REQUIRE_INTEREST = 0, 1, 2
PURPOSES, SPECIAL_FEATURES = 24, 12


@dataclass(frozen=True, slots=True)
class Restriction:
    """The publisher overrides these vendors' legal basis for one purpose."""

    purpose: int
    kind: int
    vendors: Ids


@dataclass(frozen=True, slots=True)
class PublisherTc:
    """What was said to the publisher itself."""

    purposes_consent: frozenset[int]
    purposes_interest: frozenset[int]
    custom_consent: frozenset[int]
    custom_interest: frozenset[int]


@dataclass(frozen=True, slots=True)
class TcString:
    """What a person told a consent platform, purpose by purpose and vendor by vendor.

    In the Canadian framework `…_consent` is express consent and `…_interest` is implied consent.
    """

    version: int
    created_at: datetime
    updated_at: datetime
    cmp: int
    cmp_version: int
    screen: int
    language: str
    vendor_list: int
    policy: int
    special_features: frozenset[int]
    purposes_consent: frozenset[int]
    purposes_interest: frozenset[int]
    purpose_one_treatment: bool
    publisher_country: str
    vendors_consent: Ids
    vendors_interest: Ids
    restrictions: tuple[Restriction, ...]
    disclosed: Ids | None
    publisher: PublisherTc | None

    def consents(self, purposes: Collection[int], *, vendor: int | None) -> bool:
        """Whether all of these purposes were consented to; for a vendor, also to it, disclosed and not restricted."""
        if not purposes or not self.purposes_consent.issuperset(purposes):
            return False
        if vendor is None:
            return True
        if vendor not in self.vendors_consent or (self.disclosed is not None and vendor not in self.disclosed):
            return False
        return not any(
            restriction.purpose in purposes
            and restriction.kind in (NOT_ALLOWED, REQUIRE_INTEREST)
            and vendor in restriction.vendors
            for restriction in self.restrictions
        )


def parse(text: str) -> TcString:
    """The TC string of TCF 2.3. Raises `Malformed`."""
    return _parse(text, version=EUROPE)


def parse_canadian(text: str) -> TcString:
    """The section of TCF Canada v1 in a GPP string. Raises `Malformed`.

    Vendors are read as the consent platforms write them (as in Europe); restrictions in another form deny.
    """
    return _parse(text, version=CANADA)


def _parse(text: str, *, version: int) -> TcString:
    if len(text) > LONGEST:
        raise Malformed("the TC string is too long")
    core, *others = text.split(".")
    segments: dict[int, Bits] = {}
    for other in others:
        bits = Bits(other, place="a segment of the TC string")
        kind = bits.number(3)
        if kind not in (DISCLOSED, PUBLISHER) or kind in segments:
            raise Malformed("the TC string has a segment that is unknown or doubled")
        segments[kind] = bits
    if version == EUROPE and DISCLOSED not in segments:
        raise Malformed("the TC string lacks the segment of disclosed vendors")
    disclosed = _vendors_alone(segments[DISCLOSED]) if DISCLOSED in segments else None
    publisher = _publisher(segments[PUBLISHER]) if PUBLISHER in segments else None
    return _core(Bits(core, place="the core of the TC string"), version, disclosed, publisher)


def _core(bits: Bits, version: int, disclosed: Ids | None, publisher: PublisherTc | None) -> TcString:
    if bits.number(6) != version:
        raise Malformed("the TC string has another version")
    created_at, updated_at = bits.instant(), bits.instant()
    if updated_at < created_at:
        raise Malformed("the TC string was updated before it was created")
    cmp, cmp_version, screen = bits.number(12), bits.number(12), bits.number(6)
    language, vendor_list, policy = bits.letters(2), bits.number(12), bits.number(6)
    if version == EUROPE and not bits.flag():
        raise Malformed("the TC string is not specific to a service")
    bits.flag()  # whether the platform's own stacks were shown: says nothing of what was answered
    special_features, consented, interest = bits.ids(SPECIAL_FEATURES), bits.ids(PURPOSES), bits.ids(PURPOSES)
    one_treatment, country = (bits.flag(), bits.letters(2)) if version == EUROPE else (False, "")
    vendors_consent, vendors_interest = bits.vendors(), bits.vendors()
    restrictions = tuple(_restriction(bits) for _ in range(bits.number(12)))
    bits.end()
    return TcString(
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        cmp=cmp,
        cmp_version=cmp_version,
        screen=screen,
        language=language,
        vendor_list=vendor_list,
        policy=policy,
        special_features=special_features,
        purposes_consent=consented,
        purposes_interest=interest,
        purpose_one_treatment=one_treatment,
        publisher_country=country,
        vendors_consent=vendors_consent,
        vendors_interest=vendors_interest,
        restrictions=restrictions,
        disclosed=disclosed,
        publisher=publisher,
    )


def _restriction(bits: Bits) -> Restriction:
    purpose, kind = bits.number(6), bits.number(2)
    if not 1 <= purpose <= PURPOSES or kind not in (NOT_ALLOWED, REQUIRE_CONSENT, REQUIRE_INTEREST):
        raise Malformed("the TC string has a restriction without a meaning")
    return Restriction(purpose, kind, bits.ranges(highest=0xFFFF))


def _vendors_alone(bits: Bits) -> Ids:
    vendors = bits.vendors()
    bits.end()
    return vendors


def _publisher(bits: Bits) -> PublisherTc:
    consented, interest = bits.ids(PURPOSES), bits.ids(PURPOSES)
    custom = bits.number(6)
    said = PublisherTc(consented, interest, bits.ids(custom), bits.ids(custom))
    bits.end()
    return said
