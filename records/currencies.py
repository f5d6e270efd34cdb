"""Currencies: codes, names of three letters and signs to ISO 4217; a sign that several use is left open."""

from functools import lru_cache

from babel.numbers import list_currencies

AMBIGUOUS = "ambiguous"
UNKNOWN = "unknown"
# Several countries call theirs so, or write it so, whatever one of them calls it alone.
OF_SEVERAL = frozenset({"$", "¥", "kr", "kr.", "fr", "fr.", "rs", "rs.", "£e", "ls", "l", "k", "r", "s", "ден"})
# The signs that mean one currency wherever they stand.
SIGNS = {
    "€": "EUR", "£": "GBP", "₺": "TRY", "zł": "PLN", "zl": "PLN", "kč": "CZK", "₴": "UAH", "₽": "RUB", "₹": "INR",
    "₩": "KRW", "₪": "ILS", "₫": "VND", "₦": "NGN", "฿": "THB", "₱": "PHP", "₸": "KZT", "₾": "GEL", "₼": "AZN",
    "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "r$": "BRL", "mx$": "MXN", "cn¥": "CNY", "jp¥": "JPY", "元": "CNY", "円": "JPY", "chf": "CHF",
    "sfr": "CHF", "sfr.": "CHF", "tl": "TRY", "ft": "HUF", "лв": "BGN", "лв.": "BGN", "euro": "EUR", "euros": "EUR",
    "eur.": "EUR",
}  # fmt: skip


@lru_cache(maxsize=1024)
def code_of(text: str) -> tuple[str | None, str | None]:
    """The code of the currency that is meant, or None and what is the matter: `ambiguous` or `unknown`."""
    if (code := text.upper()) in _codes():
        return code, None
    sign = text.casefold()
    if sign in SIGNS:
        return SIGNS[sign], None
    return None, AMBIGUOUS if sign in OF_SEVERAL else UNKNOWN


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())
