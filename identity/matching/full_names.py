"""Part full names into given and family names, as their script writes them."""

import re
from collections.abc import Callable
from functools import partial

import numpy as np

from identity.matching import normalize
from identity.matching.column import Column

Parted = tuple[str | None, str | None]

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"})
_SAMPLE = 2_000
_MOSTLY = 0.5
# Names in Chinese characters, kana or Hangul, which no spaces need part: the family name stands in front.
_UNSPACED = re.compile("[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_BETWEEN = re.compile("[\\s,\u3000\u3001\u30fb\u00b7]+")
# Chinese and Korean family names of two characters; the others have one.
_OF_TWO = frozenset(
    re.findall(
        "..",
        "欧阳歐陽司马司馬上官诸葛諸葛夏侯东方東方皇甫尉迟尉遲公孙公孫慕容令狐司徒长孙長孫宇文端木南宫南宮"
        "남궁황보제갈선우독고사공서문동방",
    )
)
# Of four characters most Japanese full names are, and hardly any Chinese or Korean ones.
_JAPANESE_LENGTH = 4


def parting(names: Column) -> Callable[[str], Parted]:
    """Return the rule that parts the full names of a column into given and family name.

    Where names need no spaces, those of the column that have some tell the family names of the others.
    """
    rows = np.flatnonzero(names.known)
    words = [_BETWEEN.split(name.strip()) for name in names.texts(names.codes[rows[:: max(1, len(rows) // _SAMPLE)]])]
    unspaced = [each for each in words if all(map(_UNSPACED.fullmatch, each))]
    if not unspaced:
        return split
    families = frozenset(each[0] for each in unspaced if len(each) > 1)
    long = sum(len("".join(each)) >= _JAPANESE_LENGTH for each in unspaced)
    usual = 2 if long > _MOSTLY * len(unspaced) else 1
    return partial(_split_by_script, families=families | _OF_TWO, usual=usual)


def split(full_name: str) -> Parted:
    """Return given and family name of "Ann van Dyk", "van Dyk, Ann" and "Ann van Dyk Jr."."""
    if "," in full_name:
        family, _, given = (part.strip() for part in full_name.partition(","))
        if given.casefold().strip(".") not in _SUFFIXES:
            return given or None, family or None
        full_name = family
    words = [word for word in full_name.split() if word.casefold().strip(".") not in _SUFFIXES]
    if len(words) < 2:
        return None, full_name
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in normalize.PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def _split_by_script(full_name: str, *, families: frozenset[str], usual: int) -> Parted:
    """Return the same of a name in whatever script; of "王小明" 小明 and 王, of "佐藤 太郎" 太郎 and 佐藤."""
    words = [word for word in _BETWEEN.split(full_name) if word]
    if not words or not all(map(_UNSPACED.fullmatch, words)):
        return split(full_name)
    if len(words) > 1:
        return "".join(words[1:]), words[0]
    whole = words[0]
    known = (size for size in (3, 2, 1) if size < len(whole) and whole[:size] in families)
    size = next(known, min(usual, max(len(whole) - 1, 1)))
    return whole[size:] or None, whole[:size]
