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
        # What is estimated is made of others, twenty of them or more, and says nothing of whom it stands with.
        fields={"profile": PSEUDONYM, "values": QUASI, "estimated": PLAIN, "computed_at": PLAIN},
    ),
    Table(
        "segments.ImputationPolicy",
        subject=None,
        purpose="accountability",
        retention="as long as segments are in use",
        fields=dict.fromkeys(("id", "feature", "version", "method", "constant", "saved_by", "saved_at"), PLAIN),
    ),
    # Aggregates of twenty people or more. An erasure leaves them; the next day's are made without the person.
    Table(
        "segments.FeatureStatistic",
        subject=None,
        purpose="analytics",
        retention="13 months, as the memberships that it explains",
        expires=("measured_at", 396),
        fields=dict.fromkeys(("id", "policy", "value", "profiles", "measured_at"), PLAIN),
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
                "significant_effect",
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
            "released_by": PSEUDONYM,
        },
    ),
    Table(
        "segments.HeldChange",
        subject="profile",
        via="profile",
        purpose="analytics",
        retention="13 months after it was decided",
        erase_order=10,
        expires=("decided_at", 395),
        fields={
            "id": PLAIN,
            "segment": PLAIN,
            "profile": PSEUDONYM,
            "direction": PLAIN,
            "score": PLAIN,
            "why": QUASI,
            "proposed_at": PLAIN,
            "decision": PLAIN,
            "decided_at": PLAIN,
            "decided_by": PSEUDONYM,
            "reason": PLAIN,
        },
    ),
]
