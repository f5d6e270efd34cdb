"""A restored old backup serves nothing until the erasures since are repeated; the person stays absent."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access import api_keys
from identity.models import Profile
from identity.profiles import look_up
from pipeline.process import let_time_pass, process_batch
from privacy import epoch, erasure_ledger, requests, suppression
from privacy.epoch import Behind
from privacy.erasure import erase
from privacy.models import SignUp, SubjectRequest, Suppression
from privacy.suppression_lift import DOUBLE_OPT_IN, lifted
from tests.pipeline.cast import seed_purposes
from tests.privacy.scan import hits
from tests.restore import backup_of
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from vault import kept_keys, keys
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)

SABOTAGE = Sabotage(
    "cdp/gate.py",
    "        return _not_now(request, wrong) if wrong else self.get_response(request)",
    "        return self.get_response(request)",
)
ALICE = {
    "customer_number": "CN-7001-A",
    "given_name": "Alice",
    "family_name": "Canaryson",
    "email": "alice@example.com",
}
BOB = {"customer_number": "CN-7002-B", "given_name": "Bob", "family_name": "Butcher", "email": "bob@example.com"}


@pytest.fixture
def crm(crm, db):
    """The customer file, in an installation as `migrate` leaves it."""
    seed_purposes()
    kept_keys.make_for_installation()
    return crm


def erased(email, now):
    profile = look_up("email", email, now=now)
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    return request


def replay():
    said = StringIO()
    call_command("privacy", "replay-erasures", stdout=said)
    return said.getvalue()


@pytest.fixture
def restored(crm, now):
    """Alice and Bob came; a backup was made of both databases; Alice was erased; the backup was put back."""
    send_rows(crm, *({"updated_at": now.isoformat(), **row} for row in (ALICE, BOB)), now=now)
    process(now)
    alice = look_up("email", ALICE["email"], now=now)
    parts = list(Profile.objects.get(pk=alice).assignments.values_list("source_profile_id", flat=True))
    key = api_keys.add("care", purposes=["service"])[1]
    with backup_of("default") as data, backup_of("keystore") as key_store:
        request = erased(ALICE["email"], now)
        assert hits([*parts, "alice@example.com"]) == {}
        data.restore()
        key_store.restore()
    return request, alice, parts, key


def test_p06_nothing_is_served_until_the_replay_and_she_stays_absent(restored, crm, now):
    request, alice, parts, key = restored
    program, browser = Client(headers={"Authorization": f"Bearer {key}"}), Client()
    lookup = {"namespace": "email", "value": ALICE["email"]}
    ask = {"content_type": "application/json", "headers": {"X-Onym-Purpose": "service"}}

    assert look_up("email", ALICE["email"], now=now) == alice
    assert program.post("/api/profiles/lookup/", lookup, **ask).status_code == 503
    for path in (f"/api/profiles/{alice}/", "/api/changes/", "/admin/", "/admin/identity/profile/", "/api/sources/"):
        answer = program.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert str(alice) not in answer.content.decode()
    assert program.post("/v1/track", {}, content_type="application/json").status_code == 503
    assert browser.get("/livez").status_code == 200
    ready = browser.get("/readyz")
    assert ready.status_code == 503
    assert "1 behind the erasure ledger" in ready.json()["checks"]["erasure_ledger"]
    for work in (process_batch, let_time_pass):
        with pytest.raises(Behind):
            work(now=now)
    with pytest.raises(Behind):
        send_rows(crm, {**BOB, "updated_at": now.isoformat()}, now=now)

    assert replay().startswith("1 entries repeated: ")

    assert hits([*parts, "alice@example.com"]) == {}
    assert not DataKey.objects.filter(id__in=parts).exists()
    assert look_up("email", ALICE["email"], now=now) is None
    assert look_up("email", BOB["email"], now=now) is not None
    assert browser.get("/readyz").json()["checks"]["erasure_ledger"] == "ok"
    assert program.get(f"/api/profiles/{alice}/", headers={"X-Onym-Purpose": "service"}).status_code == 404
    assert program.post("/api/profiles/lookup/", {**lookup, "value": BOB["email"]}, **ask).status_code == 200
    send_rows(crm, {**ALICE, "customer_number": "N-1", "updated_at": now.isoformat()}, now=now)
    process(now)
    assert look_up("email", ALICE["email"], now=now) is None
    assert SubjectRequest.objects.get(pk=request.pk).state == "completed"
    assert replay().startswith("0 entries repeated: ")


def test_p06_a_lifted_suppression_is_lifted_again(crm, now):
    send_rows(crm, {"updated_at": now.isoformat(), **ALICE}, now=now)
    process(now)
    with backup_of("default") as data:
        erased(ALICE["email"], now)
        bars = [bar.id for bar in suppression.standing({"email": ALICE["email"]})]
        with lifted(bars, evidence=DOUBLE_OPT_IN, reference="act-1", actor="public form", now=now) as erasures:
            assert erasures == 1
        data.restore()
    assert replay().startswith("2 entries repeated: ")
    lifts = Suppression.objects.values_list("namespace", "lifted_at")
    assert {namespace: at for namespace, at in lifts if at} == {"email": now}
    assert Suppression.objects.get(brings_back=True).namespace == "email"
    assert {namespace for namespace, at in lifts if not at} >= {"customer_number"}


def test_p06_what_waits_for_a_yes_under_her_address_goes_again(crm, now):
    send_rows(crm, {"updated_at": now.isoformat(), **ALICE}, now=now)
    process(now)
    id, wish = new_id(), ("email", ALICE["email"])
    keys.make([id])
    SignUp.objects.create(
        id=id,
        source=crm,
        purpose="marketing",
        channel="email",
        index=indexes_to_write([wish])[wish],
        sealed=b"sealed",
        bars=[],
        said_at=now,
        kept_at=now,
        expires_at=now + timedelta(days=3),
    )
    with backup_of("default") as data, backup_of("keystore") as key_store:
        erased(ALICE["email"], now)
        data.restore()
        key_store.restore()
    assert SignUp.objects.exists()
    assert DataKey.objects.filter(id=id).exists()
    replay()
    assert not SignUp.objects.exists()
    assert not DataKey.objects.filter(id=id).exists()


def test_p06_an_altered_or_shortened_ledger_is_found(crm, now):
    send_rows(crm, *({"updated_at": now.isoformat(), **row} for row in (ALICE, BOB)), now=now)
    process(now)
    erased(ALICE["email"], now)
    erased(BOB["email"], now)
    path = erasure_ledger.path()
    text = path.read_bytes()
    first, second = text.splitlines(keepends=True)
    for altered in (first, b"", second + first, second, text.replace(b'"erased"', b'"lifted"', 1), text[:-2] + b"\n"):
        path.write_bytes(altered)
        with pytest.raises(CommandError):
            call_command("privacy", "verify-ledger", stdout=StringIO())
        with pytest.raises(CommandError):
            replay()
    path.write_bytes(first)
    assert "put back the ledger's last copy" in Client().get("/readyz").json()["checks"]["erasure_ledger"]
    assert Client().get("/admin/").status_code == 503
    path.write_bytes(text)
    assert epoch.fault() == ""


def test_p06_the_ledger_holds_no_value(crm, now):
    send_rows(crm, {"updated_at": now.isoformat(), **ALICE}, now=now)
    process(now)
    erased(ALICE["email"], now)
    text = erasure_ledger.path().read_text().lower()
    assert not [value for value in ALICE.values() if value.lower() in text or value.lower().encode().hex() in text]
