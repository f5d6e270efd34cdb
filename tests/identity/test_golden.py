"""The golden record: which value wins, and why."""

import pytest
from django.utils import timezone

from consent.decide import decide
from identity import golden
from identity.models import GoldenValue
from identity.profiles import look_up, source_profiles
from records import sources
from records.dictionary import FIELDS, MOST_RECENT
from tests.senders import process, send_messages, send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ALICE = {
    "customer_number": "C1",
    "given_name": "Alice",
    "family_name": "Winterbourne",
    "email": "alice@example.com",
    "updated_at": "2026-11-01T10:00:00Z",
}


def read(profile, now):
    grant = decide(source_profiles(profile), purpose="service", at=now, actor=Actor("person", "steward"), reason="test")
    return golden.read([profile], grant)[profile]


def test_the_more_trusted_source_wins_though_the_other_spoke_later(crm, shop, now):
    send_rows(crm, ALICE, now=now)
    send_messages(
        shop,
        {"type": "identify", "userId": "u1", "traits": {"email": "alice@example.com", "lastName": "Summer"}},
        now=now,
    )
    process(now)
    record = read(look_up("account_id", "u1", now=now), now)
    assert (record["family_name"].value, record["family_name"].source) == ("Winterbourne", "crm")
    assert record["family_name"].reason == "most trusted source"
    assert record["account_id"].reason == "only value"


AGREED = {"consent": {"categoryPreferences": {"analytics": True}}}


def identify(message_id, at, **traits):
    """Somebody says with the user id u1 who they are."""
    return {
        "type": "identify",
        "messageId": message_id,
        "userId": "u1",
        "traits": traits,
        "timestamp": at.isoformat(),
        "context": AGREED,
    }


def test_a_public_write_key_replaces_nothing_that_a_trusted_source_said(shop, browser, now, yesterday):
    """The site's source ranks higher and speaks later, yet anybody may write through its key."""
    sources.change(browser, trust_rank=100)
    send_messages(shop, identify("1", yesterday, email="alice@example.com", lastName="Winterbourne"), now=now)
    send_messages(browser, identify("2", now, email="mallory@example.org", lastName="Evil", city="Bristol"), now=now)
    process(now)
    profile = look_up("account_id", "u1", now=now)
    assert len(source_profiles(profile)) == 2
    said = "not from a public key"
    won = {row.field: (row.source_profile.source.name, row.reason) for row in GoldenValue.objects.all()}
    assert won == {
        "account_id": ("shop", said),
        "email": ("shop", said),
        "family_name": ("shop", said),
        "city": ("browser", "only value"),
    }
    assert read(profile, now)["email"].value == "alice@example.com"


def test_of_one_source_the_value_seen_last_wins(crm, now):
    send_rows(crm, ALICE, ALICE | {"family_name": "Summer", "updated_at": "2026-11-05T10:00:00Z"}, now=now)
    process(now)
    record = read(look_up("customer_number", "C1", now=now), now)
    assert (record["family_name"].value, record["family_name"].reason) == ("Summer", "seen last")


@pytest.fixture
def polyglot(crm):
    """The customer file, with a column for the language."""
    mapping = {**crm.mapping, "fields": {**crm.mapping["fields"], "language": "language"}}
    sources.change(crm, mapping=mapping)
    crm.refresh_from_db()
    return crm


def test_of_a_field_that_says_so_the_latest_word_wins_whoever_says_it(polyglot, shop, browser, now, yesterday):
    """A language: the customer file is trusted more, and knows less of what its people speak today."""
    assert FIELDS["language"].survivorship == MOST_RECENT
    told = {"updated_at": yesterday.isoformat()}
    send_rows(polyglot, ALICE | told | {"language": "de"}, now=now)
    send_messages(shop, identify("1", now, email="alice@example.com", language="en", lastName="Summer"), now=now)
    process(now)
    profile = look_up("account_id", "u1", now=now)
    record = read(profile, now)
    language = record["language"]
    assert (language.value, language.source, language.reason) == ("en", "shop", "seen last")
    assert (record["family_name"].value, record["family_name"].reason) == ("Winterbourne", "most trusted source")
    send_messages(browser, identify("2", now, email="alice@example.com", language="fr"), now=now)
    process(now)
    assert read(profile, now)["language"].value == "en"


def test_of_two_that_were_seen_at_once_the_more_trusted_is_the_latest_word(polyglot, shop, now, yesterday):
    send_rows(polyglot, ALICE | {"updated_at": yesterday.isoformat(), "language": "de"}, now=now)
    send_messages(shop, identify("1", yesterday, email="alice@example.com", language="en"), now=now)
    process(now)
    record = read(look_up("account_id", "u1", now=now), now)
    assert (record["language"].value, record["language"].reason) == ("de", "most trusted source")


def test_the_order_of_loading_does_not_matter(crm, now):
    send_rows(crm, ALICE | {"family_name": "Summer", "updated_at": "2026-11-05T10:00:00Z"}, now=now)
    send_rows(crm, ALICE, now=now)
    process(now)
    assert read(look_up("customer_number", "C1", now=now), now)["family_name"].value == "Summer"


def test_golden_values_are_pointers_and_hold_no_value(crm, now):
    send_rows(crm, ALICE, now=now)
    process(now)
    columns = {field.name for field in GoldenValue._meta.get_fields()}
    assert "value" not in columns
    assert all((row.attribute is None) != (row.identifier is None) for row in GoldenValue.objects.all())


def test_refreshing_again_changes_nothing(crm, now):
    send_rows(crm, ALICE, now=now)
    process(now)
    before = sorted(GoldenValue.objects.values_list("id", "decided_at"))
    golden.refresh([look_up("customer_number", "C1", now=now)], now=timezone.now())
    assert sorted(GoldenValue.objects.values_list("id", "decided_at")) == before


def test_a_source_without_that_purpose_gives_nothing(now, db):
    site = sources.add("site", kind="online", purposes=["analytics"])[0]
    consent = {"consent": {"categoryPreferences": {"analytics": True}}}
    send_messages(
        site, {"type": "identify", "userId": "u1", "context": consent, "traits": {"email": "a@example.com"}}, now=now
    )
    process(now)
    profile = look_up("account_id", "u1", now=now)
    refusal = decide(source_profiles(profile), purpose="service", at=now, actor=Actor("person", "x"), reason="test")
    assert refusal.reason == "no source declares this purpose"
