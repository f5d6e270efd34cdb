"""An erased person does not come back, however spelled; a household stays; a verified act of their own ends it."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import Act
from consent.state import standing
from identity.models import Profile
from identity.profiles import look_up, profile_of, source_profiles
from pipeline.sweep import destroy_orphan_keys
from privacy import epoch, erasure_ledger, links, rectification, requests, retention, suppression
from privacy.erasure import erase
from privacy.models import Link, RequestStep, SignUp, Suppression
from privacy.public import inquiries
from privacy.suppression_lift import DOUBLE_OPT_IN, NotVerified, lifted
from privacy.tasks import answer_inquiries
from records import sources
from records.models import Attribute, Identifier, Record, SourceProfile
from tests.api.conftest import Shop
from tests.privacy.scan import hits
from tests.privacy.visitor import Visitor
from tests.senders import STREAMS, process, send_rows, send_stream
from tests.statements.sabotage import Sabotage
from vault import keys
from vault.grants import Actor
from vault.ids import new_id
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/suppression_hashes.py",
    "    value = identity_form(namespace, value.strip())",
    "    value = value.strip()",
)
# Without the way back: nobody who was erased can ever act.
FURTHER = [
    Sabotage("pipeline/accept.py", "    sign_ups.keep(refused, source, now=now)\n", ""),
    Sabotage("privacy/sign_ups.py", "        with lifted(bars, ", "        with lifted([], "),
]
PAGE = re.compile(r"https?://[^\s/]+(/\S+)")
LANDLINE = "+442079460123"
ALICE = {
    "customer_number": "CN-7001-A",
    "given_name": "Alice",
    "family_name": "Archer",
    "email": "alice.archer@gmail.com",
    "phone": "020 7946 0123",
    "loyalty_number": "L-0815",
    "birth_date": "1984-05-06",
}
BOB = {"customer_number": "CN-7002-B", "given_name": "Bob", "family_name": "Archer", "phone": LANDLINE}
KEPT = (SourceProfile, Record, Identifier, Attribute, Profile)


def arrive(crm, now, *rows, at=None):
    send_rows(crm, *({"updated_at": (at or now).isoformat(), "country": "GB", **row} for row in rows), now=now)
    process(now)


def counts():
    return [model.objects.count() for model in KEPT]


@pytest.fixture
def erased(crm, now):
    """Alice and Bob live together; Alice was erased."""
    arrive(crm, now, ALICE, BOB, at=now - timedelta(days=1))
    alice = Profile.objects.get(assignments__source_profile__identifiers__namespace="email")
    request = requests.open("erasure", profile_id=alice.pk, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    assert Profile.objects.count() == 1
    return request


@pytest.mark.parametrize(
    "again",
    [
        {"customer_number": "N-1", "email": "ALICE.ARCHER@GMAIL.COM"},
        {"customer_number": "N-1", "email": "alice.archer+shop@gmail.com"},
        {"customer_number": "N-1", "email": "a.l.i.c.e.archer@googlemail.com"},
        {"customer_number": "cn-7001-a"},
        {"customer_number": "N-1", "loyalty_number": "l-0815"},
        {"customer_number": "N-1", "phone": "+44 (0)20 7946 0123", "given_name": "ALICE", "family_name": "ARCHER"},
        {"customer_number": "N-1", "phone": "0044 20 79460123", "given_name": "alice"},
        {"customer_number": "N-1", "phone": "02079460123", "birth_date": "06.05.1984"},
        ALICE,
    ],
    ids=["case", "plus tag", "gmail dots", "key", "other key", "phone and name", "given name", "birth date", "same"],
)
def test_p04_another_spelling_creates_nothing(erased, crm, now, again):
    before = counts()
    arrive(crm, now, {**again, "city": "London"})
    assert counts() == before


@pytest.mark.parametrize("door", STREAMS)
def test_p04_nor_do_they_come_back_through_a_stream(erased, crm, now, door):
    before = counts()
    again = {**ALICE, "updated_at": now.isoformat()}
    changed = {"op": "u", "before": None, "after": again, "source": {"lsn": 1}, "ts_ms": 1}
    deleted = {"op": "d", "before": ALICE, "after": None, "source": {"lsn": 2}, "ts_ms": 1}
    sent = [again, changed, deleted] if door == "kafka" else [again, [again | {"city": "London"}]]
    assert send_stream(door, crm, *sent, now=now).stored == 0
    process(now)
    assert counts() == before


@pytest.mark.parametrize(
    "other",
    [
        {"customer_number": "N-2", "phone": LANDLINE},
        {"customer_number": "N-2", "phone": LANDLINE, "given_name": "Bob", "family_name": "Archer"},
        {"customer_number": "N-2", "phone": LANDLINE, "family_name": "Archer"},
        {"customer_number": "N-2", "phone": LANDLINE, "given_name": "Carol", "birth_date": "2010-01-02"},
        {"customer_number": "N-2", "phone": "+442079460124", "given_name": "Alice", "family_name": "Archer"},
    ],
    ids=["nobody named", "the other", "family name", "a child", "a namesake"],
)
def test_p04_the_household_and_a_namesake_are_let_in(erased, crm, now, other):
    before = SourceProfile.objects.count()
    arrive(crm, now, other)
    assert SourceProfile.objects.count() == before + 1


def test_p04_a_twin_who_shares_phone_and_birthday_is_let_in(crm, now):
    twin = {**BOB, "birth_date": ALICE["birth_date"]}
    arrive(crm, now, ALICE, twin, at=now - timedelta(days=1))
    alice = Profile.objects.get(assignments__source_profile__identifiers__namespace="email")
    request = requests.open("erasure", profile_id=alice.pk, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    arrive(crm, now, {"customer_number": "N-3", "phone": LANDLINE, "birth_date": ALICE["birth_date"]})
    assert SourceProfile.objects.count() == 2


def come_back(now, *, evidence=DOUBLE_OPT_IN, reference="act-1", **fields):
    bars = [bar.id for bar in suppression.standing(fields)]
    with lifted(bars, evidence=evidence, reference=reference, actor="public form", now=now) as erasures:
        return erasures


def test_p04_a_verified_act_lets_later_records_in_and_no_earlier_one(erased, crm, now):
    assert come_back(now, email=ALICE["email"]) == 1
    before = SourceProfile.objects.count()
    arrive(crm, now + timedelta(hours=2), {**ALICE, "customer_number": "N-4"}, at=now - timedelta(minutes=1))
    assert SourceProfile.objects.count() == before
    arrive(crm, now + timedelta(hours=2), {**ALICE, "customer_number": "N-4"}, at=now + timedelta(hours=1))
    assert SourceProfile.objects.count() == before + 1
    assert RequestStep.objects.filter(request=erased, what="suppression lifted", actor="public form").count() == 1


def test_p04_only_what_the_act_proved_is_lifted(erased, crm, now):
    come_back(now, email=ALICE["email"])
    lifted_rows = Suppression.objects.exclude(lifted_at=None)
    assert set(lifted_rows.values_list("namespace", "lifted_on")) == {("email", "double_opt_in act-1")}
    before = counts()
    for other in ({"loyalty_number": "L-0815"}, {"phone": ALICE["phone"], "given_name": "Alice"}):
        arrive(crm, now + timedelta(hours=2), {"customer_number": "N-5", **other}, at=now + timedelta(hours=1))
    assert counts() == before


def test_p04_it_is_lifted_when_the_record_of_the_request_is_gone(erased, crm, now):
    Suppression.objects.update(request=None)
    assert come_back(now, email=ALICE["email"]) == 1
    before = SourceProfile.objects.count()
    arrive(crm, now + timedelta(hours=2), {**ALICE, "customer_number": "N-6"}, at=now + timedelta(hours=1))
    assert SourceProfile.objects.count() == before + 1


@pytest.mark.parametrize(("evidence", "reference"), [("a hunch", "act-1"), (DOUBLE_OPT_IN, "")])
def test_p04_nothing_is_lifted_without_evidence(erased, now, evidence, reference):
    with pytest.raises(NotVerified):
        come_back(now, evidence=evidence, reference=reference, email=ALICE["email"])
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_p04_somebody_elses_act_lifts_nothing(erased, now):
    assert come_back(now, email="bob@example.com", phone=LANDLINE) == 0


# The way through the real door: the form of the site, the mail, the page.

MAPPING = {"consents": {"newsletter": {"purpose": "marketing", "channel": "email", "double_opt_in": True}}}
ADDRESS = "alice.archer@example.com"


@pytest.fixture
def site():
    """A form in the browser: anybody can type any address into it."""
    purposes = ["service", "marketing"]
    return Shop(*sources.add("site", kind="online", client_side=True, purposes=purposes, mapping=MAPPING))


@pytest.fixture
def gone(crm):
    """Alice was known by e-mail and card, until an hour ago."""
    hour_ago = timezone.now() - timedelta(hours=1)
    arrive(crm, hour_ago, {**ALICE, "email": ADDRESS}, BOB, at=hour_ago - timedelta(days=1))
    request = requests.open("erasure", profile_id=look_up("email", ADDRESS, now=hour_ago), actor="a", now=hour_ago)
    erase(requests.approve(request, actor="b", now=hour_ago), actor="b", now=hour_ago)
    assert look_up("email", ADDRESS, now=hour_ago) is None
    return request


def sign_up(site, number=1, *, yes=True, category="newsletter", email=ADDRESS, ago=timedelta(), **traits):
    message = message_of(number, yes=yes, category=category, email=email, ago=ago, **traits)
    return site.send({"batch": [message]}).json()


def message_of(number, *, yes=True, category="newsletter", email=ADDRESS, ago=timedelta(), **traits):
    return {
        "type": "identify",
        "messageId": f"sign-up-{number}",
        "anonymousId": f"sofa-tablet-{number}",
        "timestamp": (timezone.now() - ago).isoformat(),
        "traits": {"email": email, **traits},
        "context": {"consent": {"categoryPreferences": {category: yes}}},
    }


def mailed():
    """The links in what the worker has sent since the last look."""
    answer_inquiries()
    found = [(message.to, PAGE.search(message.body)[1]) for message in mail.outbox]
    mail.outbox.clear()
    return found


def may_write(address=ADDRESS):
    profile = look_up("email", address, now=timezone.now())
    if profile is None:
        return None
    stands = standing(source_profiles(profile), at=timezone.now())
    return next(one.allowed for one in stands if (one.purpose, one.channel) == ("marketing", "email"))


def test_p04_whoever_signs_up_anew_and_confirms_is_back(gone, site, crm):
    sign_up(site)
    ((to, address),) = mailed()
    assert to == [ADDRESS]
    page = Visitor().open(address)
    assert may_write() is None, "opening the link changes nothing: scanners of mail open them all"
    assert "Thank you" in page.press().document.text
    process(timezone.now())
    assert may_write() is True
    act = Act.objects.get(how="double_opt_in")
    assert (act.state, act.verified, act.actor, act.locale) == ("granted", True, "data_subject", "en")
    assert not SignUp.objects.exists()
    assert verify_ledger() == ""

    later = timezone.now() + timedelta(minutes=5)
    arrive(crm, later, {**ALICE, "email": ADDRESS, "customer_number": "N-7"})
    theirs = source_profiles(look_up("email", ADDRESS, now=later))
    assert Identifier.objects.filter(source_profile__in=theirs, namespace="customer_number").count() == 1


def test_p04_until_it_is_confirmed_nothing_but_the_sealed_address_is_kept(gone, site):
    before, acts = counts(), Act.objects.count()
    sign_up(site, firstName="Alice", phone=ALICE["phone"])
    mailed()
    process(timezone.now())
    assert (counts(), Act.objects.count()) == (before, acts)
    assert hits([ADDRESS, "Alice", "sofa-tablet-1"]) == {}
    assert SignUp.objects.count() == 1
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_p04_a_sign_up_that_nobody_confirms_ends_with_its_key(gone, site):
    sign_up(site)
    ((_, address),) = mailed()
    kept = SignUp.objects.get()
    later = timezone.now() + timedelta(days=3, seconds=1)
    retention.carry_out(now=later)
    destroy_orphan_keys(now=later)
    links.forget_old(now=later)
    assert not SignUp.objects.exists()
    assert not Link.objects.exists()
    assert not DataKey.objects.filter(id=kept.pk).exists()
    assert Visitor().open(address).response.status_code == 404


def test_p04_the_link_lets_in_once(gone, site):
    sign_up(site)
    ((_, address),) = mailed()
    first, second = Visitor().open(address), Visitor().open(address)
    first.press()
    acts = Act.objects.count()
    assert "used before" in second.press().document.text
    assert "used before" in Visitor().open(address).document.text
    assert Act.objects.count() == acts


def test_p04_nobody_is_asked_for_what_is_no_new_wish(gone, site, crm):
    sign_up(site, 1, ago=timedelta(hours=2))
    assert mailed() == []
    sign_up(site, 2, yes=False)
    rows = {**crm.mapping, "consents": MAPPING["consents"]}
    nightly = sources.add("nightly", kind="offline", purposes=["service"], mapping=rows)[0]
    arrive(nightly, timezone.now(), {**ALICE, "email": ADDRESS, "newsletter": "yes"})
    assert mailed() == []


def test_p04_a_no_takes_the_wish_back_and_a_repeated_yes_asks_nobody_twice(gone, site):
    sign_up(site, 1)
    ((_, address),) = mailed()
    sign_up(site, 2)
    assert mailed() == []
    sign_up(site, 3, yes=False)
    assert Visitor().open(address).response.status_code == 404
    sign_up(site, 4)
    assert len(mailed()) == 1


@pytest.mark.parametrize(
    "other", [{"ago": timedelta(minutes=30)}, {"category": "texts"}], ids=["said before", "to another channel"]
)
def test_p04_only_a_later_no_to_the_same_ends_a_wish(gone, site, other):
    site.source.mapping = {"consents": MAPPING["consents"] | {"texts": {"purpose": "marketing", "channel": "sms"}}}
    site.source.save()
    sign_up(site, 1)
    ((_, address),) = mailed()
    sign_up(site, 2, yes=False, **other)
    assert "Thank you" in Visitor().open(address).press().document.text


def test_p04_what_cannot_come_in_is_not_confirmed_and_lifts_nothing(gone, site):
    sign_up(site, 1)
    ((_, address),) = mailed()
    site.source.enabled = False
    site.source.save()
    before = counts()
    assert Visitor().open(address).press().response.status_code == 404
    assert counts() == before
    assert not Suppression.objects.exclude(lifted_at=None).exists()
    site.source.enabled, site.source.purposes = True, ["personalization"]
    site.source.save()
    assert Visitor().open(address).press().response.status_code == 404
    assert counts() == before
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_p04_what_another_erasure_listed_since_is_lifted_too(gone, site):
    sign_up(site, 1)
    ((_, address),) = mailed()
    again = Suppression.objects.get(namespace="email")
    again.pk, again.request, again.listed_with = None, None, new_id()
    again.save()
    Visitor().open(address).press()
    process(timezone.now())
    assert may_write() is True
    assert Suppression.objects.exclude(lifted_at=None).count() == 2


def test_p04_a_used_link_closes_no_door(gone, site):
    sign_up(site, 1)
    ((_, address),) = mailed()
    first, second = Visitor().open(address), Visitor().open(address)
    with CaptureQueriesContext(connection) as lifting:
        first.press()
    with CaptureQueriesContext(connection) as too_late:
        second.press()
    closed = [any("pg_advisory_xact_lock(" in query["sql"] for query in page) for page in (lifting, too_late)]
    assert closed == [True, False]


@pytest.mark.parametrize("yes", [True, False])
def test_p04_many_refused_messages_take_as_many_statements_as_few(gone, site, yes):
    sign_up(site, 1)
    taken = []
    for many in (10, 100):
        batch = [message_of(f"{many}-{number}", yes=yes) for number in range(many)]
        with CaptureQueriesContext(connection) as statements:
            assert site.send({"batch": batch}).json()["accepted"] == many
        taken.append(len(statements))
        sign_up(site, many)
    assert taken[0] == taken[1]


def test_p04_a_database_that_falls_behind_meanwhile_lets_nobody_in(gone, site):
    sign_up(site, 1)
    ((_, address),) = mailed()
    page = Visitor().open(address)

    def fall_behind(execute, statement, parameters, many, context):
        if "pg_advisory_xact_lock(" in statement and epoch.fault() == "":
            news = erasure_ledger.News(erasure_ledger.ERASED, request=new_id())
            erasure_ledger.append(news, now=timezone.now())
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(fall_behind):
        answer = page.press().response
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_p04_yes_and_no_in_turn_write_no_more_often_than_to_anybody(gone, site):
    written = 0
    for number in range(0, 16, 2):
        sign_up(site, number)
        written += len(mailed())
        sign_up(site, number + 1, yes=False)
    assert written == inquiries.MOST_TO_ADDRESS


def test_p04_what_cannot_be_opened_stands_in_nobodys_way(gone, site):
    also = {"offers": {"purpose": "personalization", "channel": "email", "double_opt_in": True}}
    site.source.mapping = {"consents": MAPPING["consents"] | also}
    site.source.save()
    sign_up(site, 1)
    keys.destroy([SignUp.objects.get().pk])
    sign_up(site, 2, category="offers")
    assert len(mailed()) == 1
    assert SignUp.objects.get().purpose == "personalization"


def test_p04_the_next_erasure_leaves_no_link_that_was_sent_to_the_address(gone, site):
    sign_up(site, 1)
    ((_, address),) = mailed()
    Visitor().open(address).press()
    process(timezone.now())
    now = timezone.now()
    request = requests.open("erasure", profile_id=look_up("email", ADDRESS, now=now), actor="a", now=now)
    index = Identifier.objects.get(namespace="email").index
    assert Link.objects.filter(index=index).count() == 1
    erase(requests.approve(request, actor="b", now=now), actor="b", now=now)
    assert not Link.objects.exists()
    assert Visitor().open(address).response.status_code == 404


def test_p04_a_wish_that_waits_goes_with_the_person(gone, site):
    also = {"offers": {"purpose": "personalization", "channel": "email", "double_opt_in": True}}
    site.source.mapping = {"consents": MAPPING["consents"] | also}
    site.source.save()
    sign_up(site, 1)
    sign_up(site, 2, category="offers")
    (_, first), _ = mailed()
    Visitor().open(first).press()
    process(timezone.now())
    waiting = SignUp.objects.get()
    now = timezone.now()
    request = requests.open("erasure", profile_id=look_up("email", ADDRESS, now=now), actor="a", now=now)
    erase(requests.approve(request, actor="b", now=now), actor="b", now=now)
    assert not SignUp.objects.exists()
    assert not DataKey.objects.filter(id=waiting.pk).exists()


def test_p04_a_mailbox_that_others_share_lets_her_in_by_the_name_that_she_gave(crm, site):
    hour_ago, shared = timezone.now() - timedelta(hours=1), "archers@example.com"
    alice, bob = {**ALICE, "email": shared}, {**BOB, "email": shared}
    arrive(crm, hour_ago, alice, bob, at=hour_ago - timedelta(days=1))
    (hers,) = Identifier.objects.filter(namespace="loyalty_number")
    profile = profile_of([hers.source_profile_id])[hers.source_profile_id]
    request = requests.open("erasure", profile_id=profile, actor="a", now=hour_ago)
    erase(requests.approve(request, actor="b", now=hour_ago), actor="b", now=hour_ago)
    sign_up(site, 1, email=shared, firstName="Alice", lastName="Archer")
    ((_, address),) = mailed()
    Visitor().open(address).press()
    assert set(Suppression.objects.exclude(lifted_at=None).values_list("namespace", flat=True)) == {"email+name"}


@pytest.mark.parametrize("first", ["CN-7001-A", "CN-7002-B"], ids=["hers before his", "his before hers"])
def test_p04_her_act_brings_back_nobody_else_who_shared_the_mailbox(crm, site, first):
    hour_ago, shared = timezone.now() - timedelta(hours=1), "archers@example.com"
    alice, bob = {**ALICE, "email": shared}, {**BOB, "email": shared, "phone": "+442079460199"}
    arrive(crm, hour_ago, alice, bob, at=hour_ago - timedelta(days=1))
    for number in sorted(["CN-7001-A", "CN-7002-B"], key=lambda number: number != first):
        gone = look_up("customer_number", number, now=hour_ago)
        request = requests.open("erasure", profile_id=gone, actor="a", now=hour_ago)
        erase(requests.approve(request, actor="b", now=hour_ago), actor="b", now=hour_ago)
    sign_up(site, 1, email=shared, firstName="Alice", lastName="Archer")
    ((_, address),) = mailed()
    Visitor().open(address).press()
    process(timezone.now())
    assert may_write(shared) is True
    arrive(crm, timezone.now() + timedelta(minutes=5), {**bob, "city": "London"}, {**alice, "city": "London"})
    (back,) = SourceProfile.objects.filter(source=crm)
    assert back.identifiers.filter(namespace="loyalty_number").exists()
    (entry,) = [one.news for one in erasure_ledger.entries() if one.news.kind == erasure_ledger.LIFTED]
    assert entry.request == Suppression.objects.filter(brings_back=True).get().request_id


def test_p04_a_yes_in_the_preference_center_lifts_the_address_that_its_link_was_sent_to(gone, site, crm):
    now = timezone.now()
    newer = {"customer_number": "N-8", "email": "alice.archer@work.example", "given_name": "Alice"}
    arrive(crm, now - timedelta(minutes=30), newer)
    put_right(look_up("email", newer["email"], now=now), email=ADDRESS)
    inquiries.ask("preferences", address=ADDRESS, client="192.0.2.7", locale="en", now=timezone.now())
    ((_, address),) = mailed()
    Visitor().open(address).press("save")
    Visitor().open(address).press("withdraw_everything")
    assert not Suppression.objects.exclude(lifted_at=None).exists(), "neither looking nor a no is a wish to come back"
    Visitor().open(address).click("marketing:email").press("save")
    assert set(Suppression.objects.exclude(lifted_at=None).values_list("namespace", flat=True)) == {"email"}
    assert Suppression.objects.filter(lifted_on__startswith="preference_center").exists()
    arrive(crm, timezone.now() + timedelta(minutes=5), {"customer_number": "N-9", "email": ADDRESS})
    assert SourceProfile.objects.filter(source=crm).count() == 3


def put_right(profile, **corrections):
    """A steward puts the person's values right."""
    now = timezone.now()
    request = requests.approve(
        requests.open("rectification", profile_id=profile, actor="a", now=now), actor="b", now=now
    )
    rectification.carry_out(request, corrections=corrections, actor=Actor("person", "b"), now=now)


def verify_ledger():
    return epoch.fault()
