"""Features on screen: policies are set and explained, and an estimate is marked wherever it is shown."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import EDIT_SEGMENTS, ROLES
from consent.acts import NewAct, record
from console.feature_list import held_by
from identity import profiles
from pipeline.process import let_time_pass
from pipeline.tasks import refresh_all
from segments import catalog
from segments.imputation import policies
from segments.imputation.survey import Survey
from segments.models import FeatureStatistic, ImputationPolicy, ProfileFeatures
from segments.wording import lines_of
from tests.console.conftest import World, said
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
LIST = reverse("admin:segments_imputationpolicy_changelist")


def page_of(feature: str) -> str:
    return reverse("admin:segments_imputationpolicy_feature", args=[feature])


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What workers were told to do."""
    found: list[str] = []
    monkeypatch.setattr(refresh_all, "delay", lambda: found.append("refresh"))
    return found


def set_to(method: str, constant: object = None, *, feature: str = "average_order_value") -> None:
    policies.change(feature, method=method, constant=constant, by="u-1", now=timezone.now())


def test_a_policy_is_set_logged_with_before_and_after_and_reaches_everybody(
    world: World, sign_in: SignIn, told: list[str]
) -> None:
    client = sign_in("marketer")
    response = client.post(page_of("recency_days"), {"method": "constant", "constant": "30"})
    assert (response.status_code, response["Location"]) == (302, page_of("recency_days"))
    assert said(response) == ["Saved. Everybody is looked at anew, and segments follow within moments."]
    client.post(page_of("recency_days"), {"method": "constant", "constant": "44.5"})
    client.post(page_of("recency_days"), {"method": "missing", "constant": "44.5"})
    rows = ImputationPolicy.objects.order_by("version").values_list("method", "constant", "saved_by")
    marketer = str(world.staff["marketer"].pk)
    assert list(rows) == [("constant", 30, marketer), ("constant", 44.5, marketer), ("missing", None, marketer)]
    assert type(rows[0][1]) is int
    assert list(LogEntry.objects.order_by("id").values_list("change_message", flat=True)) == [
        "Recency, where it is missing: missing → always 30 days.",
        "Recency, where it is missing: always 30 days → always 44.5 days.",
        "Recency, where it is missing: always 44.5 days → missing.",
    ]
    assert told == ["refresh"] * 3
    content = client.get(page_of("recency_days")).content.decode()
    assert "always 30 days → <span" in content
    assert "Version 3" in content
    assert content.count("· marketer</span>") == 3


def test_nothing_changed_is_no_version(world: World, sign_in: SignIn, told: list[str]) -> None:
    response = sign_in("marketer").post(page_of("country"), {"method": "missing"})
    assert (said(response), told, ImputationPolicy.objects.count()) == (["Nothing was changed."], [], 0)


@pytest.mark.parametrize(
    ("feature", "typed", "kept"),
    [("app_user", "no", False), ("app_user", "yes", True), ("age_band", "35-44", "35-44"), ("country", "GB", "GB")],
)
def test_a_constant_has_the_type_of_its_feature(
    feature: str, typed: str, kept: object, world: World, sign_in: SignIn
) -> None:
    sign_in("marketer").post(page_of(feature), {"method": "constant", "constant": typed})
    assert policies.standing()[feature].value == kept
    assert f'value="{typed}"' in sign_in("marketer").get(page_of(feature)).content.decode()


