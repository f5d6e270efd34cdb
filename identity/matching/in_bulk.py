"""The rules of `normalize` for very many values at once, with the same outcome.

What is written in plain signs is worked on in columns; the few other values by the rules themselves.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.matching import normalize, people, providers, word_sets
from identity.matching import phonetic as sounds
from identity.matching.column import MISSING, Bulk, Codes, Column, Rule, side_by_side
from identity.matching.nicknames import CLASS_OF

# The printable signs of ASCII: a letter is one byte, its lower case its folded one.
PLAIN = r"^[ -~]*$"
# So few are worked on one by one: their list is no burden.
FEW = 5_000
_LONGEST_ABSENT = max(map(len, normalize.ABSENT))


def _in_latin() -> dict[str, str]:
    """Return what folding makes of each Latin letter with a mark, or of two in one, whatever stands beside it."""
    letters = map(chr, (*range(0xC0, 0x180), *range(0x218, 0x21C), *range(0x1E00, 0x1F00)))
    folded = {letter: normalize.in_latin(letter) for letter in letters}
    return {letter: plain for letter, plain in folded.items() if plain.isascii() and plain.isalpha()}


LATIN = _in_latin()
_WITH_SIGNS = rf"(?i)\b(?:{'|'.join(map(re.escape, normalize.WITH_SIGNS))})"
# Words between spaces; "str" ends others, too.
_STREET_WORDS = {f" {short} ": f" {long} " for short, long in normalize.STREET_WORDS.items() if short != "str"} | {
    "str ": "strasse "
}
# Rules that look at nothing but the folded text.
_FOLDING = frozenset[Rule]({normalize.name, normalize.street, normalize.place})


class Texts(Bulk):
    """Distinct texts in a column of Arrow; a list is made of them when one is first asked for.

    What is made of plain texts by the rules is plain, and not asked again whether it is.
    """

    def __init__(self, series: pl.Series, *, plain: bool = False) -> None:
        self.series = series
        self._plain = plain
        self._listed: list[str] | None = None

    def __len__(self) -> int:
        return len(self.series)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._list()[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._list())

    def chosen(self, places: Codes) -> list[str]:
        """Return the texts at these places."""
        if self._listed is not None:
            return list(map(self._listed.__getitem__, places.tolist()))
        return self.series.gather(places).to_list()

    def lengths(self) -> NDArray[np.int64]:
        """Return how many letters each text has."""
        return self.series.str.len_chars().cast(pl.Int64).to_numpy()

    def among(self, texts: Collection[str]) -> NDArray[np.bool_]:
        """Return which of them are among these."""
        return self.series.is_in(sorted(texts)).to_numpy()

    def words(self) -> tuple[Codes, NDArray[np.int64]]:
        """Return a code for each word of all texts, one behind the other, and how many each text has."""
        split = self.series.str.split(" ")
        return encoded(split.explode()).codes, split.list.len().cast(pl.Int64).to_numpy()

    def derived(self, rule: Rule) -> Column:
        """Return the rule's outcome for each text."""
        self._plain = self._plain or are_plain(self.series)
        outcome = applied(rule, self.series, plain=self._plain)
        if outcome.equals(self.series):
            return Column(np.arange(len(self), dtype=np.int32), self)
        return encoded(outcome, plain=self._plain and rule in RULES)

    def _list(self) -> list[str]:
        if self._listed is None:
            self._listed = self.series.to_list()
        return self._listed


def encoded(texts: pl.Series, *, plain: bool = False) -> Column:
    """Return the column of these texts, which may be known to be `plain`; null and "" are missing."""
    known = texts.set(texts == "", None)
    codes, first, again = _by_hash(known)
    values = known.gather(first)
    if not _told_apart(known, codes, values, again):
        categories = known.cast(pl.Categorical(pl.Categories.random())).to_physical().cast(pl.Int64)
        codes, first, _ = _numbered(categories.fill_null(MISSING).to_numpy())
        values = known.gather(first)
    return Column(codes, Texts(values, plain=plain) if len(values) > FEW else tuple(values.to_list()))


# A code for each text, where each code comes first, and where one comes again.
_Numbered = tuple[Codes, NDArray[np.int64], NDArray[np.int64]]


def _by_hash(texts: pl.Series) -> _Numbered:
    """Return the codes of the texts; two texts may have one, but seldom do."""
    bits = max(len(texts) - 1, 1).bit_length()
    hashes = (texts.hash(seed=0).to_numpy() >> np.uint64(bits + 1)).view(np.int64)
    hashes[texts.is_null().to_numpy()] = MISSING
    return _numbered(hashes)


