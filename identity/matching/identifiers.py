"""Tell identifiers of one person from those of a household and from junk that identifies nobody."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

JUNK_RECORDS = 12
JUNK_FAMILY_NAMES = 8
SHARED_GIVEN_NAMES = 2
PROVIDER_USERS = 200
PROVIDER_FAMILY_NAMES = 100


@dataclass(frozen=True, eq=False, slots=True)
class SharedIdentifiers:
    """What each distinct value of one namespace (e-mail, phone) is, and on how many records; all of shape (distinct
    values,)."""

    junk: NDArray[np.bool_]
    household: NDArray[np.bool_]
    records: NDArray[np.int64]

    def with_junk(self, known: NDArray[np.bool_]) -> "SharedIdentifiers":
        """Return the same with what is known to be junk besides, shape (distinct values,)."""
        return replace(self, junk=self.junk | known, household=self.household & ~known)


def shared_identifiers(
    values: NDArray[np.int32], family_names: NDArray[np.int32], given_names: NDArray[np.int32]
) -> SharedIdentifiers:
    """Return which values are junk and which a household shares; all three inputs are codes of shape (n,), -1 missing.

    A value on more than a dozen records with more than eight family names is junk: the shop's own number, a
    noreply address. One borne by two or more given names, short forms counted as one, belongs to a household.
    Pass nickname classes as `given_names`, so that Bill and William are not two people.
    """
    size = int(values.max(initial=-1)) + 1
    records = np.bincount(values[values >= 0], minlength=size)
    families = distinct_partners(values, family_names, size)
    givens = distinct_partners(values, given_names, size)
    junk = (records > JUNK_RECORDS) & (families > JUNK_FAMILY_NAMES)
    return SharedIdentifiers(junk=junk, household=(givens >= SHARED_GIVEN_NAMES) & ~junk, records=records)


def serves_everyone(domains: NDArray[np.int32], family_names: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return, shape (distinct domains,), which are a provider's, by their users: more than 200, of over 100 names."""
    size = int(domains.max(initial=-1)) + 1
    users = np.bincount(domains[domains >= 0], minlength=size)
    serves: NDArray[np.bool_] = (users > PROVIDER_USERS) & (
        distinct_partners(domains, family_names, size) > PROVIDER_FAMILY_NAMES
    )
    return serves


def distinct_partners(values: NDArray[np.int32], partners: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """Return with how many different partners each of `size` values stands in a row, shape (size,)."""
    known = (values >= 0) & (partners >= 0)
    width = int(partners.max(initial=0)) + 1
    both = np.sort(values[known].astype(np.int64) * width + partners[known])
    distinct = both[np.append(True, both[1:] != both[:-1])[: len(both)]]
    return np.bincount(distinct // width, minlength=size).astype(np.int64)
