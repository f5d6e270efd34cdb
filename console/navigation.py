"""The sidebar: what this person's roles let them see, and how much waits there."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from access.roles import (
    CORRECT_IDENTITY,
    MANAGE_ACCESS,
    REVIEW_EMERGENCIES,
    REVIEW_SEGMENTS,
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
from console import review_queue
from console.asking import user_of
from privacy import break_glass
from privacy.models import UNFINISHED, SubjectRequest
from segments.models import WAITING, HeldChange

Entry = dict[str, Any]
# Every page counts what waits, so it counts no further than this.
MOST = 999
# Title, icon, page, and the capability that opens it.
GROUPS: tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...] = (
    (
        "People",
        (
            ("Profiles", "group", "identity_profile", VIEW_PROFILES),
            ("Review queue", "compare_arrows", "identity_match", CORRECT_IDENTITY),
            ("Answers", "rule_folder", "identity_verdict", CORRECT_IDENTITY),
            ("Identity ledger", "account_tree", "identity_assignment", CORRECT_IDENTITY),
            ("Identifier limits", "rule_settings", "identity_identifierlimit", CORRECT_IDENTITY),
            ("Who is who: rules", "rule", "identity_ruleversion", CORRECT_IDENTITY),
            ("Segments", "donut_small", "segments_segment", VIEW_SEGMENTS),
            ("Features", "tune", "segments_imputationpolicy", VIEW_SEGMENTS),
        ),
    ),
    (
        "Privacy",
        (
            ("Purposes", "verified_user", "consent_purpose", VIEW_CONSENTS),
            ("Consent acts", "fact_check", "consent_act", VIEW_CONSENTS),
            ("Held changes", "front_hand", "segments_heldchange", REVIEW_SEGMENTS),
            ("Subject requests", "contact_mail", "privacy_subjectrequest", VIEW_REQUESTS),
            ("Retention", "auto_delete", "records_retentionrule", VIEW_RETENTION),
            ("Break-glass", "emergency_home", "privacy_emergencyreveal", REVIEW_EMERGENCIES),
        ),
    ),
    (
        "Data",
        (
            ("Sources", "input", "records_source", VIEW_SOURCES),
            ("Data dictionary", "menu_book", "records_dictionary", VIEW_SOURCES),
            ("Recipients", "forward_to_inbox", "outbox_recipient", VIEW_RECIPIENTS),
            ("Alarm messages", "notifications", "outbox_alarmlistener", VIEW_SOURCES),
            ("Quarantine", "report", "records_quarantinedrecord", VIEW_QUARANTINE),
        ),
    ),
    (
        "Access",
        (
            ("API keys", "key", "access_apikey", MANAGE_ACCESS),
            ("Users", "badge", "access_user", MANAGE_ACCESS),
            ("Audit log", "policy", "vault_auditentry", VIEW_AUDIT),
        ),
    ),
)


def entries(request: HttpRequest) -> list[Entry]:
    """The groups of the sidebar; those without an entry for this person are left out."""
    user = user_of(request)
    groups: list[Entry] = [
        {"items": [{"title": "Overview", "icon": "space_dashboard", "link": reverse("admin:index")}]}
    ]
    for title, pages in GROUPS:
        items = [_entry(name, icon, page, request) for name, icon, page, capability in pages if user.may(capability)]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _entry(title: str, icon: str, page: str, request: HttpRequest) -> Entry:
    entry: Entry = {"title": title, "icon": icon, "link": reverse(f"admin:{page}_changelist")}
    if page == "records_source":
        # The data dictionary stands below the sources, and has an entry of its own.
        dictionary = reverse("admin:records_dictionary_changelist")
        return entry | {"active": entry["link"] in request.path and request.path != dictionary}
    if page == "identity_match":
        return entry | _badge(review_queue.waiting()[: MOST + 1].count(), "primary")
    if page == "segments_heldchange":
        return entry | _badge(HeldChange.objects.filter(decision=WAITING)[: MOST + 1].count(), "warning")
    if page == "privacy_subjectrequest":
        unfinished = SubjectRequest.objects.filter(state__in=UNFINISHED)
        late = unfinished.filter(due_date__lt=timezone.localdate()).exists()
        return entry | _badge(unfinished[: MOST + 1].count(), "danger" if late else "warning")
    if page == "privacy_emergencyreveal":
        return entry | _badge(break_glass.to_review()[: MOST + 1].count(), "danger")
    return entry


def _badge(count: int, variant: str) -> Entry:
    return {"badge": str(count) if count <= MOST else f"{MOST}+", "badge_variant": variant} if count else {}
