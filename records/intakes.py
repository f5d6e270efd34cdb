"""Intakes: every batch accounted for, kept or not."""

from datetime import datetime

from records import tally_hours
from records.models import QUARANTINE, Intake, Source
from records.tallies import NOTHING, Tally
from vault.ids import new_id


def note(
    source: Source,
    *,
    door: str,
    acknowledged: int,
    stored: int,
    duplicate: int,
    quarantined: int,
    refused: int,
    now: datetime,
    tally: Tally = NOTHING,
) -> Intake:
    """One batch as it was taken in, with the tally of what was stored.

    Raises `django.db.IntegrityError` when the four do not add up to the whole.
    """
    return Intake.objects.create(
        id=new_id(),
        source=source,
        door=door,
        received_at=now,
        acknowledged=acknowledged,
        stored=stored,
        duplicate=duplicate,
        quarantined=quarantined,
        refused=refused,
        fields=tally.fields,
        flags=tally.flags,
    )


def note_repeated(source: Source, rows: int, *, door: str, now: datetime) -> None:
    """So many came once more, of which it is known without looking that all of them came before."""
    if rows:
        note(source, door=door, now=now, acknowledged=rows, stored=0, duplicate=rows, quarantined=0, refused=0)


def note_let_go(
    source: Source, *, stored: int, duplicate: int, refused: int, now: datetime, tally: Tally = NOTHING
) -> Intake:
    """What became of records that came out of quarantine; as many fewer are in it. `now`: when they were received."""
    tally_hours.has_changed(source, now)
    return note(
        source,
        door=QUARANTINE,
        acknowledged=0,
        stored=stored,
        duplicate=duplicate,
        quarantined=-(stored + duplicate + refused),
        refused=refused,
        now=now,
        tally=tally,
    )
