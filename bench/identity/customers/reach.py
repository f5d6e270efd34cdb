"""How people are reached: e-mail addresses and phones, their own and the family's."""

from dataclasses import dataclass
from random import Random

from anyascii import anyascii

from bench.identity.customers.spread import words, zipf

_PROVIDERS = words(
    "mail post webmail freemail inbox online netpost sunmail telebox kabel stadtnetz quickmail mailbox uni"
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Until something changed and since; the family's is empty where it has none."""

    emails: tuple[str, str] = ("", "")
    phones: tuple[str, str] = ("", "")
    changed_at: float = 0.0
    family_email: str = ""
    family_phone: str = ""


def family_reach(random: Random, family: str) -> tuple[str, str]:
    """Return the address and the phone at home of a family, either may be empty."""
    number = random.randrange(1, 999)
    email = f"familie.{_plain(family)}{number if random.random() < 0.6 else ''}@{_provider(random)}"
    return email if random.random() < 0.35 else "", _landline(random) if random.random() < 0.75 else ""


def reach_of(random: Random, given: str, families: tuple[str, str], year: int, shared: tuple[str, str]) -> Reach:
    """Return how one person is reached."""
    first = _address(random, given, families[0], year)
    second = first
    if families[0] != families[1] and random.random() < 0.5:
        second = _address(random, given, families[1], year)
    elif random.random() < 0.22:
        # Half of those who change their provider keep what stands before the @.
        local = first.partition("@")[0]
        second = f"{local}@{_provider(random)}" if random.random() < 0.5 else _address(random, given, families[1], year)
    phone = _mobile(random)
    return Reach(
        emails=(first, second),
        phones=(phone, _mobile(random) if random.random() < 0.2 else phone),
        changed_at=random.random(),
        family_email=shared[0],
        family_phone=shared[1],
    )


def _address(random: Random, given: str, family: str, year: int) -> str:
    one, two = _plain(given), _plain(family)
    how = random.random()
    if how < 0.35:
        local = f"{one}.{two}"
    elif how < 0.5:
        local = f"{one[0]}.{two}"
    elif how < 0.62:
        local = f"{two}{one[0]}"
    elif how < 0.74:
        local = f"{one}{year % 100:02}"
    elif how < 0.86:
        local = f"{one[:3]}{two[:4]}"
    else:
        local = "".join(random.choice("abcdefghiklmnoprstuvwz") for _ in range(random.randint(5, 9)))
    # Where so many have a name like yours, it is taken: a number has to follow.
    if random.random() < 0.6:
        local += str(random.choice((year % 100, year, random.randrange(1, 1000), random.randrange(1, 10_000))))
    return f"{local}@{_provider(random)}"


def _provider(random: Random) -> str:
    return f"{_PROVIDERS[zipf(random, len(_PROVIDERS), flatten=3)]}.example"


def _mobile(random: Random) -> str:
    return f"01{random.choice('567')}{random.randrange(10**8, 10**9)}"


def _landline(random: Random) -> str:
    return f"0{random.randrange(20, 99)}{random.randrange(10**6, 10**8)}"


def _plain(name: str) -> str:
    return anyascii(name).lower().replace("'", "").replace("-", "")
