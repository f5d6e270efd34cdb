"""manage.py rotate KIND: new keys, while everything goes on; resumes what was interrupted."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import MofNCompleteColumn
from rich.progress import Progress as Bar

from privacy import data_key_rotation, index_key_rotation, key_encryption_rotation
from privacy.rotations import AlreadyRunning, Progress, alone
from vault.key_encryption import KeyVersionMissing, key_ring
from vault.key_service import KeyServiceFailed

KINDS = (key_encryption_rotation.KIND, data_key_rotation.KIND, index_key_rotation.KIND)
EXPECTED = (
    AlreadyRunning,
    KeyServiceFailed,
    KeyVersionMissing,
    data_key_rotation.NoKeyNamed,
    index_key_rotation.CannotRotate,
    key_encryption_rotation.StillInUse,
)


class Command(BaseCommand):
    """Rotate keys of one kind, or retire earlier versions of the key-encryption key."""

    help = (
        "Make new keys and move everything to them, while the product works. An interrupted rotation goes on where "
        "it stopped when the command is run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("--field", action="append", default=[], help="index-keys: this identifier; may be repeated")
        parser.add_argument(
            "--retire",
            action="store_true",
            help="key-encryption-key: delete every earlier version for good; old backups of the key store end with it",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        kind, fields = options["kind"], options["field"]
        if fields and kind != index_key_rotation.KIND:
            raise CommandError("--field is for index-keys")
        if options["retire"] and kind != key_encryption_rotation.KIND:
            raise CommandError("--retire is for the key-encryption-key: other old keys end with their rotation")
        try:
            with alone():
                if options["retire"]:
                    retired = key_encryption_rotation.retire(now=timezone.now())
                    self._tell(options, {"kind": kind, "retired": retired}, f"Retired versions: {retired or 'none'}")
                    return
                done = self._follow(_rotation(kind, fields), quiet=options["json"])
        except EXPECTED as error:
            raise CommandError(str(error)) from None
        result = {"kind": kind, "done": done, "version": max(key_ring().numbers())}
        self._tell(options, result, f"Rotated {kind}: {done:,} done.")

    def _follow(self, rotation: Iterator[Progress], *, quiet: bool) -> int:
        done = 0
        console = Console(stderr=True, quiet=quiet)
        with Bar(*Bar.get_default_columns(), MofNCompleteColumn(), console=console) as bar:
            task = bar.add_task("rotating", total=None, visible=False)
            for progress in rotation:
                done = progress.done
                bar.update(task, completed=progress.done, total=progress.total, visible=True)
        return done

    def _tell(self, options: dict[str, Any], result: dict[str, Any], words: str) -> None:
        self.stdout.write(json.dumps(result) if options["json"] else words)


def _rotation(kind: str, fields: list[str]) -> Iterator[Progress]:
    now = timezone.now()
    if kind == key_encryption_rotation.KIND:
        return key_encryption_rotation.rotate(now=now)
    if kind == data_key_rotation.KIND:
        return data_key_rotation.rotate(now=now)
    return index_key_rotation.rotate(fields, now=now)
