"""What this room's tables hold about people, and those of third-party packages."""

from privacy import third_party
from vault.annotations import PLAIN, PSEUDONYM, QUASI, Table

PROOF = "24 months after it ends"

TABLES = [
    Table(
        "privacy.SubjectRequest",
        subject="profile_id",
        via="profile",
        purpose="subject_requests",
        retention=PROOF,
        kept_because="It proves what was asked and done; of an erased person it keeps the profile id and counts.",
        fields={
            "id": PLAIN,
            "kind": PLAIN,
            "regulation": PLAIN,
            "state": PLAIN,
            "profile_id": PSEUDONYM,
            "opened_at": PLAIN,
            "due_date": PLAIN,
            "opened_by": PSEUDONYM,
            "approved_at": PLAIN,
            "approved_by": PSEUDONYM,
            "completed_at": PLAIN,
            "outcome": PLAIN,
            "note": QUASI,
        },
    ),
    Table(
        "privacy.RequestStep",
        subject="request__profile_id",
        via="profile",
        purpose="subject_requests",
        retention=PROOF,
        kept_because="It proves who did what about a request, and when.",
        fields={"id": PLAIN, "request": PLAIN, "what": PLAIN, "detail": PLAIN, "actor": PSEUDONYM, "at": PLAIN},
    ),
    Table(
        "privacy.Suppression",
        subject="request__profile_id",
        via="profile",
        purpose="subject_requests",
        retention="until lifted",
        kept_because="It keeps an erased person from coming back.",
        fields={
            "id": PLAIN,
            "version": PLAIN,
            "namespace": PLAIN,
            "index": PSEUDONYM,
            "request": PLAIN,
            "created_at": PLAIN,
            "lifted_at": PLAIN,
        },
    ),
    *third_party.TABLES,
]
