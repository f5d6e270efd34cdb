"""kill -9, a restart of the database or a full disk at any step of an erasure: it ends the same, never done early."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection, connections
from psycopg.errors import DiskFull

from cdp import embedded
from identity.models import Profile
from outbox.models import Change
from privacy import certificate, erasure, erasure_ledger, mentions, proof, requests, suppression
from privacy.certificate import NotCertifiable
from privacy.erasure import Outcome, erase
from privacy.models import ErasureCase, SubjectRequest, Suppression, Tombstone
from privacy.proof import NotErased
from records import quarantine
from records.envelope import Reject
from records.models import QuarantinedRecord, SourceProfile
from tests.own_server import OwnServer, small_disk, working_on
from tests.pipeline.cast import seed_purposes
from tests.privacy.cast import NOW, OFFICER, SECOND_OFFICER, Person, World, make_world, settle
from tests.privacy.scan import hits
from tests.statements.sabotage import Sabotage
from vault import keys
from vault.models import DataKey

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/erasure.py",
    "        _destroy_keys(request, now=now)\n        request = _end(request, actor=actor, now=now)\n",
    "        request = _end(request, actor=actor, now=now)\n        _destroy_keys(request, now=now)\n",
)
# Where the process dies: this function of this module is reached, and either not begun or just done.
STEPS: list[tuple[str, Any, str, bool]] = [
    ("the request is locked", requests, "lock", True),
    ("the step is begun", requests, "take_step", True),
    ("the door is closed", suppression, "close_the_door", True),
    ("the rows are deleted, not committed", erasure, "delete_rows_of", True),
    ("the erasure ledger has it, the rows are not committed", erasure_ledger, "append", True),
    ("the rows are committed", erasure, "_erase_mentions", False),
    ("mentions are found", mentions, "find", True),
    ("mentions are deleted, not committed", mentions, "erase", True),
    ("mentions are committed", erasure, "_destroy_keys", False),
    ("the keys are gone, not noted", keys, "destroy", True),
    ("the end is about to be written", requests, "complete", False),
    ("the end is written, not committed", requests, "complete", True),
]


@pytest.fixture(autouse=True)
def purposes(transactional_db: None) -> None:
    seed_purposes()


@pytest.fixture
def world() -> World:
    return make_world()


def approved(world: World, name: str = "alice") -> tuple[Person, SubjectRequest]:
    """Somebody who is in every table and in quarantine, and an erasure that is approved."""
    person = settle(Person(name), world)
    body = f'{{"email": "{person.email}", "phone": 7}}'.encode()
    quarantine.keep(
        [Reject(1, "wrong_type", "phone", "must be text", body, len(body), body[:16])], world.shop, door="http", now=NOW
    )
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    return person, requests.approve(request, actor=SECOND_OFFICER, now=NOW)


def carry_out(request: SubjectRequest) -> Outcome:
    return erase(request, actor=SECOND_OFFICER, now=NOW)


def not_done(request: SubjectRequest) -> bool:
    """Whether nobody is told that it is done: not the request, not the outbox, no proof and no certificate."""
    found = SubjectRequest.objects.get(pk=request.pk)
    told = Change.objects.filter(kind="profile.erased").exists()
    for promise, refusal in ((proof.prove, NotErased), (certificate.issue, NotCertifiable)):
        with pytest.raises(refusal):
            promise(request, now=NOW)
    return found.state in ("approved", "in_progress") and found.completed_at is None and not told


def end_state(person: Person, request: SubjectRequest) -> dict[str, Any]:
    """All that an erasure leaves, to be compared with one that nothing interrupted."""
    found = SubjectRequest.objects.get(pk=request.pk)
    return {
        "outcome": found.outcome,
        "state": (found.state, found.completed_at),
        "hits": hits([*person.source_profiles, *person.canaries]),
        "rows": [model.objects.count() for model in (SourceProfile, Profile, QuarantinedRecord)],
        "keys": DataKey.objects.exclude(pk=request.pk).count(),
        "told": Change.objects.filter(kind="profile.erased").count(),
        "tombstones": set(Tombstone.objects.values_list("profile_id", flat=True)) == {person.profile},
        "suppressed": Suppression.objects.count(),
        "case": list(ErasureCase.objects.values_list("rows_gone_at", "mentions_erased_at", "keys_gone_at")),
    }


def assert_complete(person: Person, request: SubjectRequest) -> None:
    found = end_state(person, request)
    outcome = found.pop("outcome")
    assert found == {
        "state": ("completed", NOW),
        "hits": {},
        "rows": [0, 0, 0],
        "keys": 0,
        "told": 1,
        "tombstones": True,
        "suppressed": outcome["suppressed"],
        "case": [(NOW, NOW, NOW)],
    }
    assert (outcome["rows"]["records.Record"], outcome["keys"], outcome["source_profiles"]) == (3, 3, 3)
    assert outcome["mentions"] == {"records.QuarantinedRecord": 1}
    assert asdict(carry_out(request)) == outcome


def in_a_process_that_dies(module: Any, name: str, *, after: bool, request: SubjectRequest) -> int:
    """Carry the erasure out in a process of its own that kills itself, with -9, at this function. How it ended."""
    connections.close_all()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    reached: Callable[..., Any] = getattr(module, name)

    def die(*args: Any, **kwargs: Any) -> None:
        if after:
            reached(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        setattr(module, name, die)
        carry_out(request)
    finally:
        os._exit(77)


def test_p09_killed_at_one_step_after_the_other_it_goes_on_and_ends_the_same(world: World) -> None:
    person, request = approved(world)
    for step, module, name, after in STEPS:
        died = in_a_process_that_dies(module, name, after=after, request=request)
        assert died == -signal.SIGKILL, step
        assert not_done(request), step
    carry_out(request)
    assert_complete(person, request)


QUICK = [step for step in STEPS if step[2] in ("delete_rows_of", "_destroy_keys") or step[0].startswith("the end is w")]


@pytest.mark.parametrize(("step", "module", "name", "after"), QUICK, ids=["rows", "mentions", "end"])
def test_p09_a_database_that_goes_away_under_its_hands(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, module: Any, name: str, after: bool
) -> None:
    """Its connection is ended by the server between two statements of the step."""
    person, request = approved(world)
    reached = getattr(module, name)

    def lose_the_database(*args: Any, **kwargs: Any) -> Any:
        answer = reached(*args, **kwargs) if after else None
        for alias in ("default", "keystore"):
            connections[alias].ensure_connection()
            pid = connections[alias].connection.info.backend_pid
            with closing(connections.create_connection(alias)) as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return answer if after else reached(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, lose_the_database)
        with pytest.raises(Error):
            carry_out(request)
    connections.close_all()
    assert not_done(request)
    carry_out(request)
    assert_complete(person, request)


def interrupt(request: SubjectRequest, module: Any, name: str, fault: Callable[[], None], *, after: bool) -> None:
    """Carry the erasure out, and let this happen when it first comes to this function: it must fail."""
    reached = getattr(module, name)
    happened = []

    def meet(*args: Any, **kwargs: Any) -> Any:
        answer = reached(*args, **kwargs) if after else None
        if not happened:
            happened.append(name)
            fault()
        return answer if after else reached(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, meet)
        with pytest.raises(Error):
            carry_out(request)
    connections.close_all()
    assert happened == [name]


@pytest.mark.slow
def test_p09_the_server_restarts_at_one_step_after_the_other(tmp_path: Path) -> None:
    """A server of its own is shut down at once, as when the power fails, and started: it recovers from its log."""
    server = OwnServer(tmp_path / "home")
    try:
        with working_on(server):
            person, request = approved(make_world())
            for step, module, name, after in STEPS:
                interrupt(request, module, name, server.restart, after=after)
                assert not_done(request), step
            carry_out(request)
            assert_complete(person, request)
    finally:
        embedded.stop(server.home)


@pytest.mark.slow
def test_p09_the_disk_is_full_at_one_step_after_the_other(settings: Any) -> None:
    """The whole disk of a server of its own, the erasure ledger on it, until the server itself gives up."""
    with small_disk(640) as disk:
        settings.ERASURE_LEDGER = disk / "erasures.jsonl"
        server, ballast = OwnServer(disk / "home"), disk / "ballast"

        def run_out_of_space() -> None:
            fill(ballast)
            server.fails_for_space()

        try:
            with working_on(server):
                person, request = approved(make_world())
                for step, module, name, after in STEPS:
                    interrupt(request, module, name, run_out_of_space, after=after)
                    ballast.unlink()
                    server.recover()
                    assert not_done(request), step
                carry_out(request)
                assert_complete(person, request)
        finally:
            ballast.unlink(missing_ok=True)
            embedded.stop(server.home)


@pytest.fixture
def small_tablespace() -> Iterator[Path]:
    """A file system of a megabyte, for a tablespace of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('data_directory')")
        owner = Path(cursor.fetchone()[0]).stat()
    with small_disk(1) as folder:
        os.chown(folder, owner.st_uid, owner.st_gid)
        yield folder


