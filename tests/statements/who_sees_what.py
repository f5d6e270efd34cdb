"""The table of statement 36: who sees which personal field, on which page or route, after which act.

The default stands in no row: whoever may see people sees every field masked, everybody else nothing of it.
"""

from dataclasses import dataclass

from django.contrib import admin

from access.roles import ADMINISTRATOR, DATA_STEWARD, MARKETER, OPERATOR, PRIVACY_OFFICER
from console.screens.matches import COMPARED
from records.dictionary import IDENTIFIERS
from tests.statements.planted import NO_ROLE, personal_fields

ANONYMOUS, PERSON = "anonymous", "the person themself"
SEE_MASKED = frozenset({DATA_STEWARD, PRIVACY_OFFICER, MARKETER})
SEE_NOTHING = frozenset({ADMINISTRATOR, OPERATOR, NO_ROLE, ANONYMOUS})

EVERY_FIELD = frozenset(personal_fields())
IN_RECORDS_ALONE = frozenset({"full_name", "ip_address", "page_url"})
OF_A_BEARER = frozenset({"given_name", "family_name", "email", "phone"})
KNOWN = EVERY_FIELD - IN_RECORDS_ALONE
# A record that says the name in parts, of a device that others use as well.
OF_A_RECORD = EVERY_FIELD - {"full_name", "device_id"}
OF_A_PAIR = frozenset(COMPARED) & KNOWN
# What the sources say of the two that somebody joined or kept apart.
OF_AN_ANSWER = OF_A_PAIR - {"postcode", "city"}
# A device is nobody's for good, so the golden record has none.
GOLDEN = KNOWN - {"device_id"}
SET_BY_HAND = frozenset({"given_name"})
WHY = frozenset({"segments.Membership.why"})
FEATURES = frozenset({"segments.ProfileFeatures.values"})
ANSWERED = EVERY_FIELD | WHY | FEATURES

# Of each purpose, whether a key reads identifying fields for it: only where the person has to be reached or answered.
PURPOSES = {
    "service": True,
    "marketing": True,
    "subject_requests": True,
    "security": True,
    "analytics": False,
    "personalization": False,
    "identity_linking": False,
}
# Of each scope, the purpose that a key of this scope and all purposes names.
SCOPES = {
    "profiles:read": "service",
    "profiles:write": "service",
    "identity:write": "service",
    "consents:read": "service",
    "consents:write": "service",
    "segments:read": "analytics",
    "requests:read": "service",
    "requests:write": "service",
    "sources:read": "service",
    "sources:write": "service",
    "changes:read": "service",
    "deliveries:read": "service",
    "recipients:read": "service",
    "recipients:write": "service",
}
KEYS_BY_PURPOSE = tuple(f"key for {purpose}" for purpose in PURPOSES)
KEYS_BY_SCOPE = tuple(f"key with {scope}" for scope in SCOPES)
OTHER_KEYS = ("false key", "revoked key", "write key")
CLEAR_KEYS = frozenset(f"key for {purpose}" for purpose, clear in PURPOSES.items() if clear) | {
    "key with profiles:read"
}


@dataclass(frozen=True)
class Clear:
    """These see these fields in clear there; with `after`, only where that act has led them."""

    who: frozenset[str]
    where: str
    fields: frozenset[str]
    after: str = ""


def _only(*names: str) -> frozenset[str]:
    return frozenset(names)


PROFILE, PAIR = "GET admin:identity_profile_change", "GET admin:identity_match_change"
REVEAL, REVEAL_PAIR = "POST admin:identity_profile_reveal", "POST admin:identity_match_reveal"
DIFFERENCE = "GET admin:identity_ruleversion_difference"
GIVEN_ANSWER, MERGE = "GET admin:identity_verdict_change", "GET admin:identity_profile_merge"
REVEAL_VALUES = "POST admin:identity_profile_reveal_values"
REVEAL_RECORD = "POST admin:identity_profile_reveal_record"
BREAK_GLASS, ANSWER = "POST admin:identity_profile_break_glass", "POST admin:privacy_subjectrequest_answer"
REQUEST, OWN_ANSWER = "GET admin:privacy_subjectrequest_change", "POST subject-request-answer"
OPEN_QUARANTINED = "POST admin:records_quarantinedrecord_open"
REVEAL_SHARED, ERASURE = "POST admin:privacy_subjectrequest_reveal", "GET admin:privacy_subjectrequest_approve"
API = "GET api/profiles/<uuid:id>/"

