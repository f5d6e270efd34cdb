"""What this room's tables hold about people."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "outbox.Change",
        subject="profile_id",
        via="profile",
        purpose="service",
        retention="13 months",
        fields={"id": PLAIN, "profile_id": PSEUDONYM, "kind": PLAIN, "detail": PLAIN, "happened_at": PLAIN},
    ),
    Table(
        "outbox.Recipient",
        subject=None,
        purpose="service",
        retention="as long as in use",
        fields={
            "id": PLAIN,
            "name": PLAIN,
            "url": PLAIN,
            "purposes": PLAIN,
            "enabled": PLAIN,
            "secret_version": PLAIN,
            "old_secret_until": PLAIN,
            "last_change": PLAIN,
            "created_at": PLAIN,
        },
    ),
    Table(
        "outbox.Delivery",
        subject="profile_id",
        via="profile",
        purpose="accountability",
        retention="24 months after it ends",
        kept_because="It says which recipients learned of an erased person, and whether they confirmed the erasure.",
        fields={
            "id": PLAIN,
            "recipient": PLAIN,
            "kind": PLAIN,
            "purpose": PLAIN,
            "profile_id": PSEUDONYM,
            "pseudonym": PSEUDONYM,
            "detail": PLAIN,
            "change_id": PLAIN,
            "request_id": PLAIN,
            "happened_at": PLAIN,
            "state": PLAIN,
            "attempts": PLAIN,
            "next_attempt_at": PLAIN,
            "sent_at": PLAIN,
            "acknowledged_at": PLAIN,
            "acknowledged_by": PSEUDONYM,
            "answer_code": PLAIN,
            "problem": PLAIN,
        },
    ),
]
