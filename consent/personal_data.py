"""What this room's tables hold about people."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "consent.Purpose",
        subject=None,
        purpose="accountability",
        retention="as long as in use",
        fields=dict.fromkeys(
            (
                "slug",
                "name",
                "description",
                "legal_basis",
                "channels",
                "expires_after_days",
                "high_risk",
                "dpia_reference",
                "active",
            ),
            PLAIN,
        ),
    ),
    Table(
        "consent.Act",
        subject="source_profile",
        purpose="accountability",
        retention="as long as the source profile",
        erase_order=60,
        fields={
            "id": PLAIN,
            "source_profile": PSEUDONYM,
            "purpose": PLAIN,
            "channel": PLAIN,
            "state": PLAIN,
            "occurred_at": PLAIN,
            "recorded_at": PLAIN,
            "how": PLAIN,
            "verified": PLAIN,
            "actor": PSEUDONYM,
            "notice": PLAIN,
            "locale": PLAIN,
            "jurisdiction": PLAIN,
        },
    ),
    Table(
        "consent.Restriction",
        subject="source_profile",
        purpose="accountability",
        retention="as long as the source profile",
        erase_order=60,
        fields={
            "id": PLAIN,
            "source_profile": PSEUDONYM,
            "kind": PLAIN,
            "lifts": PLAIN,
            "occurred_at": PLAIN,
            "recorded_at": PLAIN,
            "until": PLAIN,
            "actor": PSEUDONYM,
            "request": PSEUDONYM,
        },
    ),
]
