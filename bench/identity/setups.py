"""How Splink is set up: for its own examples as its documentation does, for other data as it advises.

FEBRL: the examples "Deduplicating the febrl3 dataset" and "Linking the febrl4 datasets" (the detailed model).
fake_1000: "Evaluation when you have fully labelled data". The others follow its tutorial and its example of 50,000
historical people; of several set-ups and thresholds the one that is best for Splink was kept (docs/performance.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import splink.comparison_library as cl
from splink import block_on

from bench.identity.known import THRESHOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that Splink is told. `certain`: rules that hardly join strangers, and find `recall` of the matches."""

    id: str = "rec_id"
    prepare: str
    clean: Sequence[str] = ()
    blocking: Sequence[object]
    comparisons: Sequence[object]
    certain: Sequence[object]
    recall: float
    sessions: Sequence[tuple[str, ...]]
    thresholds: Sequence[float]
    u_pairs: float = 1e7
    without_frequencies: bool = True


def _exact(column: str) -> object:
    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


def _name(column: str) -> object:
    return cl.NameComparison(column).configure(term_frequency_adjustments=True)


def _blocks(*rules: str) -> list[object]:
    return [block_on(*rule.split()) for rule in rules]


_FEBRL_DATE = cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d")
_FEBRL_CERTAIN = _blocks("soc_sec_id", "given_name surname date_of_birth")
_FEBRL = """
    SELECT rec_id, given_name, surname, street_number, address_1, postcode, state, date_of_birth, soc_sec_id FROM source
"""

FEBRL3 = Setup(
    prepare=_FEBRL,
    blocking=_blocks("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode"),
    comparisons=[
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        _FEBRL_DATE,
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
        _exact("street_number"),
        _exact("postcode"),
    ],
    certain=[
        *_FEBRL_CERTAIN,
        "l.given_name = r.surname AND l.surname = r.given_name AND l.date_of_birth = r.date_of_birth",
    ],
    recall=0.9,
    u_pairs=1e6,
    sessions=[("date_of_birth",), ("postcode",)],
    without_frequencies=False,
    thresholds=THRESHOLDS["febrl3"],
)

FEBRL4 = Setup(
    prepare=_FEBRL,
    blocking=[
        *_blocks("given_name surname", "date_of_birth", "soc_sec_id", "state address_1", "street_number address_1"),
        *_blocks("postcode"),
        "l.given_name = r.surname AND l.surname = r.given_name",
    ],
    comparisons=[
        _name("given_name"),
        _name("surname"),
        _FEBRL_DATE,
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        _exact("street_number"),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ],
    certain=_FEBRL_CERTAIN,
    recall=0.8,
    u_pairs=1e6,
    sessions=[("date_of_birth",), ("postcode",)],
    thresholds=THRESHOLDS["febrl4"],
)

FAKE_1000 = Setup(
    prepare="SELECT rec_id, first_name, surname, dob, city, email FROM source",
    blocking=_blocks("first_name", "surname", "dob", "email"),
    comparisons=[
        cl.ForenameSurnameComparison("first_name", "surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        _exact("city"),
        cl.EmailComparison("email"),
    ],
    certain=[
        "l.first_name = r.first_name AND levenshtein(l.dob, r.dob) <= 1",
        "l.surname = r.surname AND levenshtein(l.dob, r.dob) <= 1",
        "l.first_name = r.first_name AND levenshtein(l.surname, r.surname) <= 2",
        "l.email = r.email",
    ],
    recall=0.7,
    u_pairs=1e6,
    sessions=[("dob",), ("email",), ("first_name", "surname")],
    thresholds=THRESHOLDS["fake_1000"],
)

RLDATA10000 = Setup(
    prepare="""
        SELECT rec_id, fname_c1 AS given_name, fname_c2 AS second_name, lname_c1 AS family_name,
            "by" AS y, bm AS m, bd AS d,
            printf('%04d-%02d-%02d', "by"::int, bm::int, bd::int) AS birth_date
        FROM source
    """,
    blocking=_blocks(
        *("given_name family_name", "birth_date", "family_name y", "given_name y", "family_name m d"),
        *("given_name m d", "substr(given_name,1,2) substr(family_name,1,2) y", "y m", "m d"),
    ),
    comparisons=[
        _name("given_name"),
        _name("family_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.ExactMatch("second_name"),
    ],
    certain=_blocks("given_name family_name birth_date", "given_name birth_date", "family_name birth_date"),
    recall=0.7,
    sessions=[("given_name", "family_name"), ("birth_date",)],
    thresholds=THRESHOLDS["rldata10000"],
)

CUSTOMERS = Setup(
    id="id",
    # Small letters without marks, the last nine digits of a phone: as its guide to cleaning data advises.
    prepare="""
        SELECT id, lower(strip_accents(given_name)) AS given_name, lower(strip_accents(family_name)) AS family_name,
            lower(strip_accents(given_name || ' ' || family_name)) AS full_name, birth_date, lower(email) AS email,
            right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) AS phone,
            lower(strip_accents(street)) AS street, postcode, lower(strip_accents(city)) AS city
        FROM source
    """,
    # Who looks at the largest blocks finds addresses and phones that are nobody's.
    clean=[
        f"""
        UPDATE people SET {column} = NULL
        WHERE {column} IN (SELECT {column} FROM people GROUP BY ALL HAVING count(*) > 20)
        """
        for column in ("email", "phone")
    ],
    blocking=_blocks(
        *("email", "phone", "given_name family_name postcode", "family_name birth_date", "given_name birth_date"),
        *("birth_date postcode", "family_name postcode substr(given_name,1,1)", "given_name postcode street"),
        *("given_name family_name city", "substr(given_name,1,3) substr(family_name,1,4) substr(birth_date,1,4)"),
    ),
    comparisons=[
        cl.ForenameSurnameComparison("given_name", "family_name", forename_surname_concat_col_name="full_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.EmailComparison("email"),
        cl.LevenshteinAtThresholds("phone", [1]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("postcode", [1]).configure(term_frequency_adjustments=True),
    ],
    certain=_blocks("given_name family_name birth_date", "email given_name", "phone given_name family_name"),
    recall=0.6,
    sessions=[("given_name", "family_name"), ("birth_date",)],
    thresholds=THRESHOLDS["customers"],
)

SETUPS = {
    "febrl3": FEBRL3,
    "febrl4": FEBRL4,
    "fake_1000": FAKE_1000,
    "rldata10000": RLDATA10000,
    "customers": CUSTOMERS,
}
