"""The levels of agreement of two people, found without arrays: the same that `compare` finds for many pairs."""

import re
from collections import Counter

import numpy as np
from rapidfuzz.distance import OSA, DamerauLevenshtein, Indel, JaroWinkler

from identity.matching import normalize
from identity.matching.compare_birth import GENERATION_YEARS
from identity.matching.compare_email import LETTERS_PER_SLIP, MOST_SLIPS
from identity.matching.contradict import SAME_LETTERS, SAME_ORDER
from identity.matching.distinct import MOST_SLIPS_IN_A_TOWN, SIMILAR, WORTH_A_SECOND_LOOK, few_slips
from identity.matching.few_people import Known
from identity.matching.letters import MOST_SLIPS as MOST_SLIPS_OF_WORDS
from identity.matching.levels import ADDRESS, BIRTH_DATE, EMAIL, FAMILY_NAME, GIVEN_NAME, NO_EVIDENCE, PHONE
from identity.matching.local_parts import says_only_the_name
from identity.matching.nicknames import are_lookalikes, are_nicknames

_GIVEN = {level: place for place, level in enumerate(GIVEN_NAME.levels)}
_FAMILY = {level: place for place, level in enumerate(FAMILY_NAME.levels)}
_BIRTH = {level: place for place, level in enumerate(BIRTH_DATE.levels)}
_EMAIL = {level: place for place, level in enumerate(EMAIL.levels)}
_PHONE = {level: place for place, level in enumerate(PHONE.levels)}
_ADDRESS = {level: place for place, level in enumerate(ADDRESS.levels)}
_ISO_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _single(limit: float) -> float:
    """The least number that is `limit` or more once it is rounded to single precision, as in arrays it is."""
    rounded = np.float32(limit)
    return (float(rounded) + float(np.nextafter(rounded, np.float32(0)))) / 2


_SIMILAR, _WORTH_A_SECOND_LOOK, _SAME_ORDER = _single(SIMILAR), _single(WORTH_A_SECOND_LOOK), _single(SAME_ORDER)


def similar(one: str, other: str) -> bool:
    """As `distinct.similar_words` of two words."""
    closeness = JaroWinkler.similarity(one, other)
    if closeness >= _SIMILAR or closeness < _WORTH_A_SECOND_LOOK:
        return closeness >= _SIMILAR
    return few_slips(one, other, OSA.distance(one, other, score_cutoff=MOST_SLIPS_OF_WORDS))


class Pairing:
    """Levels of pairs of these people. `order` gives each value the place at which it first stands among them: which of
    two values comes first decides rare ties of their likeness.
    """

    def __init__(self, people: list[Known]) -> None:
        self.people = people
        self._order: dict[tuple[str, str], int] = {}
        for person in people:
            for field in ("given_name", "family_name", "city", "street_name"):
                self._order.setdefault((field, getattr(person, field)), len(self._order))

    def levels(self, a: int, b: int) -> tuple[int, int, int, int, int, int]:
        """The levels of names, birth date, e-mail, phone and address, in the order of `COMPARISONS`."""
        one, other = self.people[a], self.people[b]
        return (
            *self.of_names(one, other),
            of_birth_dates(one, other),
            _of_emails(one, other),
            _of_phones(one, other),
            self._of_addresses(one, other),
        )

    def contradict(self, a: int, b: int) -> bool:
        """As `contradict.contradicts` of one pair, in a file that may hold housemates."""
        one, other = self.people[a], self.people[b]
        return self._plainly_differ(one, other) or _generations_apart(one, other)

    def of_names(self, one: Known, other: Known) -> tuple[int, int]:
        """The levels of given and family name."""
        given, family = self._of_given_names(one, other), self._of_family_names(one, other)
        if given == _GIVEN["different"]:
            if family == _FAMILY["different"] and _swapped(one, other):
                return NO_EVIDENCE, _FAMILY["swapped"]
            if family == NO_EVIDENCE and _half_swapped(one, other):
                return NO_EVIDENCE, family
        return given, family

    def _of_given_names(self, one: Known, other: Known) -> int:
        x, y = one.given_name, other.given_name
        if not x or not y:
            return NO_EVIDENCE
        if x == y:
            return _GIVEN["exact"]
        first, second = x.split(" ", 1)[0], y.split(" ", 1)[0]
        has_initial = len(x) == 1 or x[1] == " " or len(y) == 1 or y[1] == " "
        if (
            (has_initial and x[0] == y[0])
            or are_nicknames(first, second)
            or _within(x, y)
            or x.replace(" ", "") == y.replace(" ", "")
        ):
            return _GIVEN["variant"]
        alike = self._alike("given_name", x, y) and not are_lookalikes(first, second)
        return _GIVEN["similar"] if alike else _GIVEN["different"]

    def _of_family_names(self, one: Known, other: Known) -> int:
        x, y = one.family_name, other.family_name
        if not x or not y:
            return NO_EVIDENCE
        if x == y:
            return _FAMILY["exact"]
        return _FAMILY["similar"] if _within(x, y) or self._alike("family_name", x, y) else _FAMILY["different"]

    def _of_addresses(self, one: Known, other: Known) -> int:
        know_postcode = bool(one.postcode and other.postcode)
        know_city = bool(one.city and other.city)
        know_street = bool(one.street and other.street)
        if not (know_postcode or know_city or know_street):
            return NO_EVIDENCE
        if one.country and other.country and one.country != other.country:
            return _ADDRESS["different"]
        same_postcode = know_postcode and one.postcode == other.postcode
        same_city = know_city and self._same_city(one.city, other.city)
        near = same_postcode or same_city or not (know_postcode or know_city)
        if near and know_street and self._same_street(one, other):
            return _ADDRESS["same_address"]
        if same_postcode:
            return _ADDRESS["same_postcode"]
        return _ADDRESS["same_city"] if same_city else _ADDRESS["different"]

    def _same_city(self, x: str, y: str) -> bool:
        return self._same("city", x, y) and DamerauLevenshtein.distance(x, y) <= MOST_SLIPS_IN_A_TOWN

    def _same_street(self, one: Known, other: Known) -> bool:
        if one.street == other.street:
            return True
        x, y = one.street_number, other.street_number
        if x and y and x != y:
            return False
        return bool(one.street_name and other.street_name) and self._same(
            "street_name", one.street_name, other.street_name
        )

    def _same(self, field: str, x: str, y: str) -> bool:
        return x == y or self._alike(field, x, y)

    def _alike(self, field: str, x: str, y: str) -> bool:
        return similar(x, y) if self._order[field, x] < self._order[field, y] else similar(y, x)

    def _plainly_differ(self, one: Known, other: Known) -> bool:
        x, y = one.given_name, other.given_name
        if not x or not y or x == y or self.of_names(one, other)[0] != _GIVEN["different"]:
            return False
        if self._order["given_name", x] > self._order["given_name", y]:
            x, y = y, x
        if Indel.normalized_similarity(x, y) >= _SAME_ORDER:
            common = (Counter(x) & Counter(y)).total()
            if 2 * common >= SAME_LETTERS * (len(x) + len(y)) and not are_lookalikes(x, y):
                return False
        return not _half_swapped(one, other)


