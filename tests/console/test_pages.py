"""Every page, for every role: shown or refused as the role says, and without a value that may not be seen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import (
    CORRECT_IDENTITY,
    EDIT_PURPOSES,
    EDIT_RECIPIENTS,
    EDIT_RETENTION,
    EDIT_SEGMENTS,
    EDIT_SOURCES,
    MANAGE_ACCESS,
    OPEN_REQUESTS,
    REVIEW_EMERGENCIES,
    REVIEW_SEGMENTS,
    ROLES,
    VIEW_AUDIT,
    VIEW_CONSENTS,
    VIEW_PROFILES,
    VIEW_QUARANTINE,
    VIEW_RECIPIENTS,
    VIEW_REQUESTS,
    VIEW_RETENTION,
    VIEW_SEGMENTS,
    VIEW_SOURCES,
)
from consent.models import Act
from identity import ledger, limits, rules
from identity.models import CANNOT_LINK, Assignment, IdentifierLimit, Profile, RuleVersion, Verdict
from outbox import alarm_listeners, recipients
from outbox.models import AlarmListener, Recipient
from pipeline import doors
from privacy import break_glass
from privacy.models import EmergencyReveal
from records import sources
from records.models import QuarantinedRecord, Source
from records.retention import set_rule
from segments.imputation import policies
from segments.models import HeldChange, ImputationPolicy
from tests.console.conftest import PLAINTEXT, World
from tests.senders import send_messages, send_stream
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

LISTS = {
    "identity_profile": VIEW_PROFILES,
    "identity_match": CORRECT_IDENTITY,
    "identity_verdict": CORRECT_IDENTITY,
    "identity_assignment": CORRECT_IDENTITY,
    "identity_ruleversion": CORRECT_IDENTITY,
    "identity_identifierlimit": CORRECT_IDENTITY,
    "segments_segment": VIEW_SEGMENTS,
    "segments_imputationpolicy": VIEW_SEGMENTS,
    "segments_heldchange": REVIEW_SEGMENTS,
    "consent_purpose": VIEW_CONSENTS,
    "consent_act": VIEW_CONSENTS,
    "privacy_subjectrequest": VIEW_REQUESTS,
    "records_retentionrule": VIEW_RETENTION,
    "privacy_emergencyreveal": REVIEW_EMERGENCIES,
    "records_source": VIEW_SOURCES,
    "outbox_recipient": VIEW_RECIPIENTS,
    "outbox_alarmlistener": VIEW_SOURCES,
    "records_quarantinedrecord": VIEW_QUARANTINE,
    "access_apikey": MANAGE_ACCESS,
    "access_user": MANAGE_ACCESS,
    "vault_auditentry": VIEW_AUDIT,
}
ADDED_HERE = {
    "privacy_subjectrequest": OPEN_REQUESTS,
    "segments_segment": EDIT_SEGMENTS,
    "records_retentionrule": EDIT_RETENTION,
    "records_source": EDIT_SOURCES,
    "outbox_recipient": EDIT_RECIPIENTS,
    "outbox_alarmlistener": EDIT_SOURCES,
    "access_apikey": MANAGE_ACCESS,
    "access_user": MANAGE_ACCESS,
}
NOBODY = "nobody may"


def pages(world: World) -> dict[str, str]:
    """Every page that the admin has, and the capability that opens it."""
    found = {reverse("admin:index"): ""}
    for name, capability in LISTS.items():
        found[reverse(f"admin:{name}_changelist")] = capability
        found[reverse(f"admin:{name}_add")] = ADDED_HERE.get(name, NOBODY)
        one = _one(world, name)
        found[reverse(f"admin:{name}_change", args=[one])] = capability
        found[reverse(f"admin:{name}_history", args=[one])] = capability
        found[reverse(f"admin:{name}_delete", args=[one])] = NOBODY
    found[reverse("admin:identity_profile_changelist") + "?who=everybody"] = VIEW_PROFILES
    found[reverse("admin:identity_profile_merge", args=[world.alice]) + f"?other={world.bob}"] = CORRECT_IDENTITY
    found[reverse("admin:identity_match_changelist") + "?why=undecided"] = CORRECT_IDENTITY
    found[reverse("admin:segments_segment_edit", args=[world.segment.pk])] = EDIT_SEGMENTS
    found[reverse("admin:segments_imputationpolicy_feature", args=["country"])] = VIEW_SEGMENTS
    found[reverse("admin:identity_identifierlimit_namespace", args=["email"])] = CORRECT_IDENTITY
    found[reverse("admin:records_retentionrule_processing_record")] = VIEW_RETENTION
    found[reverse("admin:consent_purpose_edit", args=["marketing"])] = EDIT_PURPOSES
    found[reverse("admin:consent_purpose_publish", args=["marketing"])] = EDIT_PURPOSES
    return found


def _one(world: World, name: str) -> object:
    quarantined = world.crm.quarantined.order_by("pk").values_list("pk", flat=True)
    return {
        "identity_profile": world.alice,
        "identity_match": world.match.pk,
        "identity_verdict": _answer(world).pk,
        "identity_ruleversion": _rules(world).pk,
        "identity_assignment": Assignment.objects.order_by("pk").values_list("pk", flat=True)[0],
        "segments_segment": world.segment.pk,
        "segments_imputationpolicy": _policy().pk,
        "identity_identifierlimit": _limit().pk,
        "segments_heldchange": _held(world).pk,
        "consent_purpose": "marketing",
        "consent_act": Act.objects.order_by("pk").values_list("pk", flat=True)[0],
        "privacy_subjectrequest": world.erasure.pk,
        "records_retentionrule": set_rule(source=None, field="phone", days=400).pk,
        "privacy_emergencyreveal": _reveal(world).pk,
        "records_source": world.crm.pk,
        "outbox_recipient": _recipient().pk,
        "outbox_alarmlistener": _listener().pk,
        "records_quarantinedrecord": quarantined[0],
        "access_apikey": world.key,
        "access_user": world.staff["marketer"].pk,
        "vault_auditentry": AuditEntry.objects.order_by("pk").values_list("pk", flat=True)[0],
    }[name]


def _rules(world: World) -> RuleVersion:
    now = world.erasure.opened_at
    return rules.put_in_force(None, rules.Thresholds(), by="steward-1", reason="as delivered", now=now)


def _policy() -> ImputationPolicy:
    known = ImputationPolicy.objects.first()
    return known or policies.change("recency_days", method="constant", constant=43, by="t", now=timezone.now())[1]


def _limit() -> IdentifierLimit:
    bounds = {"most": 10, "most_in_window": None, "window_days": None}
    known = IdentifierLimit.objects.first()
    return known or limits.change("email", priority=4, **bounds, by="t", now=timezone.now())[1]


def _held(world: World) -> HeldChange:
    known = HeldChange.objects.first()
    return known or HeldChange.objects.create(
        id=new_id(),
        segment=world.segment,
        profile_id=world.alice,
        direction="enter",
        why={"score": None, "threshold": None, "contributions": [], "conditions": []},
        proposed_at=timezone.now(),
    )


def _listener() -> AlarmListener:
    found = AlarmListener.objects.first()
    return found or alarm_listeners.add("team", email="team@onym.example", now=timezone.now())[0]


def _recipient() -> Recipient:
    known = Recipient.objects.first()
    return known or recipients.add("mailer", url="", purposes=["marketing"], now=timezone.now())[0]


def _answer(world: World) -> Verdict:
    """Carol is not Bob, somebody said: the pair of Alice and Bob waits still."""
    (left,), (right,) = world.parts(world.bob), world.parts(world.carol)
    by = {"actor": str(world.staff["data_steward"].pk), "reason": "two people", "now": timezone.now()}
    return Verdict.objects.first() or ledger.rule(left, right, CANNOT_LINK, **by)


def _reveal(world: World) -> EmergencyReveal:
    """One that has ended and that nobody has reviewed."""
    marketer, before = str(world.staff["marketer"].pk), timezone.now() - timedelta(hours=1)
    return EmergencyReveal.objects.first() or break_glass.open(
        world.alice, reason="a call about a case", actor=marketer, now=before
    )


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_pages_and_no_other(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(role)
    allowed = ROLES[role].capabilities
    walk = pages(world)
    seen = {page: client.get(page).status_code for page in walk}
    expected = {page: 200 if not capability or capability in allowed else 403 for page, capability in walk.items()}
    assert seen == expected


def test_every_registered_model_is_walked() -> None:
    registered = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(LISTS)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_value_before_it_is_revealed(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in(role)
    for page in pages(world):
        content = client.get(page).content.decode()
        assert [value for value in PLAINTEXT if value in content] == [], page


def test_a_history_masks_an_address_that_slipped_into_it(world: World, sign_in: Callable[[str], Client]) -> None:
    LogEntry.objects.create(
        user_id=world.staff["data_steward"].pk,
        content_type=ContentType.objects.get_for_model(Profile),
        object_id=str(world.alice),
        object_repr="profile",
        change_message='[{"changed": {"name": "address", "object": "alice@example.com", "fields": ["e-mail"]}}]',
        action_flag=CHANGE,
    )
    content = sign_in("marketer").get(reverse("admin:identity_profile_history", args=[world.alice])).content.decode()
    assert ("a•••@e•••.com" in content, "alice@example.com" in content) == (True, False)


def test_a_list_costs_a_few_queries_for_all_its_rows(
    world: World,
    sign_in: Callable[[str], Client],
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    steward, officer = sign_in("data_steward"), sign_in("privacy_officer")
    for client, name, most in (
        (steward, "identity_profile", 18),
        (steward, "identity_assignment", 12),
        (steward, "identity_match", 12),
        (steward, "identity_verdict", 10),
        (steward, "consent_act", 14),
        (officer, "privacy_subjectrequest", 14),
        (officer, "vault_auditentry", 14),
    ):
        with django_assert_max_num_queries(most):
            client.get(reverse(f"admin:{name}_changelist"))


def test_the_way_out_and_the_own_password_are_open_to_all(world: World, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("operator")
    assert client.get(reverse("admin:password_change")).status_code == 200
    assert client.post(reverse("admin:logout")).status_code == 200
    assert client.get(reverse("admin:index")).status_code == 302


def test_pages_of_people_are_kept_in_no_cache(world: World, sign_in: Callable[[str], Client]) -> None:
    response = sign_in("marketer").get(reverse("admin:identity_profile_change", args=[world.alice]))
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


def test_a_stranger_is_asked_to_sign_in(world: World) -> None:
    for page in pages(world):
        response = Client().get(page)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("admin:login")), page


@pytest.mark.parametrize("role", ROLES)
def test_the_sidebar_names_only_what_opens(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    content = sign_in(role).get(reverse("admin:index")).content.decode()
    sidebar = content[content.index("nav-sidebar-apps") : content.index('id="main"')]
    for name, capability in LISTS.items():
        assert (f'href="{reverse(f"admin:{name}_changelist")}"' in sidebar) == (
            capability in ROLES[role].capabilities
        ), name


def test_a_user_without_a_role_does_not_get_in(world: World) -> None:
    user = world.staff["marketer"]
    user.roles = []
    user.save()
    client = Client()
    client.force_login(user)
    assert client.get(reverse("admin:index")).status_code == 302


def test_signing_in_by_password(world: World) -> None:
    user = world.staff["marketer"]
    user.set_password("a long enough passphrase")
    user.save()
    client = Client()
    page = reverse("admin:login")
    assert client.post(page, {"username": "marketer", "password": "wrong"}).status_code == 200
    assert client.post(page, {"username": "marketer", "password": "a long enough passphrase"}).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("identity_match", "Review queue"),
        ("identity_verdict", "Answers"),
        ("records_quarantinedrecord", "Quarantine"),
        ("access_apikey", "API keys"),
        ("identity_profile", "Profiles"),
    ],
)
def test_a_list_is_titled_as_the_sidebar_calls_it(
    name: str, title: str, world: World, sign_in: Callable[[str], Client]
) -> None:
    role = "administrator" if name == "access_apikey" else "data_steward"
    role = "operator" if name == "records_quarantinedrecord" else role
    content = sign_in(role).get(reverse(f"admin:{name}_changelist")).content.decode()
    assert content.split("<title>")[1].split("</title>")[0].strip() == f"{title} | Onym"


def test_quarantine_counts_messages_of_a_batch_and_lines_of_a_file(
    world: World, sign_in: Callable[[str], Client], now: datetime
) -> None:
    send_messages(Source.objects.get(name="shop"), {"type": "identify", "messageId": "nobody"}, now=now)
    content = sign_in("operator").get(reverse("admin:records_quarantinedrecord_changelist")).content.decode()
    assert "message 1, userId" in content
    assert "line 0" not in content


def test_quarantine_names_events_and_offsets_as_what_they_are(
    world: World, sign_in: Callable[[str], Client], now: datetime
) -> None:
    sensor, _ = sources.add("sensor", kind="iot")
    doors.cloud_events(sensor, [{"specversion": "1.0"}], now=now)
    send_stream("kafka", sensor, b"{", now=now + timedelta(seconds=1))
    send_stream("mqtt", sensor, b"{", now=now + timedelta(seconds=2))
    content = sign_in("operator").get(reverse("admin:records_quarantinedrecord_changelist")).content.decode()
    offset = QuarantinedRecord.objects.get(received_at=now + timedelta(seconds=1)).line
    for place in ("message 1", f"offset {offset:,}", "row 1"):
        assert place in content
    assert "line 0" not in content


def test_the_overview_names_known_people_and_unknown_visitors(world: World, sign_in: Callable[[str], Client]) -> None:
    funnel = sign_in("privacy_officer").get(reverse("admin:index")).context["funnel"]
    assert (funnel.known, funnel.unknown, funnel.profiles) == (3, funnel.profiles - 3, funnel.profiles)
