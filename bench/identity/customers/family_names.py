"""Family names: made of syllables, so that a million people bear names as common and as rare as real ones."""

from random import Random

from bench.identity.customers.spread import words, zipf

_ONSETS = words("B Br D F Fr G Gr H J K Kl Kr L M N P Pf R S Sch Schw St T Tr V W Z Szcz Gw O' Mc")
_VOWELS = ["a", "e", "i", "o", "u", "ei", "au", "ie", "ö", "ü", "ä", "oo", "ou"]
_CODAS = words("ll mm nn tt ck rg rd ls nd nz rst ch hl bs rk ft l s x")
_ENDINGS = words(
    """
    er mann - e ke ler ing bauer en hofer sen ski ic meier stein berg ner el ova ez son ini eau ığlu ão feld ert
    wald off
    """
)
FAMILY_NAMES = 40_000
_FLATTEN = 10


def _family_names() -> list[str]:
    """Return them, the commonest first; the shuffle keeps names that share syllables apart."""
    parts = [(onset, vowel, coda, end) for onset in _ONSETS for vowel in _VOWELS for coda in _CODAS for end in _ENDINGS]
    Random(7).shuffle(parts)
    names = ("".join((onset, vowel, coda, end.strip("-"))) for onset, vowel, coda, end in parts)
    return list(dict.fromkeys(names))[:FAMILY_NAMES]


_FAMILY = _family_names()


def family_name(random: Random) -> str:
    """Return a family name: the commonest is borne by one in ninety, the rarest by one in 300,000; a few are double."""
    name = _FAMILY[zipf(random, FAMILY_NAMES, flatten=_FLATTEN)]
    return name if random.random() > 0.02 else f"{name}-{_FAMILY[zipf(random, FAMILY_NAMES, flatten=_FLATTEN)]}"
