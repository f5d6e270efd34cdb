"""manage.py add_api_key NAME [--purpose P]: make an API key."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from access import api_keys
from consent import acts


class Command(BaseCommand):
    """Make an API key; its text is shown this once."""

    help = "Make an API key for a program and print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--purpose", action="append", default=[],
            help="what it may read data for; may be repeated. Needed for the scopes "
            f"{', '.join(api_keys.FOR_A_PURPOSE)} alone",
        )  # fmt: skip
        parser.add_argument(
            "--scope",
            action="append",
            help=f"may be repeated; default: {', '.join(api_keys.DEFAULT_SCOPES)}; "
            f"by name alone: {', '.join(api_keys.BY_NAME_ALONE)}",
        )
        parser.add_argument("--days", type=int, help=f"how long it lives; default: {settings.API_KEY_DAYS}")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = options["scope"] or api_keys.DEFAULT_SCOPES
        if not options["purpose"] and (without := api_keys.for_a_purpose(scopes)):
            raise CommandError(f"Name with --purpose what it may read personal data for: {without[0]} needs one.")
        try:
            acts.must_exist(options["purpose"])
            key, text = api_keys.add(
                options["name"],
                purposes=options["purpose"],
                scopes=scopes,
                expires_at=timezone.now() + timedelta(days=options["days"]) if options["days"] else None,
            )
        except (api_keys.UnknownScope, api_keys.TooLong, acts.UnknownPurpose) as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            fields = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
            raise CommandError(fields) from None
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "name": key.name,
                        "id": str(key.id),
                        "api_key": text,
                        "expires_at": key.expires_at.isoformat(),
                    }
                )
            )
        else:
            self.stdout.write(f"API key {key.name} made. Shown this once: {text}")
            self.stderr.write(
                f"It lives until {key.expires_at:%Y-%m-%d}; before, run: manage.py rotate_api_key {key.name}"
            )
