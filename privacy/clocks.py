"""The clocks of the regulations as configuration: read once, and wrong ones refused with the name of what is wrong."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

BUILT_IN = Path(__file__).with_name("clocks.toml")
GDPR = "gdpr"
CONTROLLER = "controller"
MONTHS, DAYS, BUSINESS_DAYS = "months", "days", "business days"
PERIOD = re.compile(r"(\d{1,3}) (month|day|business day)s?")
COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
LONGEST_NAME, LONGEST_JURISDICTION = 8, 8


@dataclass(frozen=True)
class Period:
    """So many months, days or business days."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count > 1 else self.unit.removesuffix('s')}"


@dataclass(frozen=True)
class Clock:
    """By when a request is acknowledged (None: no such duty), answered, and by how much the answer may be put off."""

    name: str
    answer: Period
    acknowledge: Period | None = None
    extension: Period | None = None
    rolls: bool = False
    free_days: tuple[str, ...] = ()
    jurisdiction: str = ""
    kinds: Mapping[str, "Clock"] = field(default_factory=dict)

    def of(self, kind: str) -> "Clock":
        """The clock for this kind of request."""
        return self.kinds.get(kind, self)


def load() -> dict[str, Clock]:
    """The clocks by regulation: the built-in ones, and those of ONYM_CLOCKS_FILE.

    Raises `django.core.exceptions.ImproperlyConfigured`, naming the regulation and what is wrong with it.
    """
    given = [BUILT_IN, *([Path(settings.CLOCKS_FILE)] if settings.CLOCKS_FILE else [])]
    return {regulation: clock for path in given for regulation, clock in read(path.read_text()).items()}


def read(text: str) -> dict[str, Clock]:
    """The clocks that a file declares."""
    try:
        declared = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImproperlyConfigured(f"the file of clocks is not TOML: {error}") from None
    return {regulation: _clock(regulation, values) for regulation, values in declared.items()}


def _clock(regulation: str, declared: Any) -> Clock:
    if not isinstance(declared, dict) or len(regulation) > LONGEST_NAME or not regulation.isidentifier():
        raise _wrong(regulation, f"its name must be a word of at most {LONGEST_NAME} letters")
    kinds = declared.get("kinds", {})
    values = {name: value for name, value in declared.items() if name != "kinds"}
    clock = Clock(**_checked(regulation, {"name": regulation, **values}, needs=("answer", "jurisdiction")))
    return replace(
        clock, kinds={kind: replace(clock, **_checked(regulation, values)) for kind, values in kinds.items()}
    )


def _checked(regulation: str, values: Mapping[str, Any], needs: tuple[str, ...] = ()) -> dict[str, Any]:
    known = {"name", "answer", "acknowledge", "extension", "rolls", "free_days", "jurisdiction"}
    if missing := set(needs) - values.keys():
        raise _wrong(regulation, f"it lacks {', '.join(sorted(missing))}")
    if unknown := values.keys() - known:
        raise _wrong(regulation, f"it has an unknown entry '{sorted(unknown)[0]}'")
    read = dict(values)
    for name in ("answer", "acknowledge", "extension"):
        if name in read:
            read[name] = _period(regulation, name, read[name])
    if "free_days" in read:
        read["free_days"] = tuple(_countries(regulation, read["free_days"]))
    if len(read.get("jurisdiction", "")) > LONGEST_JURISDICTION:
        raise _wrong(regulation, f"its jurisdiction is longer than {LONGEST_JURISDICTION} letters")
    return read


def _period(regulation: str, name: str, text: Any) -> Period | None:
    if text == "" and name != "answer":
        return None
    found = PERIOD.fullmatch(text) if isinstance(text, str) else None
    if found is None or not int(found[1]):
        raise _wrong(regulation, f"{name} must read like '1 month', '45 days' or '10 business days'")
    return Period(int(found[1]), f"{found[2]}s")


def _countries(regulation: str, names: Any) -> list[str]:
    for name in names if isinstance(names, list) else [None]:
        if name != CONTROLLER and not (isinstance(name, str) and COUNTRY.fullmatch(name)):
            raise _wrong(regulation, "free_days must list 'controller' or countries such as 'DE' or 'US-CA'")
    return list(names)


def _wrong(regulation: str, what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"the clock of '{regulation}' is wrong: {what}")


CLOCKS = load()
