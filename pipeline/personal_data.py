"""What this room's tables hold about people."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "pipeline.Work",
        subject="source_profile_id",
        purpose="service",
        retention="until processed",
        fields={
            "id": PLAIN,
            "source_profile_id": PSEUDONYM,
            "since_date": PLAIN,
            "seen_at": PLAIN,
            "enqueued_at": PLAIN,
        },
    ),
    Table(
        "pipeline.Heartbeat",
        subject=None,
        purpose="service",
        retention="until the next",
        fields={"process": PLAIN, "at": PLAIN},
    ),
    Table(
        "pipeline.MqttDelivery",
        subject=None,
        purpose="service",
        retention="until so many more have been acknowledged as may be under way at once",
        fields={
            "client_id": PLAIN,
            "packet_id": PLAIN,
            "number": PLAIN,
            "content_hash": PSEUDONYM,
            "delivery": PLAIN,
        },
    ),
    Table(
        "pipeline.Replay",
        subject=None,
        purpose="security",
        retention="30 days",
        expires=("started_at", 30),
        fields={
            "id": PLAIN,
            "source": PLAIN,
            "reason": PLAIN,
            "field": PLAIN,
            "load": PLAIN,
            "leave_out": PLAIN,
            "state": PLAIN,
            "until": PLAIN,
            "found": PLAIN,
            "stored": PLAIN,
            "duplicate": PLAIN,
            "refused": PLAIN,
            "still": PLAIN,
            "last": PLAIN,
            "fault": PLAIN,
            "started_by_kind": PLAIN,
            "started_by": PSEUDONYM,
            "started_at": PLAIN,
            "noted_at": PLAIN,
            "ended_at": PLAIN,
        },
    ),
]
