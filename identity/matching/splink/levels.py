"""The levels of our comparisons as conditions in DuckDB's SQL over the prepared table; the first true one holds.

`x_l` and `x_r` are the two sides of column `x`, as Splink has it. What is NULL is not true.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from identity.matching.distinct import MOST_SLIPS_IN_A_TOWN
from identity.matching.levels import (
    ADDRESS,
    BIRTH_DATE,
    EMAIL,
    FAMILY_NAME,
    GIVEN_NAME,
    IDENTIFIERS,
    PHONE,
    TRAITS,
    Comparison,
)

ELSE = "ELSE"
# By what Splink counts how rare an exact name is (see `rarity.counted`).
COUNTED = {"given_name_counted": "given_name", "family_name_counted": "family_name"}


@dataclass(frozen=True, slots=True)
class Condition:
    """When a pair is at a level, None being no evidence; `rare` names the column whose rare values count more there."""

    level: str | None
    sql: str
    rare: str | None = None


def conditions_of(comparison: Comparison) -> Sequence[Condition]:
    """Return the conditions of a comparison in the order in which they are tried, the last one `ELSE`."""
    return _CONDITIONS[comparison.name]()


# Joining conditions


def _all(*conditions: str) -> str:
    return "(" + " AND ".join(conditions) + ")"


def _any(*conditions: str) -> str:
    return "(" + " OR ".join(conditions) + ")"


def _same(column: str) -> str:
    return f"{column}_l = {column}_r"


def _surely(condition: str) -> str:
    """Return a condition that is false where it would be NULL, so that its opposite is true there."""
    return f"coalesce({condition}, FALSE)"


def _missing(column: str) -> str:
    return _any(f"{column}_l IS NULL", f"{column}_r IS NULL")


# Words


def _holds_all(one: str, other: str) -> str:
    return f"list_has_all(string_split({one}, ' '), string_split({other}, ' '))"


def _one_holds_the_other(one: str, other: str) -> str:
    return _any(_holds_all(one, other), _holds_all(other, one))


def _closeness(one: str, other: str, least: float) -> str:
    # Single precision, in which our engine compares: 0.9 is then 0.9.
    return f"jaro_winkler_similarity({one}, {other})::FLOAT >= {least}::FLOAT"


def _shorter(one: str, other: str) -> str:
    return f"least(length({one}), length({other}))"


def _similar(one: tuple[str, str], other: tuple[str, str]) -> str:
    """Return when two words are alike up to a slip of the pen (`distinct.similar_words`): columns and their sides."""
    (x, x_side), (y, y_side) = one, other
    left, right = f"{x}_{x_side}", f"{y}_{y_side}"
    slips = f"damerau_levenshtein({left}, {right})"
    few = _any(
        f"{slips} <= {_shorter(left, right)} // 4",
        _one_holds_the_other(f"{x}_letters_{x_side}", f"{y}_letters_{y_side}"),
    )
    around = _any(_stands_in(left, f"{y}_around_{y_side}"), _stands_in(right, f"{x}_around_{x_side}"))
    slipped = _all(_closeness(left, right, 0.7), f"{slips} <= 2", few, f"NOT {around}")
    return _any(_closeness(left, right, 0.9), slipped)


def _stands_in(word: str, words: str) -> str:
    return f"coalesce(list_contains(string_split({words}, '|'), {word}), FALSE)"


def _alike(column: str) -> str:
    return _similar((column, "l"), (column, "r"))


def _alike_or_part(column: str) -> str:
    return _any(_alike(column), _one_holds_the_other(f"{column}_l", f"{column}_r"))


# Names


def _variant() -> str:
    first_l, first_r = "split_part(given_name_l, ' ', 1)", "split_part(given_name_r, ' ', 1)"
    return _any(
        "list_has_any(string_split(given_full_names_l, ' '), string_split(given_full_names_r, ' '))",
        _all(f"{_shorter(first_l, first_r)} = 1", f"left({first_l}, 1) = left({first_r}, 1)"),
        _one_holds_the_other("given_name_l", "given_name_r"),
        "replace(given_name_l, ' ', '') = replace(given_name_r, ' ', '')",
    )


def _similar_given_names() -> str:
    others = "list_contains(string_split(given_lookalikes_l, ' '), split_part(given_name_r, ' ', 1))"
    return _all(_alike("given_name"), f"NOT {_surely(others)}")


def _crossed(given_side: str, family_side: str) -> str:
    """Return when the given name of one side is like the family name of the other."""
    return _all(
        f"left(given_name_{given_side}, 1) = left(family_name_{family_side}, 1)",
        _similar(("given_name", given_side), ("family_name", family_side)),
    )


def _same_given_name() -> str:
    return _any(_same("given_name"), _variant(), _similar_given_names())


def _same_family_name() -> str:
    return _any(_same("family_name"), _alike_or_part("family_name"))


def _given_names() -> list[Condition]:
    swapped = _all(_crossed("l", "r"), _crossed("r", "l"), f"NOT {_same_family_name()}")
    half_known = _all(_missing("family_name"), _any(_crossed("l", "r"), _crossed("r", "l")))
    return [
        Condition(None, _missing("given_name")),
        Condition("exact", _same("given_name"), rare="given_name_counted"),
        Condition("variant", _variant()),
        Condition("similar", _similar_given_names(), rare="given_name"),
        Condition(None, _any(swapped, half_known)),
        Condition("different", ELSE),
    ]


def _family_names() -> list[Condition]:
    swapped = _all(_crossed("l", "r"), _crossed("r", "l"), f"NOT {_surely(_same_given_name())}")
    return [
        Condition(None, _missing("family_name")),
        Condition("exact", _same("family_name"), rare="family_name_counted"),
        Condition("similar", _alike_or_part("family_name"), rare="family_name"),
        Condition("swapped", swapped),
        Condition("different", ELSE),
    ]


# The other fields


def _birth_dates() -> list[Condition]:
    digits_l, digits_r = "replace(birth_date_l, '-', '')", "replace(birth_date_r, '-', '')"
    year, month, day = (
        f"substr(birth_date_l, {start}, {length}) = substr(birth_date_r, {start}, {length})"
        for start, length in ((1, 4), (6, 2), (9, 2))
    )
    day_and_month = _all(
        year,
        "substr(birth_date_l, 6, 2) = substr(birth_date_r, 9, 2)",
        "substr(birth_date_l, 9, 2) = substr(birth_date_r, 6, 2)",
    )
    return [
        Condition(None, _missing("birth_date")),
        Condition("exact", _same("birth_date")),
        # Of words of one length, one slip is a changed letter or two swapped neighbors.
        Condition("typo", _any(f"damerau_levenshtein({digits_l}, {digits_r}) = 1", day_and_month)),
        Condition("two_parts", _any(_all(year, month), _all(year, day), _all(month, day))),
        Condition("near", year),
        Condition("different", ELSE),
    ]


def _emails() -> list[Condition]:
    slips = f"damerau_levenshtein(email_l, email_r) <= least({_shorter('email_l', 'email_r')} // 6, 3)"
    numbers = (f"regexp_replace(email_{side}, '[^0-9]+', '', 'g')" for side in "lr")
    return [
        Condition(None, _missing("email")),
        Condition("exact", _same("email")),
        Condition(None, _all(_same("email_name"), f"NOT {_surely(_same('mailbox'))}")),
        Condition("same_local_part", _any(_same("mailbox"), _same("email_local"))),
        Condition("similar", _all(" = ".join(numbers), slips)),
        Condition("different", ELSE),
    ]


def _phones() -> list[Condition]:
    return [
        Condition(None, _missing("phone")),
        Condition("exact", _same("phone")),
        Condition("different", ELSE),
    ]


def _addresses() -> list[Condition]:
    same_country = f"coalesce({_same('country')}, TRUE)"
    few_slips = f"damerau_levenshtein(city_l, city_r) <= {MOST_SLIPS_IN_A_TOWN}"
    same_city = _surely(_any(_same("city"), _all(_alike("city"), few_slips)))
    unknown = _all(_missing("postcode"), _missing("city"))
    near = _any(_surely(_same("postcode")), same_city, unknown)
    same_number = f"coalesce({_same('street_number')}, TRUE)"
    same_words = _any(_same("street_name"), _alike("street_name"))
    same_street = _any(_same("street"), _all(same_number, same_words))
    return [
        Condition(None, _all(unknown, _missing("street"))),
        Condition("same_address", _all(same_country, near, same_street)),
        Condition("same_postcode", _all(same_country, _same("postcode")), rare="postcode"),
        Condition("same_city", _all(same_country, same_city), rare="city"),
        Condition("different", ELSE),
    ]


def _identifiers(name: str) -> list[Condition]:
    one, other = f"{name}_l", f"{name}_r"
    return [
        Condition(None, _missing(name)),
        Condition("exact", _same(name)),
        Condition("typo", _all(f"{_shorter(one, other)} >= 5", f"damerau_levenshtein({one}, {other}) <= 1")),
        Condition("different", ELSE),
    ]


def _traits(name: str) -> list[Condition]:
    return [
        Condition(None, _missing(name)),
        Condition("exact", _same(name), rare=name),
        Condition("similar", _alike_or_part(name), rare=name),
        Condition("different", ELSE),
    ]


_CONDITIONS: dict[str, Callable[[], list[Condition]]] = {
    GIVEN_NAME.name: _given_names,
    FAMILY_NAME.name: _family_names,
    BIRTH_DATE.name: _birth_dates,
    EMAIL.name: _emails,
    PHONE.name: _phones,
    ADDRESS.name: _addresses,
    **{comparison.name: partial(_identifiers, comparison.name) for comparison in IDENTIFIERS},
    **{comparison.name: partial(_traits, comparison.name) for comparison in TRAITS},
}