@pytest.mark.parametrize(
    ("feature", "given", "problem"),
    [
        ("recency_days", {"method": "constant"}, "Say which value it is taken to be, or choose another method."),
        ("recency_days", {"method": "constant", "constant": "soon"}, "Enter a number."),
        ("recency_days", {"method": "constant", "constant": "1e16"}, "is out of range; allowed: a finite number"),
        ("age_band", {"method": "constant", "constant": "middle"}, "Select a valid choice."),
        ("country", {"method": "mean"}, "Select a valid choice. mean is not one of the available choices."),
        ("country", {}, "This field is required."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    feature: str, given: dict[str, str], problem: str, world: World, sign_in: SignIn
) -> None:
    response = sign_in("marketer").post(page_of(feature), given)
    assert response.status_code == 200
    assert problem in response.content.decode()
    assert not ImputationPolicy.objects.exists()


def test_of_too_few_it_stays_missing_and_the_pages_say_so(world: World, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    response = client.post(page_of("recency_days"), {"method": "median"})
    told = [str(message) for message in response.wsgi_request._messages]
    assert told[0] == "Only 1 have this feature and allow analytics. It stays missing until 20 do."
    assert (FeatureStatistic.objects.get().profiles, FeatureStatistic.objects.get().value) == (1, None)
    assert "too few: missing" in client.get(LIST).content.decode()
    page = client.get(page_of("recency_days")).content.decode()
    assert "fewer than 20: missing" in page
    assert "of fewer than 20: stays missing" in page


def test_where_many_have_it_and_no_twenty_the_same_the_page_says_that(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Survey(profiles=40, counts={"country": Counter({"GB": 15, "DE": 15})})
    monkeypatch.setattr("segments.imputation.measure.survey", lambda features, now: found)
    response = sign_in("marketer").post(page_of("country"), {"method": "most_frequent"})
    told = [str(message) for message in response.wsgi_request._messages]
    assert told[0] == "30 have this feature, but no 20 of them the same value. It stays missing until they do."


def test_the_page_says_how_many_have_it_and_what_each_method_would_give(world: World, sign_in: SignIn) -> None:
    ProfileFeatures.objects.all().delete()
    let_time_pass(now=timezone.now())
    kept = ProfileFeatures.objects.count()
    response = sign_in("marketer").get(page_of("recency_days"))
    assert (response.context["held"].profiles, response.context["held"].known) == (kept, 1)
    assert "recency_days_is_missing" in response.content.decode()


def test_a_crowd_is_counted_only_when_asked(world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.screens.features.COUNTED_AT_ONCE", 0)
    client = sign_in("marketer")
    assert "Count who has it" in client.get(page_of("recency_days")).content.decode()
    assert client.get(page_of("recency_days") + "?count=1").context["held"].profiles > 0


def test_many_are_counted_in_tens_and_no_exact_number_stands_on_the_page(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Survey(profiles=2_633, counts={"country": Counter({"GB": 1_000, "DE": 617})})
    monkeypatch.setattr("console.screens.features.survey", lambda features, now: found)
    page = sign_in("marketer").get(page_of("country")).content.decode()
    assert [told for told in (">1,610<", "of 2,630 who", "1,010 lack it<", "width: 61.2%") if told not in page] == []
    assert [exact for exact in ("1,617", "2,633", "1,016", "61.4%") if exact in page] == []


@pytest.mark.parametrize(
    ("known", "of", "words"),
    [
        (2_630, 2_633, "fewer than 20 lack it"),
        (2_633, 2_633, "nobody lacks it"),
        (2_600, 2_633, "30 lack it"),
        (3, 4, "1 lacks it"),
    ],
)
def test_how_many_lack_a_feature_tells_nobody_apart(known: int, of: int, words: str) -> None:
    assert held_by(known, of).lacking == words


def test_who_may_see_segments_sees_policies_and_who_may_edit_them_sets_them(world: World, sign_in: SignIn) -> None:
    for role in ROLES:
        response = sign_in(role).post(page_of("country"), {"method": "constant", "constant": "GB"})
        assert (response.status_code == 302) == (EDIT_SEGMENTS in ROLES[role].capabilities), role
    page = sign_in("administrator").get(page_of("country")).content.decode()
    assert "A value of your own" in page
    assert '<form class="o-form"' not in page


def test_there_is_no_page_of_a_feature_that_there_is_not(world: World, sign_in: SignIn) -> None:
    assert sign_in("marketer").get(page_of("shoe_size")).status_code == 404
    assert sign_in("marketer").post(page_of("country_is_missing"), {"method": "missing"}).status_code == 404


@pytest.fixture
def estimated(world: World) -> Any:
    """Bob bought nothing, and is in a segment by what an order of his is taken to be."""
    segment = catalog.create(
        "spenders",
        name="Spenders",
        purpose="analytics",
        definition={
            "rule": {"feature": "average_order_value", "op": ">=", "value": 40},
            "score": {"terms": [{"feature": "average_order_value", "weight": 1, "low": 0, "high": 100}]},
        },
    )
    set_to("constant", 50)
    let_time_pass(now=timezone.now())
    return segment


def test_the_profile_page_marks_what_is_estimated(world: World, sign_in: SignIn, estimated: Any) -> None:
    page = sign_in("marketer").get(reverse("admin:identity_profile_change", args=[world.bob]))
    inside = {one.name: one for one in page.context["inside"]}
    by_hand = ("50", "estimated: set by hand")
    assert [(one.value, one.estimated) for one in inside["Spenders"].contributions] == [by_hand]
    assert [(one.text, one.value, one.estimated) for one in inside["Spenders"].conditions] == [
        ("Average order value (365 days) ≥ 40", *by_hand)
    ]
    facts = {one.slug: (one.value, one.estimated) for one in page.context["computed"].facts}
    assert facts["average_order_value"] == by_hand
    assert facts["sources_count"] == ("1 source", "")
    assert "Recency" in page.context["computed"].missing
    content = page.content.decode()
    assert content.count("estimated: set by hand") == 3
    reads = AuditEntry.objects.filter(purpose="analytics", action="read features", fields=["features"])
    assert [entry.actor for entry in reads] == [str(world.staff["marketer"].pk)]


def test_features_are_not_shown_where_analytics_is_not_allowed_any_more(
    world: World, sign_in: SignIn, estimated: Any
) -> None:
    """Their row is still there: a refresh has yet to come. One of Alice's two sources heard the no."""
    parts = profiles.source_profiles(world.alice)
    assert len(parts) > 1
    now = timezone.now()
    record([NewAct(parts[-1], "analytics", "", "withdrawn", now, "test", verified=True)], now=now)
    page = sign_in("marketer").get(reverse("admin:identity_profile_change", args=[world.alice]))
    assert ProfileFeatures.objects.filter(profile=world.alice).exists()
    assert (page.context["computed"], page.context["inside"] is not None) == (None, True)


def test_the_builder_offers_the_indicator_of_what_is_estimated(world: World, sign_in: SignIn, estimated: Any) -> None:
    response = sign_in("marketer").get(reverse("admin:segments_segment_add"))
    offered = {one["slug"]: one["offered"] for one in response.context["builder"]["features"]}
    assert (offered["average_order_value_is_missing"], offered["country_is_missing"], offered["country"]) == (
        True,
        False,
        True,
    )
    assert "where missing: 50" in response.content.decode()


def test_an_indicator_reads_as_people_say_it() -> None:
    asked = [("==", True), ("==", False), ("!=", True), ("!=", False)]
    rule = {"all": [{"feature": "country_is_missing", "op": op, "value": value} for op, value in asked]}
    lines = [line.text for line in lines_of(catalog.read_definition({"rule": rule}).rule)]
    words = ["Country is not known", "Country is known", "Country is known", "Country is not known"]
    assert lines == ["All of these hold", *words]
