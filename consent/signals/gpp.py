"""GPP strings of the Global Privacy Platform (IAB Tech Lab): a header that lists sections, and the sections.

Pure and strict like `tcf`. A section that is not known here makes the whole string unreadable, and the caller denies:
it may say no in a way that is not understood.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from consent.signals import tcf
from consent.signals.bits import LONGEST, Bits, Malformed, only
from consent.signals.tcf import TcString

HEADER, VERSION = 3, 1
TCF_EUROPE, TCF_CANADA, US_PRIVACY = 2, 5, 6
MOST_SECTIONS, HIGHEST_SECTION = 32, 255
YES = 1  # of an opt-out: the person opted out
HIGHEST_ANSWER = 2
GPC_SEGMENT = 1

SALE, SHARING, TARGETED = "SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"
OPT_OUTS = frozenset({SALE, SHARING, TARGETED})


@dataclass(frozen=True, slots=True)
class Layout:
    """How a US section is laid out: fields of two bits, some of them lists; and whether a GPC segment may follow."""

    name: str
    fields: tuple[tuple[str, int], ...]
    gpc: bool


@dataclass(frozen=True, slots=True)
class UsSection:
    """What a person told a business under a US law: the answers, and Global Privacy Control where it is passed on."""

    id: int
    name: str
    version: int
    answers: dict[str, tuple[int, ...]]
    gpc: bool | None

    @property
    def opted_out(self) -> frozenset[str]:
        """The uses that the person opted out of."""
        return frozenset(name for name in OPT_OUTS if YES in self.answers.get(name, ()))


@dataclass(frozen=True, slots=True)
class GppString:
    """The sections that were there, read."""

    europe: TcString | None
    canada: TcString | None
    us: tuple[UsSection, ...]

    @property
    def opted_out(self) -> frozenset[str]:
        """The uses that the person opted out of, in any section."""
        return frozenset().union(*(section.opted_out for section in self.us))

    @property
    def gpc(self) -> bool:
        """Whether a section passes on Global Privacy Control."""
        return any(section.gpc for section in self.us)


def _layout(name: str, text: str, *, gpc: bool) -> Layout:
    fields = [field.partition("*") for field in text.split()]
    return Layout(name, tuple((field, int(times or 1)) for field, _, times in fields), gpc)


MSPA = "MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode"
STATE = (
    "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SaleOptOut TargetedAdvertisingOptOut"
    " SensitiveDataProcessing*{sensitive} KnownChildSensitiveDataConsents*{child} " + MSPA
)
NATIONAL = (
    "SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice"
    " SensitiveDataProcessingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut"
    " TargetedAdvertisingOptOut SensitiveDataProcessing*{sensitive} KnownChildSensitiveDataConsents*{child}"
    " PersonalDataConsents " + MSPA
)
CALIFORNIA = (
    "SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut"
    " SensitiveDataProcessing*9 KnownChildSensitiveDataConsents*2 PersonalDataConsents " + MSPA
)
UTAH = (
    "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SensitiveDataProcessingOptOutNotice SaleOptOut"
    " TargetedAdvertisingOptOut SensitiveDataProcessing*8 KnownChildSensitiveDataConsents*1 " + MSPA
)
# By section and the version of its own specification.
US: dict[tuple[int, int], Layout] = {
    (7, 1): _layout("usnat", NATIONAL.format(sensitive=12, child=2), gpc=True),
    (7, 2): _layout("usnat", NATIONAL.format(sensitive=16, child=3), gpc=True),
    (8, 1): _layout("usca", CALIFORNIA, gpc=True),
    (9, 1): _layout("usva", STATE.format(sensitive=8, child=1), gpc=False),
    (10, 1): _layout("usco", STATE.format(sensitive=7, child=1), gpc=True),
    (11, 1): _layout("usut", UTAH, gpc=False),
    (12, 1): _layout("usct", STATE.format(sensitive=8, child=3), gpc=True),
}
KNOWN = frozenset({TCF_EUROPE, TCF_CANADA, US_PRIVACY, *(section for section, _ in US)})


def parse(text: str) -> GppString:
    """The sections of a GPP string. Raises `Malformed`."""
    if len(text) > LONGEST:
        raise Malformed("the GPP string is too long")
    header, *sections = text.split("~")
    ids = section_ids(header)
    if len(ids) != len(sections):
        raise Malformed("the GPP string has another number of sections than its header says")
    if not KNOWN.issuperset(ids):
        raise Malformed("the GPP string has a section that is not known here")
    found = dict(zip(ids, sections, strict=True))
    us = [_us_privacy(found[US_PRIVACY])] if US_PRIVACY in found else []
    us += [_us_section(id, section) for id, section in found.items() if id > US_PRIVACY]
    return GppString(
        europe=tcf.parse(found[TCF_EUROPE]) if TCF_EUROPE in found else None,
        canada=tcf.parse_canadian(found[TCF_CANADA]) if TCF_CANADA in found else None,
        us=tuple(us),
    )


def section_ids(header: str) -> Sequence[int]:
    """The ids of the sections, rising, as the header lists them. Raises `Malformed`."""
    bits = Bits(header, place="the header of the GPP string")
    if (bits.number(6), bits.number(6)) != (HEADER, VERSION):
        raise Malformed("this is no GPP string of version 1")
    ids: list[int] = []
    last = 0
    for _ in range(bits.number(12)):
        is_group = bits.flag()
        first = last + bits.fibonacci()
        last = first + (bits.fibonacci() if is_group else 0)
        if last > HIGHEST_SECTION or len(ids) + last - first >= MOST_SECTIONS:
            raise Malformed("the header of the GPP string lists sections that do not exist")
        ids += range(first, last + 1)
    bits.end()
    if not ids:
        raise Malformed("the GPP string has no section")
    return ids


def _us_privacy(text: str) -> UsSection:
    """A section of the older US Privacy format: a version, and notice, opt-out and agreement as Y, N or a dash."""
    if len(text) != 4 or text[0] != "1" or set(text[1:]) - set("YN-"):
        raise Malformed("the US Privacy section is not a version and three of Y, N and -")
    return UsSection(US_PRIVACY, "uspv1", 1, {SALE: (YES,)} if text[2] == "Y" else {}, None)


def _us_section(id: int, text: str) -> UsSection:
    core, *others = text.split(".")
    bits = Bits(core, place=f"section {id} of the GPP string")
    version = bits.number(6)
    layout = US.get((id, version))
    if layout is None:
        raise Malformed(f"section {id} of the GPP string has a version that is not known here")
    answers = {name: tuple(bits.number(2) for _ in range(times)) for name, times in layout.fields}
    bits.end()
    only([answer for given in answers.values() for answer in given], HIGHEST_ANSWER, place=bits.place)
    return UsSection(id, layout.name, version, answers, _gpc(others, layout, place=bits.place))


def _gpc(segments: Sequence[str], layout: Layout, *, place: str) -> bool | None:
    """What the GPC segment says; None where there is none."""
    if not segments:
        return None
    if not layout.gpc or len(segments) > 1:
        raise Malformed(f"{place} has a segment that does not belong there")
    bits = Bits(segments[0], place=place)
    if bits.number(2) != GPC_SEGMENT:
        raise Malformed(f"{place} has a segment that does not belong there")
    gpc = bits.flag()
    bits.end()
    return gpc
