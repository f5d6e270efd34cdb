"""Why two records of a file are, or are not, one person: what their fields say, step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from identity.matching import NO_EVIDENCE, Model, compare, score
from identity.matching.table import free_columns
from identity.matching.waterfall import Step, steps_of
from identity.people_of_file import PeopleOfFile

# The first word that tells stands in the place of a family name, the others in that of a given name.
_OF_ORGANIZATIONS = {"family_name": "first_word_of_name", "given_name": "other_words_of_name"}
_LEVELS_OF_ORGANIZATIONS = {"may be two people": "may be two at one place"}


class UnknownRecordError(ValueError):
    """The file has no such record."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The probability that two records are one person, and the steps that lead there: levels and bits, no value.

    `compared` says whether any field is known of both; if none is, only the starting point stands. `columns` says which
    column of the file each identifier and trait is, `organizations` whether the records are of these.
    """

    probability: float
    steps: Sequence[Step]
    compared: bool
    columns: Mapping[str, str]
    organizations: bool = False

    def shown(self) -> list[Step]:
        """Return the steps for people to read: identifiers and traits are called as their columns are, and of names of
        organizations it is said which part of them is compared.
        """
        called, levels = dict(self.columns), {}
        if self.organizations:
            called, levels = called | _OF_ORGANIZATIONS, _LEVELS_OF_ORGANIZATIONS
        return [(called.get(name, name), levels.get(level, level), bits) for name, level, bits in self.steps]


def explain(of_file: PeopleOfFile, one: str, other: str, *, model: Model) -> Explained:
    """Return what the model says of two records, which are called as in the file, just as `dedupe` weighs them."""
    low, high = sorted((_row(of_file, one), _row(of_file, other)))
    if low == high:
        raise UnknownRecordError("that is one record; name two")
    pairs = np.array([(low, high)], dtype=np.int32)
    levels = compare(of_file.people, pairs)
    scores = score(levels, model, people=of_file.people, pairs=pairs, closely=True)
    columns = free_columns(of_file.columns) if model.columns is None else model.columns
    steps, compared = steps_of(levels, scores, 0), bool((levels != NO_EVIDENCE).any())
    return Explained(float(scores.probability[0]), steps, compared, columns, of_file.organizations)


def _row(of_file: PeopleOfFile, record_id: str) -> int:
    try:
        return of_file.record_ids.index(record_id)
    except ValueError:
        raise UnknownRecordError(
            f"there is no record {record_id!r}; say with --id which column names the records"
        ) from None
