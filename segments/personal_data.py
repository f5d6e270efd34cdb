"""What this room's tables hold about people. Feature values and explanations hold an age band and a country."""

from vault.annotations import PLAIN, PSEUDONYM, QUASI, Table

WITH_CONSENT = "as long as consent to analytics stands"

TABLES = [
    Table(
        "segments.DailyActivity",
        subject="source_profile",
        purpose="analytics",
        retention="as long as the records it sums up",
        erase_order=20,
        fields={
            "source_profile": PSEUDONYM,
            "day": PLAIN,
            "event": PLAIN,
            "count": PLAIN,
            "amount": PLAIN,
            "last_at": PLAIN,
        },
    ),
    Table(
        "segments.ProfileFeatures",
        subject="profile",
        via="profile",
        purpose="analytics",
        retention=WITH_CONSENT,
        erase_order=20,
        fields={"profile": PSEUDONYM, "values": QUASI, "computed_at": PLAIN},
    ),
    Table(
        "segments.Segment",
        subject=None,
        purpose="analytics",
        retention="as long as in use",
        fields=dict.fromkeys(
            (
                "id",
                "slug",
                "name",
                "description",
                "purpose",
                "channel",
                "definition",
                "active",
                "created_at",
                "changed_at",
            ),
            PLAIN,
        ),
    ),
    Table(
        "segments.Membership",
        subject="profile",
        via="profile",
        purpose="analytics",
        retention="13 months after it ends",
        expires=("left_at", 396),
        erase_order=10,
        fields={
            "id": PLAIN,
            "segment": PLAIN,
            "profile": PSEUDONYM,
            "entered_at": PLAIN,
            "left_at": PLAIN,
            "score": PLAIN,
            "why": QUASI,
            "left_because": PLAIN,
        },
    ),
]