def _numbered(numbers: NDArray[np.int64]) -> _Numbered:
    places, begins = side_by_side(numbers)
    codes = np.full(len(numbers), MISSING, dtype=np.int32)
    codes[places] = np.cumsum(begins, dtype=np.int32) - 1
    return codes, places.compress(begins), places.compress(~begins)


def _told_apart(texts: pl.Series, codes: Codes, values: pl.Series, again: NDArray[np.int64]) -> bool:
    """Return whether no two texts have one code."""
    if 2 * len(again) < len(texts):
        return texts.gather(again).equals(values.gather(codes.take(again)))
    # In their order they are faster to come by than so many at places of their own.
    return texts.equals(values.gather(pl.Series(codes).set(pl.Series(codes == MISSING), None)))


def texts_of(column: Column, rows: NDArray[np.int64]) -> pl.Series:
    """Return the texts of these rows of a column, null where one is missing."""
    values = column.values
    texts = values.series if isinstance(values, Texts) else pl.Series(values, dtype=pl.String)
    codes = column.codes[rows]
    return texts.gather(pl.Series(codes).set(pl.Series(codes == MISSING), None))


def are_plain(texts: pl.Series) -> bool:
    """Return whether all signs of these texts are plain."""
    signs = np.frombuffer(texts.str.join("").cast(pl.Binary).item(), dtype=np.uint8)
    # What is below the first one comes out above the last.
    return not bool((signs - np.uint8(ord(" ")) > ord("~") - ord(" ")).any())


def applied(rule: Rule, texts: pl.Series, *, plain: bool = False) -> pl.Series:
    """Return the rule's outcome for each text, which may be known to be `plain`, null where there is none."""
    in_bulk = RULES.get(rule)
    if in_bulk is None:
        return pl.Series([rule(text) for text in texts], dtype=pl.String)
    if plain:
        return in_bulk(texts)
    written = in_plain_letters(texts) if rule in _FOLDING else texts
    outcome = in_bulk(written)
    odd = (~written.str.contains(PLAIN)).arg_true()
    return outcome.scatter(odd, [rule(text) for text in texts.gather(odd)]) if len(odd) else outcome


def in_plain_letters(texts: pl.Series) -> pl.Series:
    """Return the texts with each Latin letter as folding would have it, where that makes them plain: "Jürgen" is
    "Jurgen"; the others as they are."""
    odd = (~texts.str.contains(PLAIN)).arg_true()
    if not len(odd):
        return texts
    asked = texts.gather(odd)
    written = asked.str.replace_many(LATIN)
    # What is scattered into a series stays in it.
    return texts.clone().scatter(odd, written.zip_with(written.str.contains(PLAIN), asked))


def cell(texts: pl.Series) -> pl.Series:
    """As `normalize.cell`."""
    bare = texts.str.strip_chars(" ")
    if bare.str.ends_with(".0").any():
        bare = bare.str.replace(r"([0-9])\.0$", "${1}")
    if (bare.str.len_bytes() > normalize.LONGEST_CELL).any():
        bare = bare.str.head(normalize.LONGEST_CELL)
    if (bare.str.len_bytes() <= _LONGEST_ABSENT).any():
        bare = bare.set(bare.str.to_lowercase().is_in(list(normalize.ABSENT)), None)
    return bare


def name(texts: pl.Series) -> pl.Series:
    """As `normalize.name`."""
    folded = fold(texts)
    untitled = folded.str.replace_all(rf"\b(?:{'|'.join(sorted(normalize.TITLES))})\b", "")
    kept = untitled.str.replace_all(" +", " ").str.strip_chars(" ").zip_with(untitled.str.contains("[^ ]"), folded)
    return kept.set((kept == "") | kept.is_in(list(normalize.NO_NAME)), None)


def main_word(texts: pl.Series) -> pl.Series:
    """As `normalize.main_word`."""
    particles = "|".join(sorted(normalize.PARTICLES))
    first = texts.str.extract("^([^ ]+)", 1)
    return (
        texts.str.replace(rf"^(?:(?:{particles}) )+", "")
        .str.extract("^([^ ]+)", 1)
        .zip_with(~texts.str.contains(rf"^(?:(?:{particles})(?: |$))+$"), first)
    )


