"""A whole population at once: exactly those whom the decision allows one by one, on thousands of random histories."""

import random
from datetime import timedelta

import pytest
from django.db import connection

from consent import notices
from consent.acts import NewAct, annul, record
from consent.decide import decide_each
from consent.many import Groups, decide_all
from consent.models import GRANTED, LEGAL_BASES, PENDING, STATES, Purpose
from consent.restrictions import lift, restrict
from records import sources
from records.source_profiles import Newcomer, make
from tests.consent.conftest import READER
from vault.ids import new_id

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PEOPLE = 400
GROUPS = Groups("pg_temp.asked", person="person")
DAYS = (-30, -9, -3, 0)
CHANNELS = ("", "email", "sms")
JURISDICTIONS = ("", "FR", "US-CA", "US-NY", "DE")


def population(dice: random.Random, now) -> dict:
    """People with one to three source profiles, of a file and of browsers; some sources declare the purpose."""
    kinds = [
        sources.add("file", kind="offline", purposes=["marketing"])[0],
        sources.add("page", kind="online", client_side=True, purposes=["analytics"])[0],
    ]
    people = {new_id(): [] for _ in range(PEOPLE)}
    for theirs in people.values():
        for _ in range(dice.choice((1, 1, 2, 3))):
            id = new_id()
            make(dice.choice(kinds), [Newcomer(id, "single", None, now)], now=now)
            theirs.append(id)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE asked (person uuid, source_profile_id uuid) ON COMMIT DROP")
        rows = [(person, id) for person, theirs in people.items() for id in theirs]
        cursor.executemany("INSERT INTO asked VALUES (%s, %s)", rows)
    return people


def histories(people: dict, dice: random.Random, hashes: list[str], now) -> None:
    """A few words of each source profile, many at the same instants, some after the instant that is asked about."""
    said = [
        NewAct(
            id,
            "marketing",
            dice.choice(CHANNELS),
            dice.choice((*STATES, GRANTED, GRANTED)),
            now + dice.randint(-12, 2) * DAY,
            "form",
            verified=dice.random() < 0.5,
            notice=dice.choice(hashes),
            jurisdiction=dice.choice(JURISDICTIONS),
        )
        for theirs in people.values()
        for id in theirs
        for _ in range(dice.randint(0, 4))
    ]
    record(said, now=now)
    everyone = [id for theirs in people.values() for id in theirs]
    for kind in ("restriction", "opt_out", "limit_use", "under_16"):
        some = dice.sample(everyone, 12)
        restrict(some, kind=kind, actor="officer-1", now=now - 5 * DAY)
        lift(some[:4], kind=kind, actor="officer-1", now=now - 4 * DAY)
    annul(dice.sample(everyone, 20), others=everyone, addressed=[], actor="steward-1", now=now)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("basis", LEGAL_BASES)
def test_it_allows_exactly_whom_the_decision_allows(basis, seed, now):
    dice = random.Random(f"{basis} {seed}")  # a repeatable one
    people = population(dice, now)
    hashes = ["", "", "0" * 64]
    if seed:
        for day, material in ((-20, False), (-6, True)):
            published_at = now + day * DAY
            (notice,) = notices.publish("marketing", {"en": "x"}, material=material, published_at=published_at, now=now)
            hashes.append(notice.hash)
    days = {} if seed == 2 else {"FR": 5, "US": 8, "US-CA": 0}
    flags = {"sensitive": seed == 1, "sale_or_sharing": seed == 2}
    rule = {"expires_after_days": (None, 9, 11)[seed], "expiry_by_jurisdiction": days, **flags}
    Purpose.objects.filter(slug="marketing").update(legal_basis=basis, **rule, rule_since=now - 99 * DAY)
    histories(people, dice, hashes, now)
    sizes = set()
    for channel in (*CHANNELS, "post"):
        for day in DAYS:
            asked = {"purpose": "marketing", "channel": channel, "at": now + day * DAY}
            expected = decide_each(people, **asked, actor=READER, reason="parity").allowed
            found = decide_all(GROUPS, **asked)
            assert len(found) == len(found.uuids())
            assert found.uuids() == expected, (channel, day)
            sizes.add(len(found))
    assert max(sizes) > 20, "the histories are telling"


def test_a_purpose_that_is_unknown_or_out_of_use_allows_nobody(alice, yes, now):
    yes(alice)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE asked (person uuid, source_profile_id uuid) ON COMMIT DROP")
        cursor.execute("INSERT INTO asked VALUES (%s, %s)", [alice, alice])
    assert decide_all(GROUPS, purpose="marketing", channel="email", at=now).uuids() == {alice}
    assert len(decide_all(GROUPS, purpose="marketign", channel="email", at=now)) == 0
    Purpose.objects.filter(slug="marketing").update(active=False, rule_since=now)
    assert len(decide_all(GROUPS, purpose="marketing", channel="email", at=now)) == 0


def test_the_callers_transaction_keeps_its_settings(alice, now):
    names = ("jit", "work_mem", "enable_hashjoin", "enable_hashagg")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE asked (person uuid, source_profile_id uuid) ON COMMIT DROP")
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        before = cursor.fetchone()
        decide_all(GROUPS, purpose="marketing", channel="email", at=now)
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        assert cursor.fetchone() == before


def test_what_awaits_confirmation_is_no_last_word(alice, says, now):
    says(alice, PENDING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM consent_lastword")
        assert cursor.fetchone() == (0,)
