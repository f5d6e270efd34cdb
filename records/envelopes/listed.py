"""Identifiers that a message lists by what they are called: `context.externalIds` and Rudder's `mergeProperties`.

Of external ids those of users count, as they are; whatever has a name that the data dictionary does not know is
dropped and counted.
"""

from collections.abc import Mapping
from typing import Any

from records.dictionary import IDENTIFIERS, recognize
from records.envelope import Unreadable

# These come with every message, under names of their own; beside them they would say whose device it is.
OF_THE_MESSAGE = frozenset({"account_id", "device_id"})
MOST = 20
Raw = dict[str, tuple[str, object]]


def identifiers(listed: object, name: str, *, value: str) -> tuple[Raw, int]:
    """What stands in a list called `name`, by canonical field, and how many entries were dropped.

    Each entry has a `type` and, under the name `value`, a value. Of two of one type the first counts. Raises
    `Unreadable`.
    """
    if listed is None:
        return {}, 0
    if not isinstance(listed, list):
        raise Unreadable("wrong_type", name, f"'{name}' must be a list.")
    if len(listed) > MOST:
        raise Unreadable("too_long", name, f"'{name}' has at most {MOST} entries.")
    found: Raw = {}
    for number, entry in enumerate(listed):
        place = f"{name}.{number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            raise Unreadable("wrong_type", place, f"'{place}' must be an object with a 'type'.")
        field = recognize(entry["type"])
        if field in IDENTIFIERS - OF_THE_MESSAGE and _is_of_a_user(entry):
            found.setdefault(str(field), (f"{place}.{value}", entry.get(value)))
    return found, len(listed) - len(found)


def _is_of_a_user(entry: Mapping[str, Any]) -> bool:
    return (entry.get("collection", "users"), entry.get("encoding", "none")) == ("users", "none")