def test_p09_the_erasure_ledger_finds_no_space(world: World, settings: Any) -> None:
    with small_disk(1) as disk:
        settings.ERASURE_LEDGER = disk / "erasures.jsonl"
        person, request = approved(world)
        fill(disk / "ballast")
        with pytest.raises(OSError, match="No space left"):
            carry_out(request)
        assert not_done(request)
        (disk / "ballast").unlink()
        carry_out(request)
        assert_complete(person, request)


@pytest.mark.parametrize("table", ["privacy_suppression", "outbox_change"])
def test_p09_a_full_disk(world: World, small_tablespace: Path, table: str) -> None:
    """The disk under a table that the erasure writes, at its first and at its last step, is really full."""
    person, request = approved(world)
    # All workers have one server, and a tablespace is the server's.
    tablespace = f"small_for_{table}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE {tablespace} LOCATION '{small_tablespace}'")
        cursor.execute(f"TRUNCATE {table}")  # empty, it needs a page for the next row
        cursor.execute(f"ALTER TABLE {table} SET TABLESPACE {tablespace}")
    ballast = small_tablespace / "ballast"
    try:
        fill(ballast)
        with pytest.raises(Error) as failed:
            carry_out(request)
        assert isinstance(failed.value.__cause__, DiskFull)
        assert not_done(request)
        ballast.unlink()
        carry_out(request)
        assert_complete(person, request)
    finally:
        ballast.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
            cursor.execute("CHECKPOINT")
            cursor.execute(f"DROP TABLESPACE {tablespace}")


def fill(path: Path) -> None:
    """Write until there is no space left."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return
