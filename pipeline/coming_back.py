"""Whoever was erased, signed up and proved that the mailbox is theirs comes in as a record does: by accept."""

from datetime import datetime, timedelta

from pipeline.accept import accept
from records.envelope import Envelope, Said, message_hash
from records.models import Source

DOOR = "sign_up"
# What the act lifts ends at its instant; the record that follows from it comes after.
AFTER = timedelta(microseconds=1)


def take_in(source: Source, *, address: str, word: Said, message: bytes, now: datetime) -> bool:
    """Take in an address and what was said from its mailbox, in the caller's transaction. Returns whether it came in.

    `message` tells it from all others, so that it comes in once. What is kept of it the door decides, as of any record.
    """
    envelope = Envelope(
        position=0,
        message_hash=message_hash(message),
        kind="profile",
        event="Sign-up confirmed",
        occurred_at=now + AFTER,
        fields={"email": address},
        said=(word,),
    )
    return accept(source, [envelope], door=DOOR, now=now).stored == 1
