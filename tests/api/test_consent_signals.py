"""Consent signals over the wire: recorded for the person, and refused where nobody can read them."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from consent.models import Act
from records import sources
from tests.api.conftest import NOTHING, Caller, assert_problem
from tests.consent.signals.encoder import gpp, tc, us

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ROUTE = "/api/consents/signals/"


def allowed(answer: dict) -> set[str]:
    return {one["purpose"] for one in answer["standing"] if one["allowed"]}


def test_global_privacy_control(service: Caller, alice: UUID) -> None:
    answer = service.post(ROUTE, {"profile": str(alice), "kind": "gpc", "text": "1"})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["readable"], allowed(body)) == (True, set())
    assert {one["purpose"] for one in body["standing"]} == {"marketing", "personalization"}
    assert set(Act.objects.filter(id__in=body["acts"]).values_list("how", "state")) == {("gpc", "withdrawn")}


def test_a_tc_string_grants_what_it_grants(service: Caller, carol_who_withdrew: UUID) -> None:
    # A TC string counts tenths of a second: of this one it would else be said before Carol's 'no' of just now.
    after = timezone.now() + timedelta(seconds=1)
    text = tc(after, updated_at=after, created_at=after, consent=frozenset({1, 8, 9})).text()
    body = service.post(ROUTE, {"profile": str(carol_who_withdrew), "kind": "tcf", "text": text}).json()
    assert (body["readable"], allowed(body)) == (True, {"analytics"})


def test_an_old_tc_string_undoes_no_later_no(service: Caller, carol_who_withdrew: UUID) -> None:
    text = tc(timezone.now(), consent=frozenset(range(1, 11))).text()
    body = service.post(ROUTE, {"profile": str(carol_who_withdrew), "kind": "tcf", "text": text}).json()
    assert (body["readable"], allowed(body)) == (True, set())


def test_a_sources_own_terms(service: Caller, alice: UUID) -> None:
    terms = {"signals": {"tcf": {"analytics": [8]}, "vendor": 7, "opt_out": ["analytics"]}}
    sources.add("cmp", kind="online", mapping=terms)
    now = timezone.now() + timedelta(seconds=1)  # the string has tenths of a second, and speaks after she agreed
    text = tc(now, updated_at=now, created_at=now, consent=frozenset({8}), vendors_consent=[(8, 8)]).text()
    said = {"profile": str(alice), "kind": "tcf", "text": text, "source_name": "cmp"}
    body = service.post(ROUTE, said).json()
    assert [(one["purpose"], one["allowed"]) for one in body["standing"]] == [("analytics", False)]


def test_an_opt_out_in_a_gpp_string(service: Caller, alice: UUID) -> None:
    colorado = us(1, [1, 1, 1, 2, 1] + [0] * 7 + [0] + [1, 0, 0])
    body = service.post(ROUTE, {"profile": str(alice), "kind": "gpp", "text": gpp({10: colorado})}).json()
    assert (body["readable"], allowed(body)) == (True, set())


@pytest.mark.parametrize(("kind", "text"), [("tcf", "CPX"), ("gpp", "DBABMA~"), ("tcf", ""), ("gpp", "ü~ü")])
def test_what_cannot_be_read_is_a_refusal(service: Caller, alice: UUID, kind: str, text: str) -> None:
    body = service.post(ROUTE, {"profile": str(alice), "kind": kind, "text": text}).json()
    assert (body["readable"], allowed(body)) == (False, set())
    assert {one["purpose"] for one in body["standing"]} == {"analytics", "marketing", "personalization"}


def test_refused_requests(service: Caller, call, alice: UUID) -> None:
    assert_problem(service.post(ROUTE, {"profile": NOTHING, "kind": "gpc", "text": "1"}), 404, "not_found")
    assert_problem(service.post(ROUTE, {"kind": "gpc", "text": "1"}), 400, "invalid")
    assert_problem(service.post(ROUTE, {"profile": str(alice), "kind": "dnt", "text": "1"}), 400, "invalid")
    unknown = {"profile": str(alice), "kind": "gpc", "text": "1", "source_name": "nowhere"}
    assert_problem(service.post(ROUTE, unknown), 400, "invalid")
    reader = call("service", scopes=["consents:read"])
    assert_problem(reader.post(ROUTE, {"profile": str(alice), "kind": "gpc", "text": "1"}), 403, "missing_scope")
    assert not Act.objects.filter(how="gpc").exists()


def test_a_source_may_be_called_with_capitals(service: Caller, alice: UUID) -> None:
    sources.add("Shop_EU", kind="online")
    body = {"profile": str(alice), "source_name": "Shop_EU", "kind": "gpc", "text": "1"}
    assert service.post(ROUTE, body).status_code == 201