def phonetic(texts: pl.Series) -> pl.Series:
    """As `phonetic.phonetic`."""
    written = texts
    for group, sound in sounds.LETTER_GROUPS:
        # What follows is taken along where it is only looked at.
        pattern = group.pattern.replace("(?=[eiy])", "([eiy])")
        written = written.str.replace_all(pattern, sound + ("${1}" if pattern != group.pattern else ""))
    first = written.str.head(1)
    begin = (first.replace_strict("h", "H", default="A", return_dtype=pl.String)).zip_with(
        first.is_in(list(sounds.SILENT)), pl.Series([""])
    )
    key = written.str.replace_many(sounds.CLASSES | dict.fromkeys(sounds.SILENT, ""))
    for sign in (*sounds.SOUND_OF.values(), *("0123456789" if key.str.contains("[0-9]").any() else "")):
        key = key.str.replace_all(f"{sign}{sign}+", sign)
    key = begin + key
    return key.zip_with(key != "", texts)


def email(texts: pl.Series) -> pl.Series:
    """As `normalize.email`."""
    lower = texts.str.strip_chars().str.to_lowercase()
    at_first = lower.str.starts_with("@")
    if at_first.any():
        at_first &= lower.str.count_matches("@", literal=True) == 1
    return lower.set(~lower.str.contains("@", literal=True) | lower.str.ends_with("@") | at_first, None)


def email_mailbox(texts: pl.Series) -> pl.Series:
    """As `normalize.email_mailbox`."""
    local, domain = _halves(texts)
    column = encoded(domain)
    names = list(column.values)
    reached = [name for _, name in (providers.mailbox("", name) for name in names)]
    personal = [name.partition(".")[2] in providers.PERSON_IN_DOMAIN for name in names]
    changed = _of(column, [*map(str.__ne__, names, reached)]) | _of(column, personal)
    for tag in {*providers.TAGS.values(), providers.TAG}:
        tagged = _of(column, [providers.TAGS.get(name, providers.TAG) == tag for name in reached])
        local, cut = _cut(local, tagged, tag, f"{re.escape(tag)}.*$")
        changed[cut] = True
    for signs in providers.IGNORED.values():
        signed = _of(column, [providers.IGNORED.get(name) == signs for name in reached])
        for sign in signs:
            local, cut = _cut(local, signed, sign, re.escape(sign))
            changed[cut] = True
    places = np.flatnonzero(changed)
    if not len(places):
        return texts
    codes = column.codes[places]
    persons = [name.partition(".")[0] if has else None for name, has in zip(names, personal, strict=True)]
    person = pl.Series(persons, dtype=pl.String)
    written = person.gather(codes).fill_null(local.gather(places)) + "@" + pl.Series(reached).gather(codes)
    return texts.clone().scatter(places, written)


def _of(column: Column, marks: list[bool]) -> NDArray[np.bool_]:
    """Return the mark of each row's value."""
    return np.array([*marks, False], dtype=np.bool_)[column.codes]


def _cut(texts: pl.Series, marked: NDArray[np.bool_], sign: str, pattern: str) -> tuple[pl.Series, NDArray[np.int64]]:
    """Return the texts, those that are marked and hold the sign without what fits the pattern, unless nothing would be
    left of them; and which these are."""
    places = np.flatnonzero(marked)
    places = places[texts.gather(places).str.contains(sign, literal=True).to_numpy()]
    if not len(places):
        return texts, places
    whole = texts.gather(places)
    cut = whole.str.replace_all(pattern, "")
    return texts.clone().scatter(places, cut.zip_with(cut != "", whole)), places


def mailbox_local(texts: pl.Series) -> pl.Series:
    """As `normalize.mailbox_local`."""
    bare = _halves(texts)[0].str.replace_all(r"[^0-9A-Za-z]+", "")
    says_nothing = (bare.str.len_bytes() < 3) | bare.is_in(list(normalize.ROLE_LOCAL_PARTS))
    return bare.set(says_nothing, None)


def mailbox_domain(texts: pl.Series) -> pl.Series:
    """As `normalize.mailbox_domain`."""
    domain = _halves(texts)[1]
    return domain.set(domain.is_in(list(normalize.PROVIDERS_FOR_ALL)), None)


def phone_digits(texts: pl.Series) -> pl.Series:
    """As `normalize.phone_digits`."""
    digits = texts.str.strip_chars_start("+0")
    odd = digits.str.contains("[^0-9]").arg_true()
    if len(odd):
        digits = digits.scatter(odd, digits.gather(odd).str.replace_all(r"[^0-9]+", "").str.strip_chars_start("0"))
    too_few = digits.str.len_bytes() < normalize.LEAST_PHONE_DIGITS
    return digits.str.tail(normalize.PHONE_DIGITS).set(too_few, None)


