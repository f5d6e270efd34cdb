"""Files of any size are taken in in flat memory: read, told apart, stored, and kept as uploads."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from records import sources
from records.models import FileLoad, Record, Source
from tests.pipeline.test_worker import url_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

# Takes two files in, a small one to warm up and the large one, and prints how far memory grew in between, in kilobytes.
LOAD = """
import resource, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
from django.utils import timezone
from pipeline import files, uploads
from records.models import Source
from records.uploads import Receiver

def load(path):
    source = Source.objects.get()
    if sys.argv[1] == "command":
        return files.ingest(source, path)
    with path.open("rb") as file, Receiver(source, by="test", most=10**12, now=timezone.now()) as receiver:
        while piece := file.read(262_144):
            receiver.write(piece)
    uploads.work_on(receiver.load.pk)

load(Path(sys.argv[2]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
load(Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
COUNT = """
import resource
from pipeline.copies import Copies

copies = Copies()
for number in range(100_000):
    copies.before(b"%d" % number)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for number in range(5_000_000):
    assert copies.before(b"%d" % number) == (number < 100_000)
assert copies.before(b"7") == 2
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
# Reads a file as one is read to be loaded, and prints how far memory grew, in kilobytes.
READ = """
import resource, sys
import django
django.setup()
from pipeline.files import batches
from records.readers import examine, rows_of

with open(sys.argv[1], "rb") as file:
    nature = examine(file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for batch in batches(rows_of(file, nature, most=32_768)):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture
def till(db: None) -> Source:
    return sources.add("till", kind="offline", stable_key="loyalty_number")[0]


def run(script: str, home: Path, *arguments: str) -> int:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "cdp.settings",
        "ONYM_HOME": str(home),
        "ONYM_KEK_FILE": str(settings.KEK_FILE),
        "DATABASE_URL": url_of("default"),
        "KEYSTORE_URL": url_of("keystore"),
    }
    command = [sys.executable, "-c", script, *arguments]
    answer = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, check=True, text=True)
    return int(answer.stdout.split()[-1])


def write(path: Path, *, rows: int, width: int) -> None:
    """Sales, each with a note of so many characters that is not declared and dropped."""
    with path.open("w") as file:
        file.write("loyalty_card,date,total,note\n")
        for number in range(rows):
            file.write(f"L-{number % 500},2026-11-20,{number}.00,{'x' * width}\n")


@pytest.mark.parametrize("way", ["command", "upload"])
@pytest.mark.slow
@pytest.mark.parametrize(("rows", "width"), [(16_000, 2_500), (66_000, 31_000)])
def test_a_large_file_is_loaded_in_flat_memory(way: str, rows: int, width: int, till: Source, tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    write(small, rows=4_000, width=width)
    write(large, rows=rows, width=width)
    assert large.stat().st_size > 40_000_000
    grown = run(LOAD, tmp_path, way, str(small), str(large))
    assert Record.objects.count() == rows
    assert FileLoad.objects.order_by("-started_at")[0].acknowledged == rows
    # What the first file has left free is used again; a batch of the wider rows alone is 60 MB.
    assert grown < 40_000, grown
    large.unlink()


def test_a_small_file_takes_little_memory_whatever_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "small.gz"
    # Two thousand lines of 30 kB, each of ten thousand empty lists.
    path.write_bytes(gzip.compress(b'{"a":[' + b"[]," * 10_000 + b"[]]}\n", mtime=0) * 2_000)
    assert path.stat().st_size < 300_000
    grown = run(READ, tmp_path, str(path))
    assert grown < 150_000, grown


@pytest.mark.slow
def test_copies_of_five_million_rows_are_counted_in_flat_memory(till: Source, tmp_path: Path) -> None:
    assert run(COUNT, tmp_path) < 60_000
