"""python -m bench.privacy.large PEOPLE: decisions, access, erasure and proof in a database of so many people.

Run by `python -m bench.privacy` on an embedded installation of its own; prints one JSON object, last.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from django.core.management import call_command  # noqa: E402  # after the set-up
from django.utils import timezone  # noqa: E402

from bench.privacy import population  # noqa: E402
from consent.decide import decide, decide_each  # noqa: E402
from consent.many import decide_all  # noqa: E402
from identity.models import Assignment, Profile  # noqa: E402
from identity.profiles import EVERYBODY, look_up, source_profiles, source_profiles_of  # noqa: E402
from privacy import access, erasure, proof, requests  # noqa: E402
from privacy.models import SubjectRequest  # noqa: E402
from vault.grants import Actor  # noqa: E402

OFFICER, SECOND = "officer", "second officer"
CALLER = Actor("api", "bench")
MARKETING = {"purpose": "marketing", "channel": "email"}
SINGLES, PORTION, ERASURES = 300, 20_000, 7


def main(people: int) -> None:
    """Make the population, then measure."""
    call_command("migrate", verbosity=0)
    call_command("migrate", "vault", database="keystore", verbosity=0)
    made = _say("population", lambda: population.make(people, now=timezone.now()))
    print(json.dumps({"rows": made.rows, "seconds": made.seconds}))  # noqa: T201
    figures = {
        **_say("decisions", lambda: _decisions(people)),
        **_say("access", lambda: _access(people)),
        **_say("erasure", lambda: _erasure(people)),
    }
    print(json.dumps(figures))  # noqa: T201


def _say(what: str, measure: Callable[[], object]) -> object:
    print(f"{time.strftime('%H:%M:%S')} {what} …", file=sys.stderr, flush=True)  # noqa: T201
    return measure()


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _decisions(people: int) -> dict[str, float]:
    """All at once in SQL; a portion of them one by one in Python, as the read paths do; and single calls."""
    now = timezone.now()
    allowed = decide_all(EVERYBODY, **MARKETING, at=now)
    all_s = median(_seconds(lambda: decide_all(EVERYBODY, **MARKETING, at=now)) for _ in range(5))
    some = list(Profile.objects.order_by("id").values_list("id", flat=True)[:PORTION])
    owned = source_profiles_of(some)
    told = {"actor": CALLER, "reason": "benchmark"}
    each_s = median(_seconds(lambda: decide_each(owned, **MARKETING, at=now, **told)) for _ in range(3))
    decided = decide_each(owned, **MARKETING, at=now, **told)
    if decided.allowed != allowed.uuids() & set(some):
        raise RuntimeError("the two ways of deciding disagree")
    one_by_one = [owned[profile] for profile in some[:SINGLES]]
    single_s = _seconds(lambda: [decide(ids, **MARKETING, at=now, **told) for ids in one_by_one])
    return {
        "decisions_per_s": round(people / all_s),
        "million_decisions_s": round(all_s / people * 1e6, 3),
        "in_python_per_s": round(len(some) / each_s),
        "all_at_once_over_in_python": round((people / all_s) / (len(some) / each_s), 1),
        "single_decisions_per_s": round(SINGLES / single_s),
        "allowed": len(allowed),
    }


def _someone(people: int, seed: int) -> UUID:
    number = Random(seed).randrange(1, people + 1)
    profile = look_up("email", population.email_of(number), now=timezone.now())
    if profile is None:
        raise RuntimeError("a person of the population was not found")
    return profile


def _access(people: int) -> dict[str, float]:
    """From the approved request to the answer as data."""
    times = []
    for seed in range(5):
        now = timezone.now()
        request = requests.open("access", profile_id=_someone(people, seed), actor=OFFICER, now=now)
        times.append(_seconds(lambda request=request, now=now: access.answer(request, actor=CALLER, now=now)))
    return {"access_s": round(median(times), 3)}


def _erasure(people: int) -> dict[str, float]:
    """From the execution of an approved request to rows and keys gone; then one proof of all that is stored."""
    times = []
    for seed in range(100, 100 + ERASURES):
        request = _approved(_someone(people, seed))
        theirs = source_profiles(request.profile_id)
        times.append(_seconds(lambda request=request: erasure.erase(request, actor=SECOND, now=timezone.now())))
        if Assignment.objects.filter(source_profile__in=theirs).exists():
            raise RuntimeError("an erased person is still there")
    began = time.perf_counter()
    report = proof.prove(request, rewrite=False, now=timezone.now())
    scan_s = time.perf_counter() - began
    return {
        "erase_s": round(median(times), 3),
        "erase_each_s": [round(one, 3) for one in times],
        "scan_mb_per_s": round(report.bytes / 1e6 / scan_s, 1),
        "scan_mb": round(report.bytes / 1e6),
        "scan_s": round(scan_s, 1),
        "scan_hits": report.hits,
    }


def _approved(profile: UUID) -> SubjectRequest:
    now = timezone.now()
    request = requests.open("erasure", profile_id=profile, actor=OFFICER, now=now)
    return requests.approve(request, actor=SECOND, now=now)


if __name__ == "__main__":
    main(int(sys.argv[1]))
