"""At a merge the most restrictive word wins until the person speaks again; an unmerge equals never having merged."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from consent.decide import Refusal, decide
from consent.models import CONSENT, GRANTED, WITHDRAWN, Act
from consent.rules import ALLOWED, Rule, Said, conclude
from console.acts import say
from identity import ledger
from identity.profiles import look_up, profile_of, source_profiles, where_now
from tests.consent.conftest import READER
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage

SABOTAGE = Sabotage(
    "identity/ledger.py",
    "        acts.annul(came | freed, others=stay, addressed=[profile], actor=actor, now=now)\n",
    "",
)
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = Rule("marketing", CONSENT, None, active=True)
IDS = [UUID(int=number) for number in range(1, 5)]
words = st.dictionaries(
    st.sampled_from(IDS), st.tuples(st.sampled_from([GRANTED, WITHDRAWN]), st.integers(1, 9), st.booleans())
)
groups = st.sets(st.sampled_from(IDS))


def outcome(members, said) -> str:
    told = {id: Said(id, state, AT - day * HOUR, verified) for id, (state, day, verified) in said.items()}
    return conclude(RULE, sorted(members), told, declared=(), at=AT)


@given(words, groups, groups, groups)
def test_p19_merging_is_commutative_associative_and_idempotent(said, one, two, three):
    merged = {outcome(a | b | c, said) for a, b, c in permutations((one, two, three))}
    merged |= {outcome(ids, said) for ids in ((one | two) | three, one | (two | three), one | two | three | one)}
    assert len(merged) == 1


@given(words, groups, groups)
def test_p19_the_most_restrictive_wins(said, one, two):
    no = any(state == WITHDRAWN for id, (state, _, _) in said.items() if id in one | two)
    assert not (no and outcome(one | two, said) == ALLOWED)
    if outcome(one | two, said) == ALLOWED:
        assert ALLOWED in (outcome(one, said), outcome(two, said))


def row(number: str, name: str, **different: str) -> dict[str, str]:
    about = {"customer_number": number, "given_name": name, "family_name": f"{name}son", "email": f"{name}@example.com"}
    return about | {"updated_at": (AT - 9 * HOUR).isoformat()} | different


CHANNELS = ("", "email", "sms")


class Life:
    """Alice and Bob in one database; what happens to them, told by customer number."""

    def __init__(self, crm) -> None:
        self.crm = crm
        send_rows(crm, row("C-1", "alice", newsletter="yes"), row("C-2", "bob", newsletter="yes"), now=AT - 9 * HOUR)
        process(AT - 9 * HOUR)
        belongs = {name: look_up("email", f"{name}@example.com", now=AT) for name in ("alice", "bob")}
        (self.alice,), (self.bob,) = (source_profiles(belongs[name]) for name in ("alice", "bob"))
        self.home = profile_of([self.alice, self.bob])

    def hears(self, profile: UUID, purpose: str, channel: str, state: str, at: datetime) -> None:
        said = {"purpose": purpose, "channel": channel, "state": state, "how": "phone", "actor": "clerk-3"}
        living = where_now(profile)
        assert living is not None
        say(source_profiles(living), profile=profile, **said, now=at)
        process(at)

    def answers(self, at: datetime = AT) -> dict:
        return {
            (who, purpose, channel, hours): answer([id], purpose, channel, at - hours * HOUR)
            for who, id in (("alice", self.alice), ("bob", self.bob))
            for purpose in ("marketing", "analytics", "service")
            for channel in CHANNELS
            for hours in range(9)
        }


def answer(ids, purpose, channel, at) -> str:
    decision = decide(ids, purpose=purpose, channel=channel, at=at, actor=READER, reason="statement")
    return decision.reason if isinstance(decision, Refusal) else "allowed"


def speak(life: Life) -> None:
    """What people say between 7 and 3 hours ago, to whoever they believe to speak as."""
    first, second = life.home[life.alice], life.home[life.bob]
    life.hears(first, "marketing", "email", WITHDRAWN, AT - 7 * HOUR)
    life.hears(first, "analytics", "", GRANTED, AT - 6 * HOUR)
    moved = row("C-2", "bob", newsletter="yes", city="Linz", updated_at=(AT - 5 * HOUR).isoformat())
    send_rows(life.crm, moved, now=AT - 5 * HOUR)
    process(AT - 5 * HOUR)
    life.hears(second, "marketing", "sms", GRANTED, AT - 4 * HOUR)
    life.hears(second, "service", "", WITHDRAWN, AT - 3 * HOUR)


@pytest.mark.django_db(databases=["default", "keystore"])
def test_p19_until_the_person_speaks_again_the_no_of_either_counts(crm):
    life = Life(crm)
    life.hears(life.home[life.bob], "marketing", "email", WITHDRAWN, AT - 8 * HOUR)
    assert answer([life.alice], "marketing", "email", AT - 8 * HOUR) == "allowed"
    ledger.merge(life.home[life.alice], life.home[life.bob], actor="steward-1", reason="one", now=AT - 7 * HOUR)
    both = [life.alice, life.bob]
    assert answer(both, "marketing", "email", AT - 7 * HOUR) == "withdrawn or refused"
    (profile,) = set(profile_of(both).values())
    life.hears(profile, "marketing", "email", GRANTED, AT - 6 * HOUR)
    assert answer(both, "marketing", "email", AT - 6 * HOUR) == "allowed"


@pytest.mark.django_db(databases=["default", "keystore"])
def test_p19_an_unmerge_equals_a_life_without_the_merge(crm):
    lives = []
    for merged in (True, False):
        life = Life(crm)
        if merged:
            ledger.merge(life.home[life.alice], life.home[life.bob], actor="steward-1", reason="one", now=AT - 8 * HOUR)
        speak(life)
        if merged:
            survivor = profile_of([life.alice])[life.alice]
            gone = ({*life.home.values()} - {survivor}).pop()
            assert answer([life.bob], "marketing", "email", AT) == "withdrawn or refused"
            ledger.undo_merge(survivor, gone, actor="steward-1", reason="two", now=AT - 2 * HOUR)
            process(AT - 2 * HOUR)
        assert profile_of([life.alice, life.bob]) == life.home
        lives.append(life.answers())
        wipe()
    assert lives[0] == lives[1]
    assert lives[0]["bob", "marketing", "email", 0] == "allowed"
    assert lives[0]["alice", "marketing", "email", 0] == "withdrawn or refused"
    assert lives[0]["bob", "analytics", "", 0] == "no consent on record"
    assert lives[0]["alice", "service", "", 0] == "allowed"
    assert lives[0]["bob", "service", "", 0] == "withdrawn or refused"


def wipe() -> None:
    """An empty database again, but for the source: the second life starts where the first did."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "TRUNCATE records_sourceprofile, identity_profile, records_seenmessage, consent_act, pipeline_work CASCADE"
        )
    assert not Act.objects.exists()
