"""Everything at once: loads, browsers, workers, stewards and erasures. Nobody fails, and nobody is left behind."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from django.db import connections
from django.utils import timezone

from identity.ledger import NotPossible
from identity.models import Assignment, Profile
from pipeline import corrections
from pipeline.process import let_time_pass, process_batch
from privacy import erasure, requests
from privacy.models import ErasureCase
from records import sources
from records.models import SourceProfile
from segments import catalog
from segments.models import Membership, ProfileFeatures
from tests.senders import process, send_messages, send_rows
from vault.models import DataKey

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "keystore"], transaction=True)]

SECONDS = 30
PEOPLE, VISITORS = 40, 30
FIELDS = ("customer_number", "email", "phone", "given_name", "family_name", "loyalty_number")
FILE = {
    "message_id": ["customer_number", "updated_at"],
    "occurred_at": "updated_at",
    "fields": {name: name for name in FIELDS},
    "consents": {"analytics": {"purpose": "analytics"}},
}
YES = {"consent": {"categoryPreferences": {"analytics": True}}}
EVERYBODY = {"rule": {"feature": "sources_count", "op": ">=", "value": 1}}

Act = Callable[[Random], None]


def _row(random: Random) -> dict[str, str]:
    return {
        "customer_number": _person(random),
        "email": f"{_person(random)}@example.com",
        "loyalty_number": _person(random) if random.random() < 0.1 else "",
        "given_name": random.choice("AB"),
        "analytics": random.choice(["yes", "no", "yes"]),
        "updated_at": (timezone.now() - timedelta(seconds=random.randrange(10**6))).isoformat(),
    }


def _message(random: Random) -> dict[str, object]:
    visitor = f"d{random.randrange(VISITORS)}"
    if random.random() < 0.5:
        return {"type": "page", "anonymousId": visitor, "context": YES}
    traits = {"email": f"{_person(random)}@example.com"}
    user = f"u{random.randrange(VISITORS)}"
    return {"type": "identify", "userId": user, "anonymousId": visitor, "traits": traits, "context": YES}


def _person(random: Random) -> str:
    return f"c{random.randrange(PEOPLE)}"


def _erase_someone(_: Random) -> None:
    time.sleep(0.3)
    someone = Assignment.objects.current().order_by("?").first()
    if someone is None:
        return
    try:
        request = requests.open("erasure", profile_id=someone.profile_id, actor="petra", now=timezone.now())
    except LookupError:
        return  # merged or erased meanwhile
    request = requests.approve(request, actor="paul", now=timezone.now())
    erasure.erase(request, actor="paul", now=timezone.now())


def _correct_something(random: Random) -> None:
    time.sleep(0.05)
    two = list(Profile.objects.order_by("?").values_list("id", flat=True)[:2])
    someone = Assignment.objects.current().order_by("?").first()
    if len(two) < 2 or someone is None:
        return
    try:
        if random.random() < 0.5:
            corrections.merge(*two, actor="stella", reason="storm", now=timezone.now())
        else:
            corrections.split(someone.source_profile_id, actor="stella", reason="storm", now=timezone.now())
    except NotPossible:
        pass  # the two are one, or nobody, by now


def _storm(acts: dict[str, Act]) -> tuple[Counter[str], list[str]]:
    """Each act over and over in a thread of its own. Returns how often each was done, and what went wrong."""
    over = threading.Event()
    done: Counter[str] = Counter()
    failures: list[str] = []

    def repeat(name: str, act: Act) -> None:
        random = Random(name)
        while not over.is_set():
            try:
                act(random)
                done[name] += 1
            except Exception as error:  # whatever it is, the test reports it
                failures.append(f"{name}: {error!r}"[:300])
        connections.close_all()

    threads = [threading.Thread(target=repeat, args=item) for item in acts.items()]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    over.set()
    for thread in threads:
        thread.join()
    return done, failures


def test_all_at_once():
    crm = sources.add("crm", kind="offline", purposes=["service", "analytics"], mapping=FILE)[0]
    web = sources.add("web", kind="online", client_side=True, purposes=["analytics"])[0]
    catalog.create("all", name="All", purpose="analytics", definition=EVERYBODY)
    acts: dict[str, Act] = {
        "file": lambda random: _ignore(send_rows(crm, *(_row(random) for _ in range(30)), now=timezone.now())),
        "web": lambda random: _ignore(send_messages(web, *(_message(random) for _ in range(20)), now=timezone.now())),
        "worker": lambda _: _ignore(process_batch(now=timezone.now(), limit=200)),
        "clock": lambda _: let_time_pass(now=timezone.now()),
        "officer": _erase_someone,
        "steward": _correct_something,
    }
    done, failures = _storm(acts | {f"second {name}": acts[name] for name in ("file", "web", "worker")})

    assert failures == []
    assert min(done[name] for name in acts) > 3

    process(timezone.now())
    here = set(SourceProfile.objects.values_list("id", flat=True))
    living = Assignment.objects.current().values("profile_id")
    assert here == set(Assignment.objects.current().values_list("source_profile_id", flat=True))
    # What an erasure has still to be proved with is sealed under a key of its own.
    unproved = set(ErasureCase.objects.filter(sealed__isnull=False).values_list("pk", flat=True))
    assert set(DataKey.objects.values_list("id", flat=True)) == here | unproved
    assert not Membership.objects.filter(left_at=None).exclude(profile__in=living).exists()
    assert not ProfileFeatures.objects.exclude(profile__in=living).exists()


def _ignore(_: object) -> None:
    """What is sent and processed is looked at when the storm is over."""
