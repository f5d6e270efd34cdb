"""The measurement itself, within an installation of its own (ONYM_HOME)."""

import base64
import csv
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

import orjson  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from psycopg.types.json import Jsonb  # noqa: E402

from bench.ingest import bare, traffic  # noqa: E402  # after the set-up
from bench.privacy import customers  # noqa: E402
from pipeline.files import ingest  # noqa: E402
from records import sources  # noqa: E402
from records.models import Record, SourceProfile  # noqa: E402
from records.store import RECORD_COLUMNS  # noqa: E402
from vault.ids import new_id  # noqa: E402

CLIENTS, WORKERS, THREADS = 16, 2, 8
CSV_ROWS = 20_000
# Both sides take turns: how fast a shared machine is changes within a minute.
TURNS = 10
PURPOSES = ("service", "analytics")


def main(events: int) -> None:
    """Load, COPY, load a file; the figures on the last line."""
    call_command("migrate", verbosity=0)
    call_command("migrate", "vault", database="keystore", verbosity=0)
    people = events // 4
    _, write_key = sources.add("shop", kind="online", purposes=PURPOSES)
    with web() as port:
        # Half of the people are known, each by an identify.
        known = traffic.bodies(traffic.identify(person, -1 - person) for person in range(0, people, 2))
        send([orjson.dumps(body) for body in known], port, write_key)
        bodies = [orjson.dumps(body) for body in traffic.bodies(traffic.events(events, people))]
        spent = [0.0, 0.0, 0.0]
        for start in range(0, len(bodies), turn := -(-len(bodies) // TURNS)):
            took = _turn(bodies[start : start + turn], port, write_key)
            spent = [before + more for before, more in zip(spent, took, strict=True)]
    seconds, copied, bare_seconds = spent
    csv_rows_per_s = CSV_ROWS / load_file(Path(settings.ONYM_HOME))
    figures = {
        "events": events,
        "events_per_s": round(events / seconds),
        "copy_rows_per_s": round(events / copied),
        "ratio": round(copied / seconds, 3),
        "bare_per_s": round(events / bare_seconds),
        "csv_rows_per_s": round(csv_rows_per_s),
    }
    print(json.dumps(figures))  # noqa: T201


def _turn(bodies: Sequence[bytes], port: int, write_key: str) -> tuple[float, float, float]:
    """Send these, COPY the very rows that were stored, and let the bare script take the same bodies in.

    Returns the seconds of each.
    """
    before = Record.objects.count()
    seconds = send(bodies, port, write_key)
    stored = Record.objects.count() - before
    if stored != sum(len(orjson.loads(body)["batch"]) for body in bodies):
        raise SystemExit(f"{len(bodies)} batches were acknowledged and {stored} of their events stored")
    copied = copy(rows(stored))
    someone = SourceProfile.objects.filter(source__name="shop").first()
    if someone is None:
        raise SystemExit("nobody was stored")
    return seconds, copied, bare.take_in(bodies, someone.source_id, someone.id)


@contextmanager
def web() -> Iterator[int]:
    """The product's web server; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-access-log"),
        "cdp.wsgi:application",
    ]
    environment = os.environ | {"DATABASE_URL": settings.DATABASE_URL, "KEYSTORE_URL": settings.KEYSTORE_URL}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            client = http.client.HTTPConnection("127.0.0.1", port)
            client.request("GET", "/livez")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the web server does not answer")


def send(bodies: Sequence[bytes], port: int, write_key: str) -> float:
    """Send these bodies by clients that each keep a connection. Returns the seconds until the last answer."""
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        waiting.put(body)
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for client in [pool.submit(_client, waiting, port, write_key) for _ in range(CLIENTS)]:
            client.result()
    return time.perf_counter() - began


def _client(waiting: "SimpleQueue[bytes]", port: int, write_key: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    credentials = base64.b64encode(f"{write_key}:".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    while True:
        try:
            body = waiting.get_nowait()
        except Empty:
            return
        connection.request("POST", "/v1/batch", body, headers)
        answer = connection.getresponse()
        told = orjson.loads(answer.read())
        if answer.status != 200 or told["quarantined"] or told["refused"]:
            raise SystemExit(f"a batch was not taken in whole: {answer.status}, {told}")


def rows(count: int) -> list[tuple[object, ...]]:
    """The rows that were stored last, as they lie in the table, each with an id of its own."""
    columns = [column for column in RECORD_COLUMNS if column != "id"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM records_record ORDER BY received_at DESC LIMIT {count}")
        found = cursor.fetchall()
    properties = columns.index("properties")
    return [
        (new_id(), *row[:properties], Jsonb(orjson.loads(row[properties])), *row[properties + 1 :]) for row in found
    ]


def copy(found: Sequence[tuple[object, ...]]) -> float:
    """Binary COPY of these rows, a commit for each hundred. Returns the seconds."""
    statement = f"COPY records_record ({', '.join(RECORD_COLUMNS)}) FROM STDIN (FORMAT binary)"
    began = time.perf_counter()
    for start in range(0, len(found), traffic.BATCH):
        with connection.cursor() as cursor, cursor.copy(statement) as sink:
            sink.set_types(list(RECORD_COLUMNS.values()))
            for row in found[start : start + traffic.BATCH]:
                sink.write_row(row)
    return time.perf_counter() - began


def load_file(home: Path) -> float:
    """Load a file of new customers, as `manage.py ingest` does. Returns the seconds."""
    path = home / "customers.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(customers.row(0)))
        writer.writeheader()
        writer.writerows(customers.row(number) for number in range(CSV_ROWS))
    source = sources.add("crm", kind="offline", purposes=PURPOSES, mapping=customers.MAPPING)[0]
    began = time.perf_counter()
    stored = ingest(source, path).stored
    seconds = time.perf_counter() - began
    if stored != CSV_ROWS:
        raise SystemExit(f"{stored} of {CSV_ROWS} rows were stored")
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]))
