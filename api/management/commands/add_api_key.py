"""manage.py add_api_key NAME --purpose P: make an API key."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from access import api_keys
from consent import acts


class Command(BaseCommand):
    """Make an API key; its text is shown this once."""

    help = "Make an API key for a program and print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--purpose", action="append", required=True, help="what it may read data for; may be repeated"
        )
        parser.add_argument(
            "--scope", action="append", help=f"may be repeated; default: all of {', '.join(api_keys.SCOPES)}"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            acts.must_exist(options["purpose"])
            key, text = api_keys.add(
                options["name"], purposes=options["purpose"], scopes=options["scope"] or api_keys.SCOPES
            )
        except (api_keys.UnknownScope, acts.UnknownPurpose) as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            fields = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
            raise CommandError(fields) from None
        if options["json"]:
            self.stdout.write(json.dumps({"name": key.name, "id": str(key.id), "api_key": text}))
        else:
            self.stdout.write(f"API key {key.name} made. Shown this once: {text}")
