"""The measurement itself, within an installation of its own (ONYM_HOME)."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from django.core.management import call_command  # noqa: E402  # after the set-up
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.resolve import people, population  # noqa: E402
from bench.resolve.figures import figures_of  # noqa: E402
from identity.learning import learn_model  # noqa: E402
from identity.models import Assignment, Profile  # noqa: E402
from pipeline import queue  # noqa: E402
from pipeline.accept import accept  # noqa: E402
from pipeline.pace import FEWEST, Pace  # noqa: E402
from pipeline.process import follow_batch, resolve_batch  # noqa: E402
from records import sources  # noqa: E402
from records.envelope import Envelope  # noqa: E402
from records.envelopes import rows  # noqa: E402
from records.models import Source, SourceProfile  # noqa: E402

WARM_UP, SINGLES, WORKERS = 300, 2_000, 2
# What waits for the workers: enough to keep both at it for seconds. As many come before, and are not timed: to a server
# that has just started the system gives each page of its memory anew, and each page of its tables from the disk.
MANY, ACCEPTED_AT_ONCE = 20_000, 500


def main(profiles: int) -> None:
    """Fill, then measure; the figures on the last line."""
    call_command("migrate", verbosity=0)
    call_command("migrate", "vault", database="keystore", verbosity=0)
    filled_s = 0.0 if Profile.objects.exists() else _filled(profiles)
    source = _source()
    coming = islice(people.newcomers(profiles), SourceProfile.objects.filter(source=source).count(), None)
    many = min(MANY, profiles // 4)
    _say("many, to get warm")
    _by_batches(source, islice(coming, many))
    _say("one by one")
    each_s = [_one(source, envelope) for envelope in read(source, islice(coming, WARM_UP + SINGLES))][WARM_UP:]
    _say("many")
    assigned_s, followed_s = _by_batches(source, islice(coming, many))
    known = _known_before(source)
    figures = figures_of(profiles, each_s, known, many, assigned_s, followed_s, round(filled_s))
    print(json.dumps(figures))  # noqa: T201


def _filled(profiles: int) -> float:
    """Fill the installation with so many profiles. Returns the seconds that it took."""
    _say(f"{profiles:,} profiles")
    began = time.perf_counter()
    population.make(profiles, now=timezone.now())
    learn_model(now=timezone.now())
    return time.perf_counter() - began


def _source() -> Source:
    """Where those come from who are new: of an earlier run, or made."""
    known = Source.objects.filter(name="shop").first()
    return (
        known
        or sources.add("shop", kind="offline", purposes=population.PURPOSES, mapping=people.MAPPING, region="DE")[0]
    )


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what} …", file=sys.stderr, flush=True)  # noqa: T201


def read(source: Source, lines: Iterator[dict[str, str]]) -> list[Envelope]:
    """These rows as the file reader hands them over."""
    now, mapping = timezone.now(), rows.mapping_for(source, people.WRITTEN)
    found = [rows.read(row, source, mapping, position=place, now=now) for place, row in enumerate(lines)]
    return [item for item in found if isinstance(item, Envelope)]


def _take_in(source: Source, envelopes: Sequence[Envelope]) -> None:
    now = timezone.now()
    if accept(source, envelopes, door="file", now=now).stored != len(envelopes):
        raise SystemExit("a row was not stored")


def _one(source: Source, envelope: Envelope) -> float:
    """The seconds from the commit of this record to that of its assignment."""
    _take_in(source, [envelope])
    began = time.perf_counter()
    resolved = resolve_batch(now=timezone.now(), limit=FEWEST)
    seconds = time.perf_counter() - began
    # Golden record, features and segments come after the assignment, and before the next record.
    if (resolved, follow_batch(now=timezone.now(), limit=FEWEST)) != (1, 1):
        raise SystemExit("a record was not processed")
    return seconds


def _by_batches(source: Source, coming: Iterator[dict[str, str]]) -> tuple[float, float]:
    """The seconds that the workers need for all of these together: until they are assigned, and for what follows.

    Whatever an earlier run left waiting is done with them.
    """
    while lines := list(islice(coming, ACCEPTED_AT_ONCE)):
        _take_in(source, read(source, iter(lines)))
    return _by_workers(_assign), _by_workers(_follow)


def _by_workers(work: Callable[[], None]) -> float:
    """The seconds that the workers need to do this with all that waits, in micro-batches."""
    connections.close_all()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        # Both are up, with a connection each, before the clock starts.
        for ready in [pool.submit(_wait_until, time.time() + 1.0) for _ in range(WORKERS)]:
            ready.result()
        began = time.perf_counter()
        for done in [pool.submit(work) for _ in range(WORKERS)]:
            done.result()
        return time.perf_counter() - began


def _wait_until(instant: float) -> None:
    queue.waiting()
    time.sleep(max(0.0, instant - time.time()))


def _assign() -> None:
    pace = Pace()
    while pace.took(resolve_batch(now=timezone.now(), limit=pace.size)):
        pass


def _follow() -> None:
    pace = Pace()
    while pace.took(follow_batch(now=timezone.now(), limit=pace.size)):
        pass


def _known_before(source: Source) -> float:
    """The share of this source's people who were found to be somebody of the population."""
    theirs = Assignment.objects.current().filter(source_profile__source=source)
    made = Profile.objects.filter(created_at__lt=SourceProfile.objects.filter(source=source).earliest("id").created_at)
    return theirs.filter(profile__in=made).count() / theirs.count()


if __name__ == "__main__":
    main(int(sys.argv[1]))
