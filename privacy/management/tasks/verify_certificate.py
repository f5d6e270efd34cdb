"""manage.py privacy verify-certificate FILE: was this certificate of erasure signed here, and is it unchanged?"""

import json
from argparse import ArgumentParser, FileType
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from privacy import certificate
from privacy.certificate import Forged

HELP = "verify the signature of a certificate of erasure; exit code 1 when it does not hold"


def add_arguments(parser: ArgumentParser) -> None:
    """The file."""
    parser.add_argument("file", type=FileType("r"), help="the certificate as JSON; - reads standard input")


def handle(command: BaseCommand, *, file: TextIO, **options: Any) -> None:
    """Verify, and print what is stated in a line of JSON."""
    try:
        stated = certificate.verify(file.read())
    except Forged as error:
        raise CommandError(str(error), returncode=1) from error
    command.stdout.write("The signature holds.")
    command.stdout.write(
        json.dumps({"request": stated["request"], "issued_at": stated["issued_at"], "proof": stated["proof_state"]})
    )
