"""The embedded broker: a message is there whole or not at all."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from kombu import Connection

import cdp  # noqa: F401  # loads the application, which says what filesystem:// means
from cdp.broker import Transport

LONG = "x" * 300_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path)}
    with Connection("filesystem://", transport_options=folders) as made:
        yield made


def test_a_message_comes_out_as_it_went_in(connection: Connection, tmp_path: Path) -> None:
    assert isinstance(connection.transport, Transport)
    queue = connection.SimpleQueue("work")
    queue.put({"id": 1})
    message = queue.get(timeout=5)
    message.ack()
    assert message.payload == {"id": 1}
    assert list(tmp_path.glob("*.msg*")) == []


def test_whoever_looks_while_it_is_written_sees_no_half_message(connection: Connection, tmp_path: Path) -> None:
    seen, done = [], Event()

    def look() -> None:
        while not (done.is_set() and seen):
            seen.extend(path.read_bytes()[-1:] for path in tmp_path.glob("*.msg"))

    watcher = Thread(target=look)
    watcher.start()
    queue = connection.SimpleQueue("work")
    for _ in range(40):
        queue.put(LONG)
    done.set()
    watcher.join()
    assert set(seen) == {b"}"}
