"""The log of rotations: an unfinished one is gone on with."""

from datetime import datetime

from vault.models import Rotation


def unfinished(kind: str) -> Rotation | None:
    """The rotation of this kind that was interrupted, if any."""
    return Rotation.objects.filter(kind=kind, ended_at=None).first()


def begin(kind: str, *, now: datetime, name: str = "", version: int | None = None) -> Rotation:
    """A rotation of this kind, or the unfinished one of that name."""
    return Rotation.objects.get_or_create(
        kind=kind, name=name, ended_at=None, defaults={"started_at": now, "version": version}
    )[0]


def end(rotation: Rotation, *, done: int, now: datetime) -> None:
    """It is done: so many were renewed."""
    rotation.ended_at, rotation.done = now, done
    rotation.save(update_fields=["ended_at", "done"])


def last_began(kind: str) -> datetime | None:
    """When the newest rotation of this kind began."""
    return Rotation.objects.filter(kind=kind).order_by("-started_at").values_list("started_at", flat=True).first()
