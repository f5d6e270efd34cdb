"""The rule of a purpose at an instant, as known at another: every part of it, to the microsecond."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from consent import notices
from consent.models import CONSENT, LEGAL_OBLIGATION, Notice, Purpose, PurposeVersion
from consent.purposes import RuleVersion, declared_for, rule_in_force
from consent.rules import Renewal, Rule
from records.models import SourcePurposes
from tests.consent.conftest import newcomer
from vault.ids import new_id

pytestmark = pytest.mark.django_db

DAY, BLINK = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture(params=["by index", "row by row"])
def read(request) -> None:
    """The database reads the index or the table: which of several is the last must not hang on it."""
    if request.param == "row by row":
        connection.cursor().execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")


def version(valid_from: datetime, recorded_at: datetime, *, purpose: str = "marketing", **rule) -> PurposeVersion:
    return PurposeVersion.objects.create(
        purpose_id=purpose, valid_from=valid_from, recorded_at=recorded_at, **{"legal_basis": CONSENT} | rule
    )


def days_in_force(at: datetime, known_at: datetime | None = None) -> int:
    found = rule_in_force("marketing", at=at, known_at=known_at)
    assert found is not None
    assert found.rule.expires_after is not None
    return found.rule.expires_after.days


def test_every_part_of_a_rule(now):
    made = version(
        now,
        now + DAY,
        legal_basis=LEGAL_OBLIGATION,
        expires_after_days=30,
        expiry_by_jurisdiction={"FR": 10, "US-CA": 0},
        active=False,
        sensitive=True,
    )
    places = {"FR": 10 * DAY, "US-CA": 0 * DAY}
    rule = Rule("marketing", LEGAL_OBLIGATION, 30 * DAY, False, sensitive=True, expires_in=places)
    assert rule_in_force("marketing", at=now) == RuleVersion(made.id, now, now + DAY, rule)
    last = version(now + DAY, now + DAY, sale_or_sharing=True, active=True)
    rule = Rule("marketing", CONSENT, None, True, sale_or_sharing=True)
    assert rule_in_force("marketing", at=now + DAY) == RuleVersion(last.id, now + DAY, now + DAY, rule)


def test_a_purpose_that_never_was_has_no_rule(now):
    assert rule_in_force("marketign", at=now) is None
    assert declared_for([new_id()], None, at=now) == set()


def test_it_holds_from_its_instant_on_and_is_known_from_its_recording_on(now):
    version(now, now + DAY, expires_after_days=7)
    assert [days_in_force(now - BLINK), days_in_force(now)] == [730, 7]
    assert [days_in_force(now, known_at=now + DAY - BLINK), days_in_force(now, known_at=now + DAY)] == [730, 7]


def test_the_latest_begun_counts_whenever_it_was_recorded_and_of_those_the_last_written(read, now):
    version(now - DAY, now - 5 * DAY, expires_after_days=1)
    version(now - 2 * DAY, now - 4 * DAY, expires_after_days=2)
    assert days_in_force(now) == 1
    assert days_in_force(now - DAY - BLINK) == 2
    for days in (3, 5, 4):
        version(now, now, expires_after_days=days)
    assert days_in_force(now) == 4


def test_the_rule_of_another_purpose_is_not_its_own(now):
    version(now, now, purpose="analytics", expires_after_days=7)
    assert days_in_force(now) == 730


# When people are told something new


def tell(at: datetime, *, recorded_at: datetime | None = None, material: bool, purpose: str = "marketing") -> Notice:
    texts = {"en": f"Told at {at}."}
    return notices.publish(purpose, texts, material=material, published_at=at, now=recorded_at or at)[0]


def renewal(at: datetime, known_at: datetime | None = None) -> Renewal | None:
    found = rule_in_force("marketing", at=at, known_at=known_at)
    assert found is not None
    return found.rule.renewal


def test_the_last_material_notice_and_all_since_tell_the_new(now):
    assert renewal(now) is None
    tell(now - 9 * DAY, material=False)
    assert renewal(now) is None
    tell(now - 8 * DAY, material=True)
    third, fourth = tell(now - 7 * DAY, material=True), tell(now - 6 * DAY, material=False)
    assert renewal(now) == Renewal(now - 7 * DAY, frozenset({third.hash, fourth.hash}))
    assert renewal(now - 6 * DAY - BLINK) == Renewal(now - 7 * DAY, frozenset({third.hash}))


def test_a_notice_counts_from_its_publication_and_is_known_from_its_recording_on(now):
    notice = tell(now, recorded_at=now + DAY, material=True)
    told = Renewal(now, frozenset({notice.hash}))
    assert [renewal(now - BLINK), renewal(now)] == [None, told]
    assert [renewal(now, known_at=now + DAY - BLINK), renewal(now, known_at=now + DAY)] == [None, told]


def test_the_notice_of_another_purpose_asks_nobody_again(now):
    tell(now, material=True, purpose="analytics")
    assert renewal(now) is None


def test_a_translation_that_follows_later_begins_nothing_anew(now):
    first = tell(now - 2 * DAY, material=True)
    text = "Angebote."
    later = Notice.objects.create(
        id=new_id(), purpose_id="marketing", version=1, locale="de", text=text, material=True,
        hash=notices.hash_of("marketing", 1, "de", text), published_at=now - DAY, recorded_at=now - DAY,
    )  # fmt: skip
    assert renewal(now) == Renewal(now - 2 * DAY, frozenset({first.hash, later.hash}))


# What sources declare


@pytest.fixture
def service(now) -> Rule:
    found = rule_in_force("service", at=now)
    assert found is not None
    return found.rule


def declare(source, purposes: list[str], valid_from: datetime, recorded_at: datetime) -> None:
    SourcePurposes.objects.create(source=source, purposes=purposes, valid_from=valid_from, recorded_at=recorded_at)


def test_a_declaration_holds_from_its_instant_on_and_is_known_from_its_recording_on(crm, alice, service, now):
    declare(crm, ["service"], now - DAY, now - DAY)
    declare(crm, [], now, now + DAY)
    at, known_at = [now - BLINK, now], [now + DAY - BLINK, now + DAY]
    assert [declared_for([alice], service, at=one) for one in at] == [{alice}, set()]
    assert [declared_for([alice], service, at=now, known_at=one) for one in known_at] == [{alice}, set()]


def test_the_latest_declaration_counts_whenever_it_was_recorded_and_of_those_the_last_written(
    read, crm, alice, service, now
):
    declare(crm, ["service"], now - DAY, now - 5 * DAY)
    declare(crm, [], now - 2 * DAY, now - 4 * DAY)
    assert declared_for([alice], service, at=now) == {alice}
    assert declared_for([alice], service, at=now - DAY - BLINK) == set()
    for purposes in (["service"], ["service"], []):
        declare(crm, purposes, now, now)
    assert declared_for([alice], service, at=now) == set()


def test_each_source_declares_for_its_own(crm, browser, alice, alices_phone, service, now):
    another = newcomer(crm, now)
    assert declared_for([alice, alices_phone], service, at=now) == {alice}
    declare(browser, ["analytics", "service"], now, now)
    assert declared_for([alice, alices_phone], service, at=now) == {alice, alices_phone}
    declare(crm, ["analytics"], now, now)
    assert declared_for([alice, alices_phone, another], service, at=now) == {alices_phone}


def test_only_a_contract_rests_on_declarations(alice, now):
    assert Purpose.objects.get(slug="marketing").legal_basis == CONSENT
    found = rule_in_force("marketing", at=now)
    assert found is not None
    assert declared_for([alice], found.rule, at=now) == set()
