"""python -m bench.privacy.side encrypted|plaintext: one side of the comparison, driven line by line over its pipes."""

import json
import os
import sys
import time
from collections.abc import Callable
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.privacy import customers, plaintext  # noqa: E402  # after the set-up
from consent.decide import Refusal, decide  # noqa: E402
from identity import profiles  # noqa: E402
from pipeline.accept import accept  # noqa: E402
from pipeline.process import process_batch  # noqa: E402
from records import sources  # noqa: E402
from records.envelopes import rows  # noqa: E402
from records.models import Identifier, Source  # noqa: E402
from records.reading import open_identifiers  # noqa: E402
from vault.grants import Actor  # noqa: E402

if sys.argv[1] == "plaintext":
    plaintext.install()

BATCH = 2_000
LOOK_UPS = 200
CALLER = Actor("api", "bench")


def prepare() -> None:
    """Tables, and a customer file as the source."""
    call_command("migrate", verbosity=0)
    call_command("migrate", "vault", database="keystore", verbosity=0)
    if not Source.objects.filter(name="crm").exists():
        sources.add("crm", kind="offline", purposes=["service", "analytics"], mapping=customers.MAPPING)


def ingest(batch: int) -> None:
    """Read and accept a batch of new customers, as the ingest command does."""
    source = Source.objects.get(name="crm")
    raw = [customers.row(number) for number in range(batch * BATCH, (batch + 1) * BATCH)]
    now = timezone.now()
    mapping = rows.mapping_for(source, tuple(raw[0]))
    items = [rows.read(row, source, mapping, position=position, now=now) for position, row in enumerate(raw, 1)]
    if accept(source, items, door="file", now=now).stored != BATCH:
        raise RuntimeError("a batch was not stored whole")


def resolve(_: int) -> None:
    """Process all that waits."""
    while process_batch(now=timezone.now()):
        pass


def look_up(batches: int) -> None:
    """Find people by e-mail and read their identifiers: look up, decide, write the audit entry, open."""
    random = Random(batches)
    for _ in range(LOOK_UPS):
        number = random.randrange(batches * BATCH)
        now = timezone.now()
        profile = profiles.look_up("email", customers.email_of(number), now=now)
        if profile is None:
            raise RuntimeError("a customer was not found")
        theirs = profiles.source_profiles(profile)
        grant = decide(theirs, purpose="service", at=now, actor=CALLER, reason="benchmark")
        if isinstance(grant, Refusal):
            raise RuntimeError(f"refused: {grant.reason}")
        known = open_identifiers(theirs, grant)
        if customers.email_of(number) not in {one.value for ones in known.values() for one in ones}:
            raise RuntimeError("the identifiers were not read")


def check(_: int) -> None:
    """The encrypted side stores no plaintext, and the other nothing else."""
    stored = bytes(Identifier.objects.filter(namespace="email").order_by("id").values_list("sealed", flat=True)[0])
    if (b"@example.com" in stored) != (sys.argv[1] == "plaintext"):
        raise RuntimeError(f"this is not the {sys.argv[1]} side")


ACTS: dict[str, Callable[[int], None]] = {"ingest": ingest, "resolve": resolve, "look up": look_up, "check": check}


def main() -> None:
    """Do what each line names, and answer with the seconds that it took."""
    prepare()
    print(json.dumps("ready"), flush=True)  # noqa: T201
    for line in sys.stdin:
        act, number = json.loads(line)
        began = time.perf_counter()
        ACTS[act](number)
        print(json.dumps(time.perf_counter() - began), flush=True)  # noqa: T201


main()
