"""Golden values set by hand: they win until they are taken back, go where their source profile goes, and with it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.decide import decide
from identity import golden, ledger, overriding
from identity.models import GoldenOverride, GoldenValue
from identity.overriding import NotOverridable, OutOfReach
from identity.profiles import look_up, source_profiles
from pipeline import blocking, by_hand
from privacy import index_key_rotation
from tests.senders import process, send_messages, send_rows
from vault import audit
from vault.grants import Actor
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ALICE = {
    "customer_number": "C1",
    "given_name": "Alice",
    "family_name": "Winterbourne",
    "email": "alice@example.com",
    "birth_date": "1984-05-06",
    "updated_at": "2026-11-01T10:00:00Z",
}
STEWARD = Actor("person", "steward-1")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def alice(crm, shop, now):
    """Known to the customer file and, by another family name, to the shop."""
    send_rows(crm, ALICE, now=now)
    traits = {"email": "alice@example.com", "lastName": "Summer", "phone": "+442079460111"}
    send_messages(shop, {"type": "identify", "userId": "u1", "traits": traits}, now=now)
    process(now)
    return look_up("account_id", "u1", now=now)


def grant_for(profile, now):
    return decide(source_profiles(profile), purpose="service", at=now, actor=STEWARD, reason="case 7")


def set_value(profile, field, now, **what):
    by_hand.set_value(profile, field, reason="case 7", grant=grant_for(profile, now), now=now, **what)


def take_back(profile, field, now):
    by_hand.take_back(profile, field, grant=grant_for(profile, now), now=now)


def read(profile, now, field):
    return golden.read([profile], grant_for(profile, now))[profile].get(field)


def told(profile, now, field):
    won = read(profile, now, field)
    return won and (won.value, won.source, won.reason)


def test_a_typed_value_wins_until_it_is_taken_back(crm, alice, now):
    set_value(alice, "family_name", now, text="  Archer ")
    won = read(alice, now, "family_name")
    assert (won.value, won.source, won.seen_at, won.reason) == ("Archer", "by hand", now, "set by hand")
    assert won.by_hand == golden.SetByHand("steward-1", now, "case 7", chosen=False)
    send_rows(crm, ALICE | {"family_name": "Frost", "updated_at": now.isoformat()}, now=now)
    process(now)
    assert told(alice, now, "family_name") == ("Archer", "by hand", "set by hand")
    take_back(alice, "family_name", now)
    assert told(alice, now, "family_name") == ("Frost", "crm", "seen last")


def test_another_value_that_is_there_can_be_the_right_one(alice, shop, now):
    offered = overriding.offers(source_profiles(alice), "family_name", grant_for(alice, now))
    assert [(one.value, one.source) for one in offered] == [("Winterbourne", "crm"), ("Summer", "shop")]
    set_value(alice, "family_name", now, chosen=offered[1].id)
    assert told(alice, now, "family_name") == ("Summer", "shop", "set by hand")
    assert read(alice, now, "family_name").by_hand.chosen
    assert GoldenOverride.objects.get().source_profile.source == shop


def test_what_is_typed_and_a_source_has_is_chosen_there(alice, shop, now):
    set_value(alice, "family_name", now, text="Summer")
    assert told(alice, now, "family_name") == ("Summer", "shop", "set by hand")


def test_an_identifier_is_chosen_and_never_made_up(alice, now):
    set_value(alice, "phone", now, text="020 7946 0111")
    assert told(alice, now, "phone") == ("+442079460111", "shop", "set by hand")
    with pytest.raises(NotOverridable, match="email: choose a value that a source has"):
        set_value(alice, "email", now, text="mallory@example.org")
    assert told(alice, now, "email") == ("alice@example.com", "crm", "most trusted source")


def test_a_blocked_value_is_neither_offered_nor_chosen(alice, now):
    offered = overriding.offers(source_profiles(alice), "email", grant_for(alice, now))
    blocking.set_blocked("email", "alice@example.com", is_blocked=True, by="steward-1", now=now)
    process(now)
    assert not overriding.offers(source_profiles(alice), "email", grant_for(alice, now))
    with pytest.raises(NotOverridable, match="email: this value is not there any more, or was blocked since"):
        set_value(alice, "email", now, chosen=offered[0].id)
    with pytest.raises(NotOverridable, match="email: choose a value that a source has and that is not blocked"):
        set_value(alice, "email", now, text="Alice@Example.com")
    assert read(alice, now, "email") is None


def test_blocking_a_chosen_value_takes_it_out_until_it_counts_again(alice, now):
    set_value(alice, "phone", now, text="020 7946 0111")
    set_value(alice, "email", now, text="alice@example.com")
    for is_blocked, email in ((True, None), (False, ("alice@example.com", "crm", "set by hand"))):
        at = now + timedelta(minutes=1 + (not is_blocked))
        blocking.set_blocked("email", "alice@example.com", is_blocked=is_blocked, by="steward-1", now=at)
        process(at)
        assert told(alice, now, "email") == email
        assert told(alice, now, "phone") == ("+442079460111", "shop", "set by hand")


def test_a_chosen_value_is_known_to_be_blocked_after_a_rotation_of_index_keys(alice, now):
    set_value(alice, "email", now, text="alice@example.com")
    list(index_key_rotation.rotate(["email"], now=now, wait=lambda seconds: None))
    assert told(alice, now, "email") == ("alice@example.com", "crm", "set by hand")
    blocking.set_blocked("email", "alice@example.com", is_blocked=True, by="steward-1", now=now)
    process(now)
    assert read(alice, now, "email") is None


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("birth_date", "2999-01-01", "birth date: is not a possible date of birth"),
        ("birth_date", "May", "birth date: is not a date"),
        ("device_id", "d-1", "device id: cannot be set by hand"),
        ("shoe_size", "43", "shoe size: cannot be set by hand"),
    ],
)
def test_what_cannot_be_set_is_named_and_nothing_changes(alice, now, field, text, said):
    with pytest.raises(NotOverridable, match=said):
        set_value(alice, field, now, text=text)
    assert GoldenOverride.objects.count() == 0


def test_a_field_that_no_source_knows_is_there_and_goes_again(alice, now):
    set_value(alice, "city", now, text="Bristol")
    assert told(alice, now, "city") == ("Bristol", "by hand", "set by hand")
    take_back(alice, "city", now)
    assert read(alice, now, "city") is None
    with pytest.raises(NotOverridable, match="nobody has set it by hand"):
        take_back(alice, "city", now)


def test_the_last_word_takes_the_place_of_the_one_before_wherever_that_hangs(alice, now):
    set_value(alice, "family_name", now, text="Summer")
    set_value(alice, "family_name", now, text="Archer")
    assert told(alice, now, "family_name") == ("Archer", "by hand", "set by hand")
    standing = overriding.standing(source_profiles(alice))
    assert [row.source_profile.source.name for row in standing] == ["crm"]
    take_back(alice, "family_name", now)
    assert told(alice, now, "family_name") == ("Winterbourne", "crm", "most trusted source")


def test_it_is_sealed_and_its_value_goes_when_it_ends(alice, now):
    set_value(alice, "family_name", now, text="Archer")
    row = GoldenOverride.objects.get()
    assert b"Archer" not in bytes(row.sealed)
    take_back(alice, "family_name", now)
    row.refresh_from_db()
    assert (row.sealed, row.ended_by, row.reason, row.actor) == (None, "steward-1", "case 7", "steward-1")


def test_both_acts_stand_in_the_audit_log(alice, now):
    set_value(alice, "family_name", now, text="Archer")
    take_back(alice, "family_name", now)
    acts = AuditEntry.objects.filter(action__endswith="golden value").order_by("id")
    assert [(one.action, one.actor, one.reason, one.fields, one.count) for one in acts] == [
        ("set golden value", "steward-1", "case 7", ["family_name"], 1),
        ("remove golden value", "steward-1", "case 7", ["family_name"], 1),
    ]


def test_what_the_grant_does_not_cover_stays(alice, now):
    set_value(alice, "family_name", now, text="Archer")
    home = GoldenOverride.objects.get().source_profile_id
    narrow = replace(grant_for(alice, now), source_profiles=grant_for(alice, now).source_profiles - {home})
    said = (
        "family name: it was set by hand on a source that this purpose may not read; change it for a purpose that may"
    )
    with pytest.raises(OutOfReach, match=said):
        by_hand.take_back(alice, "family_name", grant=narrow, now=now)
    with pytest.raises(OutOfReach, match=said):
        by_hand.set_value(alice, "family_name", text="Summer", reason="case 7", grant=narrow, now=now)
    assert told(alice, now, "family_name") == ("Archer", "by hand", "set by hand")
    assert GoldenOverride.objects.count() == 1
    assert not AuditEntry.objects.filter(action="remove golden value").exists()


def test_the_audit_log_names_where_the_value_was_that_had_to_go(alice, now):
    set_value(alice, "family_name", now, text="Summer")
    set_value(alice, "family_name", now, text="Archer")
    acts = AuditEntry.objects.filter(action="set golden value").order_by("id")
    homes = GoldenOverride.objects.order_by("set_at", "id").values_list("source_profile_id", flat=True)
    assert [sorted(bytes(one) for one in act.subjects) for act in acts] == [
        sorted(audit.subject_hashes(homes[:1])),
        sorted(audit.subject_hashes(homes[:2])),
    ]


@pytest.fixture
def bob(crm, now):
    send_rows(crm, {"customer_number": "C2", "given_name": "Robert", "family_name": "Butcher"}, now=now)
    process(now)
    return look_up("customer_number", "C2", now=now)


def test_through_merge_and_unmerge_it_stays_with_its_source_profile(crm, alice, bob, now):
    theirs = source_profiles(bob)
    set_value(bob, "family_name", now, text="Baker")
    survivor = ledger.merge(alice, bob, actor="steward-1", reason="case 8", now=now)
    golden.refresh([alice, bob], now=now)
    assert told(survivor, now, "family_name") == ("Baker", "by hand", "set by hand")
    ledger.undo_merge(survivor, bob, actor="steward-1", reason="case 9", now=now)
    golden.refresh([alice, bob], now=now)
    assert told(alice, now, "family_name") == ("Winterbourne", "crm", "most trusted source")
    assert told(bob, now, "family_name") == ("Baker", "by hand", "set by hand")
    assert source_profiles(bob) == theirs


def test_of_two_that_were_merged_the_later_word_wins(alice, bob, yesterday, now):
    set_value(bob, "family_name", now, text="Baker")
    set_value(alice, "family_name", yesterday, text="Archer")
    survivor = ledger.merge(alice, bob, actor="steward-1", reason="case 8", now=now)
    golden.refresh([survivor], now=now)
    assert told(survivor, now, "family_name") == ("Baker", "by hand", "set by hand")
    take_back(survivor, "family_name", now)
    assert told(survivor, now, "family_name")[2] != "set by hand"


def test_the_same_twice_changes_nothing(alice, now):
    set_value(alice, "city", now, text="Bristol")
    before = sorted(GoldenValue.objects.values_list("id", "decided_at"))
    golden.refresh([alice], now=timezone.now())
    assert sorted(GoldenValue.objects.values_list("id", "decided_at")) == before
