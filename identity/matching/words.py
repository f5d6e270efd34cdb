"""What people call the comparisons, their levels, and odds."""

_COMPARISONS = {
    "email": "E-mail",
    "prior": "Starting point",
    "identifier_2": "Second identifier",
    "trait_2": "Second trait",
    "trait_3": "Third trait",
    "trait_4": "Fourth trait",
    "trait_5": "Fifth trait",
    "trait_6": "Sixth trait",
}
_LEVELS = {
    "variant": "another form",
    "swapped": "in the other field",
    "near": "same year",
    "two_parts": "two of three parts",
    "typo": "one slip",
    "same_local_part": "same local part",
    "same_city": "same city",
    "same_postcode": "same postcode",
    "same_address": "same address",
}
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_MOST_IN_WORDS = 1e15


def in_words(comparison: str) -> str:
    """Return what people call a comparison: "Birth date"."""
    return _COMPARISONS.get(comparison, comparison.replace("_", " ").capitalize())


def level_in_words(level: str) -> str:
    """Return what people call a level of agreement: "in the other field" for names that are swapped."""
    return _LEVELS.get(level, level.replace("_", " "))


def odds_in_words(bits: float) -> str:
    """Return odds as people say them: "380 to 1", "1 to 5.3 million"."""
    times = _counted(2 ** min(abs(bits), 1_000.0))
    return f"{times} to 1" if bits >= 0 else f"1 to {times}"


def probability_in_words(probability: float) -> str:
    """Return a probability as people say it, never as certain: "99.8 %", "over 99.9 %"."""
    if probability > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


def _counted(times: float) -> str:
    if times >= _MOST_IN_WORDS:
        return "over a thousand trillion"
    for size, name in _LARGE:
        if times >= size:
            return f"{times / size:.3g} {name}"
    return f"{times:.2g}" if times < 10 else f"{float(f'{times:.2g}'):,.0f}"
