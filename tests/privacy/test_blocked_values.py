"""Values that are nobody's, and erasure: they bar nobody else, and nothing is left of a person's own."""

from datetime import timedelta

import pytest

from identity.models import BlockedValue
from identity.profiles import look_up, profile_of
from pipeline import blocking
from privacy import requests
from privacy.erasure import erase
from privacy.models import ErasureCase, SubjectRequest
from privacy.scan_tables import scan_tables
from privacy.search import Search
from privacy.suppression import Asked, barred
from privacy.wanted import open_wanted
from records.models import Source, SourceProfile
from tests.pipeline.cast import NOW, looked, outcome, saying, send
from tests.senders import process, send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

YES = saying(analytics=True)
ALICE = {
    "customer_number": "C1",
    "given_name": "Alice",
    "family_name": "Winter",
    "email": "alice@example.com",
    "updated_at": "2026-11-01T10:00:00Z",
}


def erased(source_profile: object) -> SubjectRequest:
    """The person of this source profile is erased."""
    profile = profile_of([source_profile])[source_profile]
    asked = requests.open("erasure", profile_id=profile, actor="officer", now=NOW)
    erase(requests.approve(asked, actor="second officer", now=NOW), actor="second officer", now=NOW)
    return asked


def proven_erased(source_profile: object) -> None:
    """They are, and the proof finds nothing of them in any table."""
    case = ErasureCase.objects.get(pk=erased(source_profile).pk)
    search = Search(open_wanted(case, actor=Actor.machine("prove"), now=NOW))
    places = scan_tables(search, database="default", kept={}, unscanned=[])
    hits = {place.name for place in places if place.hits}
    assert hits == set()


def test_who_is_nobody_in_particular_is_not_barred_once_another_was_erased(browser: Source) -> None:
    send(browser, looked("d-1", **YES, userId="anonymous"))
    process(NOW)
    erased(SourceProfile.objects.get().id)
    assert outcome(send(browser, looked("d-2", **YES, userId="anonymous"))) == (1, 0, 0, 0)
    assert outcome(send(browser, looked("d-1", 2, **YES))) == (0, 0, 0, 1)


def test_an_erasure_takes_the_hash_of_an_address_that_was_blocked(crm: Source) -> None:
    send_rows(crm, ALICE, now=NOW)
    process(NOW)
    blocking.set_blocked("email", ALICE["email"], is_blocked=True, by="u-1", now=NOW)
    blocking.set_blocked("email", "front.desk@example.com", is_blocked=True, by="u-1", now=NOW)
    erased(SourceProfile.objects.get().id)
    assert [row.hint for row in BlockedValue.objects.all()] == ["f…, 22 characters"]


@pytest.mark.parametrize("namespace", ["account_id", "device_id"])
def test_a_junk_word_stays_blocked_once_the_only_one_who_bore_it_was_erased(browser: Source, namespace: str) -> None:
    word = {"account_id": "visitor-0", "device_id": "d-1"}[namespace]
    blocking.set_blocked(namespace, word, is_blocked=True, by="u-1", now=NOW)
    send(browser, looked("d-1", **YES, userId="visitor-0"))
    process(NOW)
    proven_erased(SourceProfile.objects.get().id)
    assert [(row.namespace, row.blocked) for row in BlockedValue.objects.all()] == [(namespace, True)]


def test_the_next_who_bear_a_blocked_word_are_not_linked_by_it(browser: Source) -> None:
    blocking.set_blocked("account_id", "visitor-0", is_blocked=True, by="u-1", now=NOW)
    send(browser, looked("d-1", **YES, userId="visitor-0"))
    process(NOW)
    erased(SourceProfile.objects.get().id)
    assert outcome(send(browser, looked("d-2", **YES, userId="visitor-0"))) == (1, 0, 0, 0)
    assert outcome(send(browser, looked("d-3", **YES, userId="visitor-0"))) == (1, 0, 0, 0)
    process(NOW)
    theirs = SourceProfile.objects.values_list("id", flat=True)
    assert len(set(profile_of(theirs).values())) == 2


def test_an_erasure_takes_the_hash_of_a_number_that_counts_again(crm: Source) -> None:
    for is_blocked in (True, False):
        at = NOW + timedelta(minutes=not is_blocked)
        blocking.set_blocked("customer_number", "C1", is_blocked=is_blocked, by="u-1", now=at)
    send_rows(crm, ALICE, now=NOW)
    process(NOW)
    proven_erased(SourceProfile.objects.get().id)
    assert not BlockedValue.objects.exists()


def test_a_blocked_address_keeps_an_erased_person_out_by_name(crm: Source) -> None:
    """It is nobody's, so alone it bars nobody: as with a household's, the name has to come with it."""
    send_rows(crm, ALICE, now=NOW)
    blocking.set_blocked("email", ALICE["email"], is_blocked=True, by="u-1", now=NOW)
    process(NOW)
    erased(SourceProfile.objects.get().id)
    later = NOW + timedelta(hours=1)
    hers = {name: value for name, value in ALICE.items() if name not in ("updated_at", "customer_number")}
    assert barred([Asked(hers, later), Asked({"email": ALICE["email"], "given_name": "Zoe"}, later)]) == [
        {"email"},
        set(),
    ]


def test_a_blocked_value_finds_nobody(crm: Source) -> None:
    send_rows(crm, ALICE, now=NOW)
    process(NOW)
    assert look_up("email", ALICE["email"], now=NOW) is not None
    blocking.set_blocked("email", ALICE["email"], is_blocked=True, by="u-1", now=NOW)
    assert look_up("email", ALICE["email"], now=NOW) is None
    assert look_up("customer_number", "C1", now=NOW) is not None
