"""Whether a file is like the one that a model was learned from: what it lacks, and what the model never saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from identity.matching import Model
from identity.matching.column import Column
from identity.matching.model import FREE_NAMES

ORGANIZATION = "organization"
_NAMES = frozenset({"given_name", "family_name"})


class UnlikeModelError(ValueError):
    """The model compares nothing that this file holds; the message names what each has."""


@dataclass(frozen=True, slots=True)
class Unlike:
    """lacking: what the model knows and the file lacks, in words; identifiers and traits go by their columns.

    unlearned: fields of the file that the model did not learn of. unknown: columns that would be identifiers or traits,
    and that the model does not know.
    """

    lacking: tuple[str, ...] = ()
    unlearned: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def fields_in(fields: Mapping[str, Column], *, organizations: bool) -> tuple[str, ...]:
    """Return the fields in which anybody has a value, but for identifiers and traits; an organization has one name."""
    known = {name for name, column in fields.items() if name not in FREE_NAMES and not column.is_empty}
    if organizations:
        known = known - _NAMES | {ORGANIZATION}
    return tuple(sorted(known))


def unlike(model: Model, present: Iterable[str], table: Iterable[str], free: Mapping[str, str]) -> Unlike:
    """Return how a file differs from the one that the model was learned from.

    `present` is what `fields_in` gives, `table` are all columns of the file, `free` those that would be identifiers and
    traits without the model. Raises `UnlikeModelError` when the two have nothing in common, or one is of
    organizations and the other of people. Of a model that does not say what it was learned from, only its identifiers
    and traits are known.
    """
    here, columns = set(present), set(table)
    ours = set((model.columns or {}).values())
    unknown = set(free.values()) - ours if model.columns is not None else set()
    if model.fields is None or not model.learned_on:
        return Unlike(_told((), ours - columns), (), _told((), unknown))
    fields = set(model.fields)
    if _kind(fields) and _kind(here) and _kind(fields) != _kind(here):
        raise UnlikeModelError(
            f"the model was learned from {_kind(fields)}, and this file holds {_kind(here)}; leave --model out to "
            "learn a new one, or say which column is which"
        )
    if not fields & here and not ours & columns:
        raise UnlikeModelError(
            f"the model was learned from {_listed(fields, ours)}, and this file has none of it, but "
            f"{_listed(here, set(free.values()))}; leave --model out to learn a new one, or say which column is which"
        )
    return Unlike(_told(fields - here, ours - columns), _told(here - fields, ()), _told((), unknown))


def _kind(fields: set[str]) -> str:
    """Return whose names are among the fields; nobody's is empty."""
    if ORGANIZATION in fields:
        return "organizations"
    return "people" if fields & _NAMES else ""


def _told(fields: Iterable[str], columns: Iterable[str]) -> tuple[str, ...]:
    return (*(name.replace("_", " ") for name in sorted(fields)), *sorted(columns))


def _listed(fields: Iterable[str], columns: Iterable[str]) -> str:
    return ", ".join(_told(fields, columns)) or "nothing"
