"""What this room's tables hold about people."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "pipeline.Work",
        subject="source_profile_id",
        purpose="service",
        retention="until processed",
        fields={"id": PLAIN, "source_profile_id": PSEUDONYM, "since_date": PLAIN, "enqueued_at": PLAIN},
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
]
