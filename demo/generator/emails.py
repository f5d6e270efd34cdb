"""E-mail addresses under the domains that RFC 2606 and RFC 6761 keep for examples."""

from random import Random

from demo.generator.spelling import ascii_letters

DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "post.example.net",
    "inbox.example.org",
    "familie.example",
    "courrier.example",
    "webmail.example",
)


class AddressBook:
    """Gives every mailbox once."""

    def __init__(self, *, rng: Random) -> None:
        self._taken: dict[str, int] = {}
        self._rng = rng

    def mailbox(self, given: str, family: str, *, year: int) -> str:
        """A new mailbox that looks like the name, sometimes with the year of birth."""
        return self._claim(
            self._local_part(ascii_letters(given), ascii_letters(family), year), self._rng.choice(DOMAINS)
        )

    def family_mailbox(self, family: str) -> str:
        """A new mailbox that a whole household reads."""
        word = self._rng.choice(("family", "familie", "famille", "home", "house"))
        return self._claim(f"{word}.{ascii_letters(family)}", self._rng.choice(DOMAINS))

    def _local_part(self, given: str, family: str, year: int) -> str:
        forms = (
            f"{given}.{family}",
            f"{given}.{family}",
            f"{given[0]}.{family}",
            f"{given}{family}",
            f"{given}.{family}{year % 100:02d}",
            f"{given}{year % 100:02d}",
            f"{given}_{family[0]}",
            f"{family}.{given}",
        )
        return self._rng.choice(forms)

    def _claim(self, local: str, domain: str) -> str:
        address = f"{local}@{domain}"
        count = self._taken.get(address, 0)
        self._taken[address] = count + 1
        return self._claim(f"{local}{self._rng.randrange(100, 1000)}", domain) if count else address
