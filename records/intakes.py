"""Intakes: every batch accounted for, kept or not."""

from datetime import datetime

from records.models import QUARANTINE, Intake, Source
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
) -> Intake:
    """One batch as it was taken in. Raises `django.db.IntegrityError` when the four do not add up to the whole."""
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
    )


def note_let_go(source: Source, *, stored: int, duplicate: int, refused: int, now: datetime) -> Intake:
    """What became of records that came out of quarantine; as many fewer are in it. `now`: when they were received."""
    return note(
        source,
        door=QUARANTINE,
        acknowledged=0,
        stored=stored,
        duplicate=duplicate,
        quarantined=-(stored + duplicate + refused),
        refused=refused,
        now=now,
    )
