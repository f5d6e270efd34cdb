"""Was this allowed? Explained for now and for any past instant; and receipts of what was said."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from consent import acts, notices
from consent.acts import NewAct
from consent.models import Purpose
from identity import ledger, profiles
from tests.api.conftest import NOTHING, Caller, Shop, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def explain(caller: Caller, profile: UUID, **asked: object) -> dict:
    body = {"purpose": "marketing", "channel": "email", **asked}
    response = caller.post(f"/api/profiles/{profile}/consents/explain/", body)
    assert response.status_code == 200, response.content
    return response.json()


def say(profile: UUID, state: str, *, occurred_at: datetime, now: datetime, notice: str = "") -> None:
    words = [
        NewAct(id, "marketing", "email", state, occurred_at, "web_form", verified=True, notice=notice)
        for id in profiles.source_profiles(profile)
    ]
    acts.record(words, now=now)


def test_a_decision_comes_with_all_that_it_rests_on(service: Caller, alice: UUID) -> None:
    body = explain(service, alice)
    assert (body["profile"], body["allowed"], body["decision"], body["known_at"]) == (str(alice), True, "allowed", None)
    assert (body["rule"]["legal_basis"], body["rule"]["active"]) == ("consent", True)
    assert [row["state"] for row in body["acts"]] == ["granted"]
    assert body["restrictions"] == []


def test_the_past_is_judged_by_its_own_words_and_by_what_was_known(service: Caller, alice: UUID) -> None:
    now = timezone.now()
    said_no_at, told_us_at = now + timedelta(days=1), now + timedelta(days=3)
    between = (now + timedelta(days=2)).isoformat()
    say(alice, "withdrawn", occurred_at=said_no_at, now=told_us_at)
    assert explain(service, alice)["allowed"]
    afterwards = explain(service, alice, at=between)
    assert (afterwards["allowed"], afterwards["decision"]) == (False, "withdrawn or refused")
    assert explain(service, alice, at=between, known_at=between)["allowed"]


def test_nothing_was_ever_allowed_on_a_channel_that_there_never_was(service: Caller, alice: UUID) -> None:
    response = service.post(f"/api/profiles/{alice}/consents/explain/", {"purpose": "marketing", "channel": "emial"})
    (error,) = assert_problem(response, 400, "invalid")["errors"]
    assert (error["field"], error["code"]) == ("channel", "unknown_channel")


def test_a_channel_that_a_purpose_had_is_explained(service: Caller, alice: UUID) -> None:
    Purpose.objects.filter(slug="marketing").update(channels=["letter"])
    assert explain(service, alice, channel="email")["rule"]["active"]


def test_the_notice_that_was_shown_is_shown_again(service: Caller, alice: UUID) -> None:
    now = timezone.now()
    (notice,) = notices.publish("marketing", {"en": "Offers by e-mail."}, material=False, published_at=now, now=now)
    say(alice, "granted", occurred_at=now, now=now, notice=notice.hash)
    told = explain(service, alice)["notices"]
    assert [(row["hash"], row["text"], row["version"]) for row in told] == [(notice.hash, "Offers by e-mail.", 1)]
    receipts = service.get(f"/api/profiles/{alice}/consents/receipts/").json()
    latest = receipts["results"][0]
    assert receipts["profile"] == str(alice)
    assert latest["schema_version"] == "ISO/IEC TS 27560:2023"
    assert latest["pii_processing"]["privacy_notice"]["text"] == "Offers by e-mail."
    assert latest["events"][0]["event_state"] == "explicitly given"


def test_a_merged_id_is_explained_by_the_survivor(service: Caller, shop: Shop, alice: UUID) -> None:
    alicia = shop.meet("alicia")
    survivor = ledger.merge(alice, alicia, actor="steward", reason="same", now=timezone.now())
    (merged,) = {alice, alicia} - {survivor}
    assert explain(service, merged)["profile"] == str(survivor)
    assert service.get(f"/api/profiles/{merged}/consents/receipts/").json()["profile"] == str(survivor)


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"purpose": "world domination"}, "purpose", "invalid"),
        ({"purpose": "domination"}, "purpose", "unknown_purpose"),
        ({"at": "yesterday"}, "at", "invalid"),
        ({"known_at": "yesterday"}, "known_at", "invalid"),
    ],
)
def test_a_wrong_question_names_the_field(
    wrong: dict[str, str], field: str, code: str, service: Caller, alice: UUID
) -> None:
    response = service.post(f"/api/profiles/{alice}/consents/explain/", {"purpose": "marketing", **wrong})
    problem = assert_problem(response, 400, "invalid")
    assert (field, code) in [(error["field"], error["code"]) for error in problem["errors"]]


def test_nobody_is_explained_who_is_not_there(service: Caller) -> None:
    path = f"/api/profiles/{NOTHING}/consents"
    assert_problem(service.post(f"{path}/explain/", {"purpose": "marketing"}), 404, "not_found")
    assert_problem(service.get(f"{path}/receipts/"), 404, "not_found")
