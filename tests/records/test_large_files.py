"""Files of any size are read in flat memory."""

import io
import resource
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest
from django.conf import settings

from records.envelope import Reject
from records.readers import Reader, delimited, ndjson

pytestmark = pytest.mark.slow

SIZE = 50_000_000
# Reads the file in a process of its own and prints the rows, the rejects, and how far its memory grew in kilobytes.
READ = """
import resource, sys
from pathlib import Path
from records.envelope import Reject
from records.readers import examine, rows_of

path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = rejects = 0
with path.open("rb") as file:
    for item in rows_of(file, examine(file)):
        if isinstance(item, Reject):
            rejects += 1
        else:
            rows += 1
print(rows, rejects, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def read(path: Path) -> tuple[int, int, int]:
    answer = subprocess.run(
        [sys.executable, "-c", READ, str(path)], cwd=settings.BASE_DIR, capture_output=True, check=True, text=True
    )
    rows, rejects, grown = map(int, answer.stdout.split())
    return rows, rejects, grown


@pytest.mark.parametrize(
    ("name", "header", "good", "bad"),
    [
        ("a.csv", "name,email,city\n", "Alice,alice{0}@example.com,Leeds\n", 'Bob,"bob@example.com,York\n'),
        ("a.txt", "name email city\n", "Alice alice{0}@example.com Leeds\n", "Bob bob@example.com\n"),
        ("a.ndjson", "", '{{"name": "Alice", "email": "alice{0}@example.com"}}\n', '{"name": "Bob"\n'),
    ],
)
def test_a_file_of_fifty_megabytes_is_read_in_flat_memory(
    name: str, header: str, good: str, bad: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    block = "".join(good.format(number) for number in range(10_000)) + bad
    blocks = SIZE // len(block) + 1
    with path.open("w") as file:
        file.write(header)
        for _ in range(blocks):
            file.write(block)
    assert path.stat().st_size >= SIZE
    rows, rejects, grown = read(path)
    assert (rows, rejects) == (10_000 * blocks, blocks)
    assert grown < 20_000


@pytest.mark.parametrize("reader", [delimited.read, ndjson.read])
def test_a_line_of_fifty_megabytes_is_passed_over_in_flat_memory(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(b'name,city\n{"name": "')
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with path.open("rb") as file:
        last = deque(reader(file), maxlen=1)[0]
    assert isinstance(last, Reject)
    assert (last.code, last.size, last.body) == ("too_large", 50_000_011, None)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_quotes_left_open_on_every_line_take_no_longer_than_lines() -> None:
    text = b"name,city\n" + b'"Alice,Leeds\nBob,York\nBob,York\n' * 100_000
    items = deque(delimited.read(io.BytesIO(text)), maxlen=3)
    assert [isinstance(item, Reject) for item in items] == [True, False, False]