CLEAR = (
    Clear(_only(DATA_STEWARD, PRIVACY_OFFICER), REVEAL, KNOWN, after=REVEAL),
    Clear(_only(DATA_STEWARD, PRIVACY_OFFICER), REVEAL_RECORD, OF_A_RECORD, after=REVEAL_RECORD),
    Clear(_only(DATA_STEWARD), REVEAL_VALUES, SET_BY_HAND, after=REVEAL_VALUES),
    Clear(_only(DATA_STEWARD), REVEAL_PAIR, OF_A_PAIR, after=REVEAL_PAIR),
    Clear(_only(PRIVACY_OFFICER), REVEAL_SHARED, OF_A_BEARER, after=REVEAL_SHARED),
    Clear(
        _only(DATA_STEWARD),
        OPEN_QUARANTINED,
        _only("records.QuarantinedRecord.sealed"),
        after=OPEN_QUARANTINED,
    ),
    Clear(_only(MARKETER), PROFILE, KNOWN, after=BREAK_GLASS),
    Clear(_only(PRIVACY_OFFICER), ANSWER, ANSWERED, after=ANSWER),
    Clear(_only(PERSON), OWN_ANSWER, ANSWERED, after=OWN_ANSWER),
    # Reasons of a membership, or of one that is proposed: of the person they hold an age band and a country.
    Clear(_only(DATA_STEWARD, MARKETER), PROFILE, WHY | FEATURES),
    Clear(_only(DATA_STEWARD), REVEAL, WHY | FEATURES, after=REVEAL),
    Clear(_only(PRIVACY_OFFICER), "GET admin:segments_heldchange_change", _only("segments.HeldChange.why")),
    Clear(_only("key for analytics", "key with segments:read"), f"{API}segments/", WHY),
    Clear(_only("key for analytics", "key with segments:read"), f"{API}features/", FEATURES),
    # What the privacy team wrote itself, on the page of the case.
    Clear(_only(PRIVACY_OFFICER), PROFILE, _only("privacy.LegalHold.reason")),
    Clear(
        _only(PRIVACY_OFFICER),
        REQUEST,
        _only("privacy.SubjectRequest.note", "privacy.RequestComment.sealed", "privacy.Letter.sealed"),
    ),
    # Programs that reach or answer the person; an address in an event's property is one that the source let slip.
    Clear(CLEAR_KEYS, API, GOLDEN),
    Clear(CLEAR_KEYS, f"{API}overrides/", SET_BY_HAND),
    Clear(CLEAR_KEYS, f"{API}identifiers/", IDENTIFIERS),
    Clear(CLEAR_KEYS, f"{API}events/", _only("email")),
    # The standard has a receipt repeat what was sent.
    *(
        Clear(frozenset({*KEYS_BY_PURPOSE, "key with requests:write"}), where, _only("email"), after=where)
        for where in ("POST v2/requests", "POST v1/opengdpr_requests")
    ),
)
# Where a field is shown masked. A page that showed nothing at all would keep the default and be of no use.
MASKED = (
    (SEE_MASKED, PROFILE, KNOWN),
    (_only(DATA_STEWARD), PAIR, OF_A_PAIR),
    (_only(DATA_STEWARD), DIFFERENCE, OF_A_PAIR),
    (_only(DATA_STEWARD), GIVEN_ANSWER, OF_AN_ANSWER),
    (_only(DATA_STEWARD), MERGE, GOLDEN),
    (_only(PRIVACY_OFFICER), ERASURE, _only("phone")),
)
# Routes that answer nobody, and what they say instead.
SCREENS = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
NOT_ADDED_BY_HAND = (
    "identity_ruleversion",
    *("identity_profile", "identity_match", "identity_assignment", "identity_verdict"),
    *("segments_heldchange", "consent_purpose"),
    *("segments_imputationpolicy", "identity_identifierlimit"),
    *("consent_act", "privacy_emergencyreveal", "records_quarantinedrecord"),
    "vault_auditentry",
)
CLOSED = {
    "readyz": 503,  # no worker runs beside a test
    "^(?:api|v1|v2)(?:/.*)?$": 404,
    "admin/(?P<url>.*)$": 404,
    "admin:autocomplete": 403,
    "admin:view_on_site": 404,
    **{f"admin:{screen}_add": 403 for screen in NOT_ADDED_BY_HAND},
    **{f"admin:{screen}_delete": 403 for screen in SCREENS},
}
