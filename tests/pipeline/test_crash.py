"""A batch that breaks off leaves nothing but keys, and those are destroyed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError
from psycopg.errors import CheckViolation, DeadlockDetected, ForeignKeyViolation

from pipeline import accept as accepting
from pipeline import sweep
from pipeline.accept import Acceptance
from records.models import Record, Source
from tests.pipeline.cast import counts, looked, ordered, outcome, saying, send
from vault.models import DataKey

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

BATCH = [
    ordered("alice", anonymousId="d-1", **saying(analytics=True)),
    looked("d-1", days_ago=3),
    {"type": "track", "userId": "u-bob", "event": "Order Completed", "timestamp": "soon"},
]
STAGES = [
    (accepting.quarantine, "keep"),
    (accepting.dedupe, "first_seen"),
    (accepting.devices, "attribute"),
    (accepting.acts, "record"),
    (accepting.store, "append"),
    (accepting.queue, "enqueue"),
    (accepting.intakes, "note"),
]


class Crash(Exception):
    """The process ends here."""


def crash_after(stage: Callable[..., object]) -> Callable[..., object]:
    def crashing(*args: object, **kwargs: object) -> None:
        stage(*args, **kwargs)
        raise Crash

    return crashing


@pytest.mark.parametrize(("module", "name"), STAGES)
def test_a_crash_leaves_nothing_but_keys(
    module: object, name: str, shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts(without=("vault.DataKey", "vault.IndexKey"))
    with monkeypatch.context() as broken:
        broken.setattr(module, name, crash_after(getattr(module, name)))
        with pytest.raises(Crash):
            send(shop, *BATCH)
    assert counts(without=("vault.DataKey", "vault.IndexKey")) == before
    assert outcome(send(shop, *BATCH)) == (2, 0, 1, 0)


def test_keys_that_seal_nothing_are_destroyed_after_an_hour(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(accepting.intakes, "note", crash_after(accepting.intakes.note))
        with pytest.raises(Crash):
            send(shop, *BATCH)
    orphans = set(DataKey.objects.values_list("id", flat=True))
    assert len(orphans) == 3
    send(shop, *BATCH)
    used = set(DataKey.objects.values_list("id", flat=True)) - orphans
    assert len(used) == 3
    born = DataKey.objects.order_by("created_at").values_list("created_at", flat=True)[0]
    assert sweep.destroy_orphan_keys(now=born + timedelta(minutes=59)) == 0
    assert sweep.destroy_orphan_keys(now=born + timedelta(hours=2)) == 3
    assert set(DataKey.objects.values_list("id", flat=True)) == used


def failing(times: int, cause: type[Exception], error: type[Exception]) -> Callable[..., Acceptance]:
    """An `_accept` that fails so many times before it works."""
    works = accepting._accept
    left = [times]

    def attempt(*args: object) -> Acceptance:
        if left[0]:
            left[0] -= 1
            raise error from cause()
        return works(*args)  # type: ignore[arg-type]

    return attempt


@pytest.mark.parametrize(
    ("cause", "error"), [(DeadlockDetected, OperationalError), (ForeignKeyViolation, IntegrityError)]
)
def test_a_batch_that_crosses_an_erasure_is_tried_again(
    cause: type[Exception], error: type[Exception], shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "_accept", failing(2, cause, error))
    assert outcome(send(shop, ordered("alice"))) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("times", "cause", "error"),
    [(5, DeadlockDetected, OperationalError), (1, CheckViolation, IntegrityError), (1, OSError, OperationalError)],
)
def test_any_other_fault_is_the_callers(
    times: int, cause: type[Exception], error: type[Exception], shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "_accept", failing(times, cause, error))
    with pytest.raises(error):
        send(shop, ordered("alice"))
    assert Record.objects.count() == 0
