"""What a consent signal means for the purposes of this installation. What cannot be read means no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from consent.signals import gpp, tcf
from consent.signals.bits import Malformed
from consent.signals.tcf import TcString

TCF, GPP, GPC = KINDS = ("tcf", "gpp", "gpc")
# All of these TCF purposes must be consented to: 1 storing on a device, 2 to 4 and 7 advertising, 5 and 6 content
# chosen for a person, 8 and 9 measuring content and audiences.
NEEDS = {"analytics": [1, 8, 9], "marketing": [1, 2, 3, 4, 7], "personalization": [1, 5, 6]}
# Opting out of sale, sharing or targeted advertising, by any signal, withdraws these.
OPT_OUT = ["marketing", "personalization"]
CLOCK_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a source's signals are read: what each purpose needs of the TCF, our vendor id, what an opt-out withdraws."""

    needs: Mapping[str, frozenset[int]]
    vendor: int | None
    opt_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a signal says: purposes granted and denied at the instant that it names, and those withdrawn now.

    Unreadable: all that it could have granted is withdrawn.
    """

    granted: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    said_at: datetime | None = None
    withdrawn: frozenset[str] = frozenset()
    gpc: bool = False
    readable: bool = True


def terms(mapping: Mapping[str, Any]) -> Terms:
    """The terms in a source's mapping, under `signals`; what it leaves out is as `NEEDS` and `OPT_OUT` have it."""
    given = mapping.get("signals", {})
    needs = given.get("tcf", NEEDS)
    return Terms(
        needs={purpose: frozenset(needed) for purpose, needed in needs.items()},
        vendor=given.get("vendor"),
        opt_out=frozenset(given.get("opt_out", OPT_OUT)),
    )


def hear(kind: str, text: str, terms: Terms, *, now: datetime) -> Heard:
    """What this signal says. Never raises: what is malformed, or from the future, denies all it could have granted."""
    try:
        match kind:
            case "tcf":
                return _of_framework(tcf.parse(text), terms, now)
            case "gpp":
                return _of_platform(gpp.parse(text), terms, now)
            case "gpc":
                return Heard(withdrawn=terms.opt_out, gpc=True) if text == "1" else Heard()
    except Malformed:
        pass
    return Heard(withdrawn=terms.opt_out | terms.needs.keys(), readable=False)


def _of_framework(said: TcString, terms: Terms, now: datetime) -> Heard:
    if said.updated_at > now + CLOCK_TOLERANCE:
        raise Malformed("the TC string is from the future")
    granted = {purpose for purpose, needed in terms.needs.items() if said.consents(needed, vendor=terms.vendor)}
    return Heard(
        granted=frozenset(granted),
        denied=frozenset(terms.needs.keys() - granted),
        said_at=min(now, _said_by(said.updated_at)),
    )


def _said_by(updated_at: datetime) -> datetime:
    """The latest instant at which it can have been said: most platforms give the day alone."""
    return updated_at + timedelta(days=1) if updated_at.time() == time.min else updated_at


def _of_platform(said: gpp.GppString, terms: Terms, now: datetime) -> Heard:
    """Silence of a US section grants nothing: not opting out is no consent."""
    heard = _most_restrictive([_of_framework(section, terms, now) for section in (said.europe, said.canada) if section])
    if not said.opted_out and not said.gpc:
        return heard
    return replace(heard, granted=heard.granted - terms.opt_out, withdrawn=terms.opt_out, gpc=said.gpc)


def _most_restrictive(heard: Sequence[Heard]) -> Heard:
    if not heard:
        return Heard()
    return Heard(
        granted=frozenset.intersection(*(one.granted for one in heard)),
        denied=frozenset().union(*(one.denied for one in heard)),
        said_at=min(one.said_at for one in heard if one.said_at),
    )
