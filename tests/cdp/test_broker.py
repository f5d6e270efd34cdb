"""The embedded broker: a message is there whole or not at all."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from kombu import Connection

import cdp  # noqa: F401  # loads the application, which says what filesystem:// means
from cdp.broker import Transport


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path)}
    with Connection("filesystem://", transport_options=folders) as made:
        yield made


def test_files_have_no_host_that_could_be_missing(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    assert connection.info()["transport"] == "filesystem"
    assert caplog.records == []


AS_SUPERUSER = """
import os, sys
os.getuid = os.geteuid = os.getgid = os.getegid = lambda: 0
from cdp.celery import app
from celery.platforms import check_privileges
check_privileges(app.conf.accept_content)
print(sorted(app.conf.accept_content))
"""


def test_a_worker_takes_json_alone_and_starts_as_superuser_without_a_warning() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_SUPERUSER], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("['json']\n", "")


def test_a_message_comes_out_as_it_went_in(connection: Connection, tmp_path: Path) -> None:
    assert isinstance(connection.transport, Transport)
    queue = connection.SimpleQueue("work")
    queue.put({"id": 1})
    message = queue.get(timeout=5)
    message.ack()
    assert message.payload == {"id": 1}
    assert list(tmp_path.glob("*.msg*")) == []


def test_what_is_written_by_half_is_no_message(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a worker looks while another process writes, or that process is killed then."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    queue = connection.SimpleQueue("half")  # the library remembers queues by name, whatever the folder
    with monkeypatch.context() as halfway:
        halfway.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            queue.put({"id": 1})
    assert list(tmp_path.glob("*.msg")) == []
    with pytest.raises(queue.Empty):
        queue.get_nowait()
