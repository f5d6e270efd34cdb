"""What the providers of mailboxes make of an address: which signs they ignore, and which domains are one."""

# Other names of a provider's one domain: the same local part at any of them is the same mailbox.
ONE_DOMAIN = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
}
# Signs in the local part that do not count.
IGNORED = {"gmail.com": ".", "proton.me": "._-"}
# What separates the mailbox from a tag that its owner made up; elsewhere it is the plus of RFC 5233.
TAG = "+"
TAGS = dict.fromkeys(
    ("yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it", "yahoo.pl", "yahoo.co.uk", "ymail.com"), "-"
)
# The person is the first label of the domain, the tag stands before the @: shop@alice.fastmail.com.
PERSON_IN_DOMAIN = frozenset({"fastmail.com", "fastmail.fm"})


def mailbox(local: str, domain: str) -> tuple[str, str]:
    """The local part and domain under which the provider files what is sent to this address, in small letters."""
    person, _, provider = domain.partition(".")
    if provider in PERSON_IN_DOMAIN:
        return person, provider
    domain = ONE_DOMAIN.get(domain, domain)
    local = local.split(TAGS.get(domain, TAG), 1)[0] or local
    bare = "".join(letter for letter in local if letter not in IGNORED.get(domain, ""))
    return bare or local, domain