def _within(x: str, y: str) -> bool:
    if " " not in x and " " not in y:
        return x == y
    ones, others = set(x.split(" ")), set(y.split(" "))
    return ones <= others or others <= ones


def _swapped(one: Known, other: Known) -> bool:
    return (
        one.given_name[0] == other.family_name[0]
        and one.family_name[0] == other.given_name[0]
        and similar(one.given_name, other.family_name)
        and similar(other.given_name, one.family_name)
    )


def _half_swapped(one: Known, other: Known) -> bool:
    return _stands_in(one.given_name, other.family_name) or _stands_in(other.given_name, one.family_name)


def _stands_in(given: str, family: str) -> bool:
    return bool(family) and given[0] == family[0] and similar(given, family)


def of_birth_dates(one: Known, other: Known) -> int:
    """The level of the birth dates, which are YYYY-MM-DD."""
    if not one.birth_date or not other.birth_date:
        return NO_EVIDENCE
    if one.birth_date == other.birth_date:
        return _BIRTH["exact"]
    x, y = _digits(one.birth_date), _digits(other.birth_date)
    unlike = [place for place in range(8) if x[place] != y[place]]
    same_year, same_day = x[:4] == y[:4], x[4:] == y[4:]
    if (
        len(unlike) == 1
        or (same_year and x[4:6] == y[6:] and x[6:] == y[4:6])
        or (len(unlike) == 2 and _are_crossed(x, y, *unlike))
    ):
        return _BIRTH["typo"]
    if same_year + (x[4:6] == y[4:6]) + (x[6:] == y[6:]) == 2:
        return _BIRTH["two_parts"]
    return _BIRTH["near"] if same_year or same_day else _BIRTH["different"]


def _digits(date: str) -> str:
    bare = date[:4] + date[5:7] + date[8:]
    # Other scripts have digits of their own.
    return bare if _ISO_DATE.fullmatch(date) else f"{int(bare):08}"


def _are_crossed(x: str, y: str, one: int, other: int) -> bool:
    return other == one + 1 and x[one] == y[other] and x[other] == y[one]


def _generations_apart(one: Known, other: Known) -> bool:
    if not one.birth_date or not other.birth_date:
        return False
    years = abs(int(one.birth_date[:4]) - int(other.birth_date[:4]))
    return years >= GENERATION_YEARS and of_birth_dates(one, other) == _BIRTH["different"]


def _of_emails(one: Known, other: Known) -> int:
    x, y = one.email, other.email
    if not x or not y:
        return NO_EVIDENCE
    if x == y:
        return _EMAIL["exact"]
    if one.mailbox == other.mailbox:
        return _EMAIL["same_local_part"]
    if one.email_local and one.email_local == other.email_local:
        return NO_EVIDENCE if _say_only_the_name(one, other) else _EMAIL["same_local_part"]
    allowed = min(len(x) // LETTERS_PER_SLIP, len(y) // LETTERS_PER_SLIP, MOST_SLIPS)
    possible = allowed > 0 and abs(len(x) - len(y)) <= allowed and normalize.digits(x) == normalize.digits(y)
    slips_are_few = possible and OSA.distance(x, y, score_cutoff=MOST_SLIPS) <= allowed
    return _EMAIL["similar"] if slips_are_few else _EMAIL["different"]


def _say_only_the_name(*two: Known) -> bool:
    return all(says_only_the_name(each.email_local, each.given_name, each.family_name) for each in two)


def _of_phones(one: Known, other: Known) -> int:
    if not one.phone or not other.phone:
        return NO_EVIDENCE
    return _PHONE["exact"] if one.phone == other.phone else _PHONE["different"]
