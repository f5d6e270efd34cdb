"""Several at one file at the same time: each of its rows counts once, whoever takes it in."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from pipeline import files, tasks, uploads
from pipeline.files import ingest
from records import sources
from records import uploads as kept
from records.models import LOADED, LOADING, TAKEN_BACK, FileLoad, Record, Source
from records.uploads import Receiver
from tests.pipeline.cast import outcome, seed_purposes
from tests.pipeline.test_together import closed_door, eventually
from vault import kept_keys

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)

SALES = b"loyalty_card,total\nL-1,5.00\nL-2,6.00\nL-3,7.50\nL-4,1.00\n"


@pytest.fixture
def till() -> Source:
    seed_purposes()
    kept_keys.make_for_installation()
    return sources.add("till", kind="offline", stable_key="loyalty_number", purposes=["service"])[0]


def sent(source: Source) -> FileLoad:
    with Receiver(source, by="test", most=10**9, now=timezone.now()) as receiver:
        receiver.write(SALES)
    return receiver.load


def counted(load: FileLoad) -> tuple[str, int, int]:
    load.refresh_from_db()
    return load.state, load.stored, load.acknowledged


class AtOnce:
    """Threads, and what each of them brought."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._threads: list[threading.Thread] = []
        self.brought: list[Any] = []

    def start(self) -> threading.Thread:
        def run() -> None:
            try:
                self.brought.append(self._act())
            finally:
                connections.close_all()

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        return self._threads[-1]

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def at_the_door() -> int:
    """How many wait in the database for an erasure to end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])


def interrupted(source: Source, path: Path, monkeypatch: pytest.MonkeyPatch) -> FileLoad:
    """A load of this file whose command was ended behind its second row."""

    class Ended(Exception):
        pass

    accept, times = files.accept, []

    def once(*args: object, **kwargs: object) -> object:
        times.append(1)
        if len(times) > 1:
            raise Ended
        return accept(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(files, "BATCH", 2)
        broken.setattr(files, "accept", once)
        with pytest.raises(Ended):
            ingest(source, path)
    return FileLoad.objects.get()


def test_an_upload_that_two_workers_are_asked_for_counts_once(till: Source) -> None:
    load = sent(till)
    workers = AtOnce(lambda: uploads.work_on(load.pk))
    with closed_door():
        workers.start()
        eventually(lambda: at_the_door() == 1)
        # The second finds the first at work, and has nothing to do.
        workers.start().join(60)
        assert len(workers.brought) == 1
        load.refresh_from_db()
        assert (load.state, load.attempts) == (LOADING, 1)
    workers.join()
    assert counted(load) == (LOADED, 4, 4)
    assert Record.objects.count() == 4


def test_a_file_that_two_commands_go_on_with_counts_once(
    till: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(SALES)
    load = interrupted(till, path, monkeypatch)
    assert counted(load) == (LOADING, 2, 2)
    commands = AtOnce(lambda: ingest(till, path))
    with closed_door():
        commands.start()
        commands.start()
        eventually(lambda: at_the_door() == 2)
    commands.join()
    assert sorted(map(outcome, commands.brought)) == [(0, 4, 0, 0), (2, 0, 0, 0)]
    assert counted(load) == (LOADED, 4, 4)
    assert Record.objects.count() == 4


def test_a_command_leaves_an_upload_to_its_worker(till: Source, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(SALES)
    load = sent(till)
    worker = AtOnce(lambda: uploads.work_on(load.pk))
    command = AtOnce(lambda: ingest(till, path))
    with closed_door():
        worker.start()
        eventually(lambda: at_the_door() == 1)
        command.start()
        eventually(lambda: at_the_door() == 2)
    worker.join()
    command.join()
    state, stored, acknowledged = counted(load)
    assert (state, acknowledged) == (LOADED, 4)
    assert stored + command.brought[0].stored == Record.objects.count() == 4


def test_of_a_batch_whose_upload_is_taken_back_nothing_is_stored(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    load = sent(till)
    accept = files.accept

    def late(*args: object, **kwargs: object) -> object:
        taken = accept(*args, **kwargs)  # type: ignore[arg-type]
        eraser = AtOnce(lambda: kept.take_back([load.pk]))
        eraser.start()
        eraser.join()
        return taken

    monkeypatch.setattr(files, "accept", late)
    uploads.work_on(load.pk)
    assert counted(load) == (TAKEN_BACK, 0, 0)
    assert Record.objects.count() == 0


def test_a_waiting_upload_is_asked_for_once_at_a_time(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    load = sent(till)
    asked: list[str] = []
    monkeypatch.setattr(tasks.work_on_file, "delay", asked.append)
    FileLoad.objects.update(noted_at=timezone.now() - uploads.PATIENCE)
    for _ in range(5):
        tasks.attend_to_files()
    assert asked == [str(load.pk)]
