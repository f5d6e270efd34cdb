"""Tallies: how often each field was there, unreadable or broke a rule, in the records of one batch. Holds no value."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from records.dictionary import FIELDS
from records.envelope import Envelope
from records.quality import FLAG, PRESENT, UNIQUE


@dataclass(frozen=True)
class Tally:
    """Of the records that were stored: by field or property, how many had it, how many had it unreadable, and how many
    broke a rule about its value; and how many had each flag."""

    fields: dict[str, list[int]] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)


NOTHING = Tally()


def tally_of(envelopes: Sequence[Envelope]) -> Tally:
    """The tally of these envelopes, which are about to be stored."""
    filled = Counter(chain.from_iterable(envelope.properties for envelope in envelopes))
    # What a field of the data dictionary is called, no property counts for.
    for name in FIELDS.keys() & filled.keys():
        del filled[name]
    filled.update(chain.from_iterable(envelope.fields for envelope in envelopes))
    unreadable, broken, flags = Counter[str](), Counter[str](), Counter[str]()
    for found, alike in _by_flags(envelopes).items():
        flags.update(dict.fromkeys({_kind_of(flag) for flag in found}, len(alike)))
        broken.update(dict.fromkeys(_broken(found), len(alike)))
        for name in FIELDS.keys() & {flag.partition(":")[0] for flag in found}:
            # It came, and nothing could be made of it.
            unreadable[name] += sum(name not in envelope.fields for envelope in alike)
    names = sorted({*filled, *+unreadable, *broken})
    return Tally({name: [filled[name], unreadable[name], broken[name]] for name in names}, dict(sorted(flags.items())))


def _by_flags(envelopes: Sequence[Envelope]) -> dict[tuple[str, ...], list[Envelope]]:
    """Those that have flags, by these: most batches know few kinds."""
    found: dict[tuple[str, ...], list[Envelope]] = {}
    for envelope in envelopes:
        if envelope.flags:
            found.setdefault(envelope.flags, []).append(envelope)
    return found


def _broken(flags: Iterable[str]) -> set[str]:
    """The fields whose value breaks a rule of their source; one that is missing or shared is none."""
    told = (flag.removeprefix(FLAG).rpartition(":") for flag in flags if flag.startswith(FLAG))
    return {name for name, _, rule in told if rule not in (PRESENT, UNIQUE)}


def _kind_of(flag: str) -> str:
    """The flag without the number in it: `undeclared:3` is one of the kind `undeclared`."""
    before, _, number = flag.rpartition(":")
    return before if before and number.isdigit() else flag