def street(texts: pl.Series) -> pl.Series:
    """As `normalize.street`."""
    spelled = texts
    if spelled.str.contains(_WITH_SIGNS).any():
        for short, long in normalize.WITH_SIGNS.items():
            spelled = spelled.str.replace_all(rf"(?i)\b{re.escape(short)}", long)
    folded = fold(spelled).str.replace(r"\b([0-9]+) ([a-z])$", "${1}${2}")
    # With a space of its own on both sides each word is told by these.
    spaced = " " + folded.str.replace_all(" ", "  ", literal=True) + " "
    words = spaced.str.replace_many(_STREET_WORDS).str.replace_all("  ", " ", literal=True).str.strip_chars(" ")
    odd = spaced.str.contains(" [0-9][^ ]*  [^0-9 ]").arg_true()
    if len(odd):
        words = words.scatter(odd, _numbers_last(words.gather(odd)))
    return words.set(words == "", None)


def _numbers_last(texts: pl.Series) -> pl.Series:
    words = pl.DataFrame({"words": texts.str.split(" ")}).with_row_index("row").explode("words")
    ordered = words.sort("row", pl.col("words").str.contains("^[0-9]"), maintain_order=True)
    return ordered.group_by("row", maintain_order=True).agg(pl.col("words").str.join(" "))["words"]


def fold(texts: pl.Series) -> pl.Series:
    """As `normalize.fold`."""
    words = texts.str.to_lowercase().str.replace_all(r"['`]", "").str.replace_all(r"[^0-9a-z]+", " ")
    return words.str.strip_chars(" ").str.replace_all(r"(^|[^aeiouq])([aou])e", "${1}${2}")


def place(texts: pl.Series) -> pl.Series:
    """As `normalize.place`."""
    folded = fold(texts)
    return folded.set(folded == "", None)


def street_name(texts: pl.Series) -> pl.Series:
    """As `normalize.street_name`."""
    return texts.str.split(" ").list.eval(pl.element().filter(~pl.element().str.contains("^[0-9]"))).list.join(" ")


def street_number(texts: pl.Series) -> pl.Series:
    """As `normalize.street_number`."""
    return texts.str.extract(r"(?:^| )([0-9][^ ]*)", 1).fill_null("")


def dwelling_sound(texts: pl.Series) -> pl.Series:
    """As `people.dwelling_sound`."""
    number = street_number(texts)
    first_word = texts.str.extract(r"(?:^| )([^ 0-9][^ ]*)", 1)
    words = first_word.drop_nulls().unique()
    sound = first_word.replace_strict(words, applied(sounds.phonetic, words), return_dtype=pl.String)
    return (number + " " + sound).set(number == "", None)


def class_sound(texts: pl.Series) -> pl.Series:
    """As `people.class_sound`."""
    return phonetic(texts.replace(CLASS_OF))


def digits(texts: pl.Series) -> pl.Series:
    """As `normalize.digits`."""
    some = texts.str.contains("[0-9]").arg_true()
    nothing = pl.repeat("", len(texts), eager=True, dtype=pl.String)
    return nothing.scatter(some, texts.gather(some).str.replace_all("[^0-9]+", ""))


def run_together(texts: pl.Series) -> pl.Series:
    """As `word_sets.run_together`."""
    return texts.str.replace_all(" ", "", literal=True)


def strip(texts: pl.Series) -> pl.Series:
    """As `str.strip`."""
    return texts.str.strip_chars(" ")


def _halves(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return what stands before the last @ of each text, and behind it."""
    local, domain = texts.str.splitn("@", 2).struct.unnest()
    if not domain.is_null().any() and not domain.str.contains("@", literal=True).any():
        return local, domain
    return texts.str.replace(r"@[^@]*$", ""), texts.str.extract(r"@([^@]*)$", 1)


RULES: dict[Rule, Callable[[pl.Series], pl.Series]] = {
    str.strip: strip,
    normalize.cell: cell,
    normalize.name: name,
    normalize.main_word: main_word,
    sounds.phonetic: phonetic,
    normalize.email: email,
    normalize.email_mailbox: email_mailbox,
    normalize.mailbox_local: mailbox_local,
    normalize.mailbox_domain: mailbox_domain,
    normalize.phone_digits: phone_digits,
    normalize.street: street,
    normalize.place: place,
    normalize.street_name: street_name,
    normalize.street_number: street_number,
    people.dwelling_sound: dwelling_sound,
    people.class_sound: class_sound,
    word_sets.run_together: run_together,
    normalize.digits: digits,
}
