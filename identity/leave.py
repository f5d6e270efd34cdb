"""Leave: which source profiles may be linked, and what they last said, opened as far as that goes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.decide import Decisions, decide_each
from consent.rules import EXPIRED, NEVER_SAID, ONLY_SOME_DEVICES, OUTDATED, SAID_NO, UNCONFIRMED
from identity.blocked import Blocked
from identity.matching import Person
from identity.models import LINKING
from identity.persons import NOBODY, latest_values, open_persons, views, without_view
from vault.grants import Actor
from vault.questions import Asked, ask
from vault.questions import Rows as Found

STAGE = Actor.machine("resolve")
# Why a link that was made no longer stands: what the person said of it, or no longer says.
OBJECTIONS = {SAID_NO, NEVER_SAID, EXPIRED, OUTDATED, UNCONFIRMED, ONLY_SOME_DEVICES}


@dataclass(frozen=True)
class Leave:
    """What may be done with these source profiles, and what they last said, as it is kept.

    Some may be linked, some object to it: a restriction leaves things as they are, and is no objection. `viewed` are
    those that have a matching view; of the `bare` others that may be opened it is asked value by value.
    """

    ids: Collection[UUID]
    decisions: Decisions[UUID]
    linkable: set[UUID]
    objecting: set[UUID]
    viewed: Found
    bare: Collection[UUID]
    asked: Asked[Found] | None


def ask_leave(ids: Collection[UUID], now: datetime, nobodys: Blocked, *, by_value: bool = False) -> Leave | None:
    """Ask for all of these: `by_value` where a view may say something else, since there is news or other values are
    blocked."""
    if not ids:
        return None
    asked: Asked[Found] | None = ask(latest_values(ids, nobodys)) if by_value else None
    seen = None if by_value else ask(views(ids))
    each = {id: (id,) for id in ids}
    decisions = decide_each(each, purpose=LINKING, at=now, actor=STAGE, reason="resolve source profiles")
    objecting = {id for id, reason in decisions.refused.items() if reason in OBJECTIONS}
    viewed = seen.answer() if seen else []
    bare = without_view(decisions.allowed, viewed)
    if bare and not asked:
        asked = ask(latest_values(bare, nobodys))
    return Leave(ids, decisions, set(decisions.allowed), objecting, viewed, bare, asked)


def open_all(leave: Leave | None) -> tuple[dict[UUID, Person], set[UUID], set[UUID]]:
    """The persons behind these source profiles, which may be linked, and which object to it; of those that may not be
    linked nothing is opened.
    """
    if leave is None:
        return {}, set(), set()
    said = leave.viewed + (leave.asked.answer() if leave.asked else [])
    opened = open_persons(leave.decisions.allowed, leave.decisions.grant, found=said)
    return {id: opened.get(id, NOBODY) for id in leave.ids}, leave.linkable, leave.objecting
