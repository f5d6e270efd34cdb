"""Ids as they stand in addresses and forms."""

from uuid import UUID


def uuid_in(text: str) -> UUID | None:
    """The id that this text writes; None when it writes none."""
    try:
        return UUID(text)
    except ValueError:
        return None
