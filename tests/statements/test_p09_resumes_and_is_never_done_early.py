"""kill -9, a lost database or a full disk at any step of an erasure: it resumes to the same end, never done early."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection, connections
from psycopg.errors import DiskFull

from identity.models import Profile
from outbox.models import Change
from privacy import certificate, erasure, mentions, proof, requests, suppression
from privacy.certificate import NotCertifiable
from privacy.erasure import Outcome, erase
from privacy.models import ErasureCase, SubjectRequest, Suppression, Tombstone
from privacy.proof import NotErased
from records import quarantine
from records.envelope import Reject
from records.models import QuarantinedRecord, SourceProfile
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
    quarantine.keep([Reject(1, "wrong_type", "phone", "must be text", body, len(body), body[:16])], world.shop, now=NOW)
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


@pytest.mark.parametrize(("step", "module", "name", "after"), STEPS[3:10:3], ids=["rows", "mentions", "end"])
def test_p09_a_database_that_goes_away_under_its_hands(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, module: Any, name: str, after: bool
) -> None:
    """Every connection is ended by the server, as by a restart, between two statements of the step."""
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


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of half a megabyte, and a tablespace of the server on it."""
    if os.geteuid() != 0:
        pytest.skip("a full disk is made by mounting a small one, which takes root")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('data_directory')")
        owner = Path(cursor.fetchone()[0]).stat()
    folder = Path("/dev/shm") / f"onym-small-{os.getpid()}"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], check=True)
    os.chown(folder, owner.st_uid, owner.st_gid)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


@pytest.mark.parametrize("table", ["privacy_suppression", "outbox_change"])
def test_p09_a_full_disk(world: World, small_disk: Path, table: str) -> None:
    """The disk under a table that the erasure writes, at its first and at its last step, is really full."""
    person, request = approved(world)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
        cursor.execute(f"TRUNCATE {table}")  # empty, it needs a page for the next row
        cursor.execute(f"ALTER TABLE {table} SET TABLESPACE small")
    ballast = small_disk / "ballast"
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
            cursor.execute("DROP TABLESPACE small")


def fill(path: Path) -> None:
    """Write until there is no space left."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return
