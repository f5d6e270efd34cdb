"""manage.py rotate_api_key NAME: a new secret for an API key; the old one holds for a while."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from access import api_keys
from access.models import ApiKey


class Command(BaseCommand):
    """Rotate an API key: take the new text into use within the overlap, then the old one opens nothing."""

    help = "Give an API key a new secret and print it; the old one holds for --overlap hours more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        hours = int(api_keys.OVERLAP.total_seconds() // 3600)
        parser.add_argument(
            "--overlap", type=int, default=hours, help=f"hours; default: {hours}; 0: the old one has leaked, end it now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key = ApiKey.objects.filter(name=options["name"]).first()
        if key is None:
            raise CommandError("There is no API key of this name.")
        try:
            text = api_keys.rotate(key, now=timezone.now(), overlap=timedelta(hours=options["overlap"]))
        except (api_keys.Revoked, api_keys.TooLong) as error:
            raise CommandError(str(error)) from None
        hours = options["overlap"]
        old = f"the old one opens for {hours} hours more" if hours else "the old one has ended"
        self.stdout.write(f"API key {key.name} rotated; {old}. Shown this once: {text}")
