"""One decision gates ingest, matching, segments, API reads, exports and training, and no call of it can be missed."""

import ast

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import LEGAL_OBLIGATION, WITHDRAWN, Purpose
from consent.recheck import still_allowed
from identity import learning
from identity.learning import learn_model
from identity.profiles import profile_of, source_profiles
from pipeline.process import process_batch
from records import sources
from records.models import Record, SourceProfile
from segments import catalog
from segments.models import Membership
from tests.api.conftest import Shop, alice, call, carol_who_withdrew, order, shop
from tests.consent.conftest import READER
from tests.consent.gates import DUTIES, GATES, place_of, places
from tests.identity.test_resolve import ALICE
from tests.mutation.consent import FILES, changes
from tests.senders import STREAMS, process, send_messages, send_rows, send_stream
from tests.statements.sabotage import Sabotage
from tests.test_mutants import ROOT

__all__ = ["alice", "call", "carol_who_withdrew", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

DOOR = GATES["pipeline/accept.py _allowed"]
SABOTAGE = Sabotage(DOOR.file, DOOR.line, DOOR.becomes)


def test_p14_every_place_that_asks_is_listed_with_its_mutant():
    the_decision_itself = {place for place in places() if place.split()[0] in FILES}
    listed = {place_of(gate) for gate in GATES}
    assert places().keys() - the_decision_itself == listed, (
        "a new place that asks needs a gate in tests/consent/gates.py"
    )
    assert {place.split()[0] for place in listed} >= DUTIES.keys()
    broken = {f"{change.file} {change.scope}" for change in changes()}
    assert {place.partition(" (")[0] for place in the_decision_itself} <= broken


@pytest.mark.parametrize("gate", GATES)
def test_p14_every_mutant_still_finds_its_line(gate):
    source = (ROOT / GATES[gate].file).read_text()
    assert source.count(GATES[gate].line) == 1
    begins = source[: source.index(GATES[gate].line)].count("\n") + 1
    first, last = places()[place_of(gate)]
    assert first <= begins <= begins + GATES[gate].line.rstrip("\n").count("\n") <= last


@pytest.mark.parametrize("file", DUTIES)
def test_p14_who_asks_on_a_legal_duty_names_it(file):
    names = ROOT / "privacy/rotations.py" if file == "privacy/data_key_rotation.py" else ROOT / file
    tree = ast.parse(names.read_text())
    named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == DUTIES[file]}
    assert named == {DUTIES[file]}
    assert Purpose.objects.get(slug=DUTIES[file]).legal_basis == LEGAL_OBLIGATION


def test_p14_ingest_keeps_nothing_without_leave(now):
    leaflets = sources.add("leaflets", kind="online", purposes=["marketing"])[0]
    message = {"type": "track", "event": "Looked", "userId": "u-1", "messageId": "m-1", "timestamp": now.isoformat()}
    assert send_messages(leaflets, message, now=now).refused == 1
    assert (Record.objects.count(), SourceProfile.objects.count()) == (0, 0)


@pytest.mark.parametrize("door", STREAMS)
def test_p14_a_stream_keeps_nothing_without_leave(now, door):
    leaflets = sources.add("leaflets", kind="online", purposes=["marketing"])[0]
    message = {"type": "track", "event": "Looked", "userId": "u-1", "messageId": "m-1", "timestamp": now.isoformat()}
    assert send_stream(door, leaflets, message, now=now).refused == 1
    assert (Record.objects.count(), SourceProfile.objects.count()) == (0, 0)


@pytest.fixture
def objecting(crm, now) -> list:
    """Alice under two customer numbers, who wants no links."""
    send_rows(
        crm, ALICE | {"loyalty_number": "L-1"}, ALICE | {"customer_number": "C2", "loyalty_number": "L-1"}, now=now
    )
    ids = list(SourceProfile.objects.values_list("id", flat=True))
    record([NewAct(id, "identity_linking", "", WITHDRAWN, now, "phone", True, "clerk-3") for id in ids], now=now)
    return ids


def test_p14_matching_links_nobody_who_objects(objecting, now):
    process(now)
    assert len(set(profile_of(objecting).values())) == 2


def test_p14_training_opens_nobody_who_objects(objecting, crm, now, monkeypatch):
    send_rows(crm, ALICE | {"customer_number": "C7"}, now=now)
    opened = []
    real = learning.open_persons
    monkeypatch.setattr(learning, "open_persons", lambda ids, grant: opened.extend(ids) or real(ids, grant))
    learn_model(now=now)
    assert len(opened) == 1
    assert not set(opened) & set(objecting)


def test_p14_segments_hold_nobody_who_withdrew(alice, carol_who_withdrew, shop: Shop):
    rule = {"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]}}
    catalog.create("buyers", name="Buyers", purpose="analytics", definition=rule)
    shop.send({"batch": [order("alice", 7), order("carol", 7)]})
    process_batch(now=timezone.now())
    assert list(Membership.objects.filter(left_at=None).values_list("profile", flat=True)) == [alice]


def test_p14_the_api_reads_nobody_who_withdrew(alice, carol_who_withdrew, call):
    caller = call("marketing")
    for path in ("", "/events", "/identifiers"):
        assert caller.get(f"/api/profiles/{alice}{path}/").status_code == 200
        assert caller.get(f"/api/profiles/{carol_who_withdrew}{path}/").status_code == 403
    found = {
        name: caller.post("/api/profiles/lookup/", {"namespace": "email", "value": f"{name}@example.com"}).status_code
        for name in ("alice", "carol")
    }
    assert found == {"alice": 200, "carol": 404}


def test_p14_exports_write_nobody_who_withdrew(alice, carol_who_withdrew):
    asked = {"purpose": "marketing", "actor": READER, "reason": "export", "clock": timezone.now}
    written = still_allowed([carol_who_withdrew, alice], source_profiles=source_profiles, **asked)
    assert [row for row, _ in written] == [alice]
