"""The embedded PostgreSQL: real servers in homes of their own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from cdp import embedded

ROOT = Path(__file__).resolve().parent.parent.parent
USER = """
import os, sys
from pathlib import Path
from cdp import embedded
home = Path(sys.argv[1])
embedded.ensure_running(home)
print((home / f"postgres{embedded.DEFAULT_VERSION}" / "postmaster.pid").read_text().split()[0], flush=True)
sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take on other accounts")


class User:
    """Another process that uses the server of a home until told to leave."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-c", USER, str(home)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    @property
    def server(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


@contextmanager
def running(home: Path, version: int = embedded.DEFAULT_VERSION) -> Iterator[str]:
    try:
        yield embedded.ensure_running(home, version=version)
    finally:
        embedded.stop(home, version=version)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("home")
    with running(directory):
        yield directory


def server_of(home: Path) -> int:
    return int((home / f"postgres{embedded.DEFAULT_VERSION}" / "postmaster.pid").read_text().split()[0])


def is_up(home: Path) -> bool:
    return (home / f"postgres{embedded.DEFAULT_VERSION}" / "postmaster.pid").exists()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_both_databases_are_there(home: Path) -> None:
    assert ask(embedded.ensure_running(home), "SELECT current_database()") == [("onym",)]
    assert ask(embedded.keystore_url(home), "SELECT current_database()") == [("onym_keys",)]


def test_django_understands_the_url(home: Path) -> None:
    parsed = dj_database_url.parse(embedded.ensure_running(home))
    assert (parsed["NAME"], parsed["USER"]) == ("onym", "postgres")
    assert parsed["OPTIONS"] == {"host": str(home / f"postgres{embedded.DEFAULT_VERSION}"), "port": 5432}


def test_starting_again_is_free(home: Path) -> None:
    before = server_of(home)
    embedded.ensure_running(home)
    assert server_of(home) == before


def test_only_peers_on_the_socket_get_in(home: Path) -> None:
    url = embedded.ensure_running(home)
    assert ask(url, "SELECT setting FROM pg_settings WHERE name = 'listen_addresses'") == [("",)]
    assert ask(url, "SELECT type, auth_method FROM pg_hba_file_rules") == [("local", "peer")]


def test_writes_are_durable(home: Path) -> None:
    query = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
    assert {setting for _, setting in ask(embedded.ensure_running(home), query)} == {"on"}


def test_it_keeps_a_quarter_of_the_memory_for_its_pages(home: Path) -> None:
    megabytes = embedded.shared_buffers(embedded.memory())
    query = "SELECT pg_size_bytes(current_setting('shared_buffers'))"
    assert ask(embedded.ensure_running(home), query) == [(megabytes * embedded.MEGABYTE,)]


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(0.4, 128), (2, 512), (8, 2048), (16, 4096), (64, 8192)])
def test_its_pages_are_within_bounds(gigabytes: float, megabytes: int) -> None:
    assert embedded.shared_buffers(int(gigabytes * 1024) * embedded.MEGABYTE) == megabytes


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(4, 1024), (20, 2048), (500, 8192)])
def test_its_log_takes_a_tenth_of_the_free_disk(gigabytes: int, megabytes: int) -> None:
    assert embedded.max_wal_size(gigabytes * 1024 * embedded.MEGABYTE) == megabytes


def test_its_checkpoints_are_as_far_apart_as_there_is_room(home: Path) -> None:
    megabytes = embedded.max_wal_size(shutil.disk_usage(home).free)
    ((size,),) = ask(embedded.ensure_running(home), "SELECT pg_size_bytes(current_setting('max_wal_size'))")
    assert size / embedded.MEGABYTE == pytest.approx(megabytes, rel=0.2)


@pytest.mark.parametrize(("limit", "told"), [("4096\n", 4096), ("max\n", None), (None, None)])
def test_a_container_has_what_it_is_given(tmp_path: Path, limit: str | None, told: int | None) -> None:
    file = tmp_path / "memory.max"
    if limit is not None:
        file.write_text(limit)
    of_machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert embedded.memory(file) == (told or of_machine)


def test_the_log_keeps_no_values(home: Path) -> None:
    url = embedded.ensure_running(home)
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        ask(url, "SELECT 'alice@example.com'::integer")
    with psycopg.connect(url) as connection, suppress(psycopg.errors.UniqueViolation):
        connection.execute("CREATE TEMP TABLE people (email text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES (%(alice)s), (%(alice)s)", {"alice": "alice@example.com"})
    log = (home / f"postgres{embedded.DEFAULT_VERSION}" / "server.log").read_text()
    assert "ready to accept connections" in log
    assert "alice" not in log


def test_a_guest_leaves_the_server_running(home: Path) -> None:
    guest = User(home)
    assert guest.server == server_of(home)
    guest.leave()
    assert ask(embedded.ensure_running(home), "SELECT 1") == [(1,)]


def test_a_killed_guest_leaves_the_server_running(home: Path) -> None:
    guest = User(home)
    assert guest.server == server_of(home)
    guest.kill()
    assert ask(embedded.ensure_running(home), "SELECT 1") == [(1,)]


def test_a_fork_that_ends_leaves_the_server_running(tmp_path: Path) -> None:
    script = USER.replace("sys.stdin.read()", "os.fork() or sys.exit(0)\nos.wait()\nassert embedded._running(server)")
    script = script.replace(
        "embedded.ensure", "server = embedded.Cluster(home, embedded.DEFAULT_VERSION)\nembedded.ensure"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    assert not is_up(tmp_path)


def test_stop_leaves_it_to_the_other_users(home: Path) -> None:
    guest = User(home)
    assert guest.server
    assert embedded.stop(home) is False
    embedded.ensure_running(home)
    guest.leave()
    assert is_up(home)


def test_the_last_user_stops_the_server(tmp_path: Path) -> None:
    first, second = User(tmp_path), User(tmp_path)
    assert first.server == second.server
    first.leave()
    assert is_up(tmp_path)
    second.leave()
    assert not is_up(tmp_path)


def test_the_guard_stops_the_server_of_a_killed_user(tmp_path: Path) -> None:
    alone = User(tmp_path)
    assert alone.server
    alone.kill()
    assert eventually(lambda: not is_up(tmp_path))
    with running(tmp_path) as url:
        assert ask(url, "SELECT 1") == [(1,)]


def test_a_killed_server_comes_back_with_its_data(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        os.kill(server_of(tmp_path), signal.SIGKILL)
        assert eventually(lambda: embedded._running(embedded.Cluster(tmp_path, embedded.DEFAULT_VERSION)) is None)
        assert ask(embedded.ensure_running(tmp_path), "SELECT one FROM kept") == [(1,)]


def test_an_interrupted_creation_is_begun_anew(tmp_path: Path) -> None:
    data = tmp_path / f"postgres{embedded.DEFAULT_VERSION}"
    (data / "base").mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{embedded.DEFAULT_VERSION}\n")
    (tmp_path / f"{data.name}.initializing").touch()
    if os.geteuid() == 0:
        account = embedded._new_account(tmp_path)
        os.chown(data, account.pw_uid, account.pw_gid)
    data.chmod(0o700)
    with running(tmp_path) as url:
        assert ask(url, "SELECT 1") == [(1,)]


def test_foreign_files_are_never_removed(tmp_path: Path) -> None:
    data = tmp_path / f"postgres{embedded.DEFAULT_VERSION}"
    data.mkdir()
    (data / "letter").write_text("keep me")
    for _ in range(2):
        with pytest.raises(embedded.EmbeddedPostgresError, match="move them away"):
            embedded.ensure_running(tmp_path)
    assert (data / "letter").read_text() == "keep me"


def test_a_number_given_to_another_program_does_not_hinder(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    lock = tmp_path / f"postgres{embedded.DEFAULT_VERSION}" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n1700000000\n5432\n{lock.parent}\n\n1 1\nready\n")
    with running(tmp_path) as url:
        assert ask(url, "SELECT 1") == [(1,)]


def test_all_may_start_at_once(tmp_path: Path) -> None:
    users = [User(tmp_path) for _ in range(4)]
    assert len({user.server for user in users}) == 1
    for user in users:
        user.leave()
    assert not is_up(tmp_path)


def test_two_homes_do_not_disturb_each_other(home: Path, tmp_path: Path) -> None:
    with running(tmp_path) as url:
        assert server_of(tmp_path) != server_of(home)
        assert url != embedded.ensure_running(home)
    assert not is_up(tmp_path)
    assert ask(embedded.ensure_running(home), "SELECT 1") == [(1,)]


def test_a_long_and_odd_path_works(tmp_path: Path) -> None:
    with running(tmp_path / ("very " * 20 + "long, really") / "Zoë's home") as url:
        assert ask(url, "SELECT 1") == [(1,)]


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedPostgresError, match="choose 16 or 18"):
        embedded.ensure_running(tmp_path, version=9)


@as_root
def test_root_keeps_a_closed_directory_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running(closed / "var") as url:
        assert ask(url, "SELECT 1") == [(1,)]
        assert (closed / "var" / f"postgres{embedded.DEFAULT_VERSION}").stat().st_uid != 0
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_another_account_cannot_connect(home: Path) -> None:
    """Not even one that gets at the socket: it has no entry in the map."""
    names = ask(embedded.ensure_running(home), "SELECT sys_name FROM pg_ident_file_mappings")
    assert set(names) == {("root",), (embedded.SERVER_ACCOUNT,)}
    psql = embedded.Cluster(home, embedded.DEFAULT_VERSION).programs / "psql"
    data = home / f"postgres{embedded.DEFAULT_VERSION}"
    capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    command = ["setpriv", "--reuid=nobody", "--clear-groups", *capability, psql, "-h", data, "-U", "postgres", "-c", ""]
    refused = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    assert "Peer authentication failed" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", [16, 18])
def test_both_versions_live_in_one_home(tmp_path: Path, version: int) -> None:
    with running(tmp_path, version=version) as url:
        assert ask(url, "SELECT current_setting('server_version_num')::integer / 10000") == [(version,)]
