"""Backlog: how much waits, for who is who to be settled and for what follows from it."""

from pipeline import following, queue


def waiting() -> int:
    """How many entries wait in both queues."""
    return queue.waiting() + following.waiting()
