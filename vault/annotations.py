"""How a room declares what its tables hold about people: `personal_data.TABLES` in each room is a list of these.

Erasure, access, retention and the leak scan walk the declarations; a test fails when a table or column has none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings

DIRECT = "direct identifier"
QUASI = "quasi-identifier"
SEALED = "sealed"
PSEUDONYM = "pseudonym"
PLAIN = "plain"


@dataclass(frozen=True)
class Table:
    """One table: whose rows these are, why they are kept, for how long, and the sensitivity of each column.

    `subject` is the path, in Django's double-underscore notation, to a source profile's id (`via="source_profile"`)
    or to a profile's id (`via="profile"`); None when no row belongs to one person. `also`: further such paths, where
    a row is about two people, and `also_profiles`: paths to a profile's id beside a source profile's. `erase_order`:
    lower goes first.
    `expires`: a column and the days after which retention deletes the row, where nothing else ends it.
    `sealed_under`: the path to the id of the data key of the sealed columns; empty: the source profile's, or the row's.
    `kept_because`: why an erasure leaves these rows, such as the proof of the erasure itself; empty when they go.
    `blind`: for each column of blind indexes the path to the name of its field, or "=name" where that is always the
    same. `digests`: for each column of digests under the data key, the column that names the field.
    """

    model: str
    subject: str | None
    purpose: str
    retention: str
    fields: Mapping[str, str]
    via: str = "source_profile"
    erase_order: int = 50
    also: tuple[str, ...] = ()
    also_profiles: tuple[str, ...] = ()
    kept_because: str = ""
    blind: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    expires: tuple[str, int] | None = None
    sealed_under: str = ""


def tables() -> Iterator[Table]:
    """The declarations of every installed room."""
    for config in apps.get_app_configs():
        if config.name in settings.INSTALLED_APPS and find_spec(f"{config.name}.personal_data"):
            yield from import_module(f"{config.name}.personal_data").TABLES
