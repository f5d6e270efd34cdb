"""What this room's tables hold about people."""

from collections.abc import Mapping
from types import MappingProxyType

from vault.annotations import PLAIN, PSEUDONYM, SEALED, Table

KEPT = "as long as the source profile"
PAIR = {"left": PSEUDONYM, "right": PSEUDONYM}


def _linking(
    model: str,
    subject: str | None,
    fields: dict[str, str],
    *,
    order: int = 50,
    via: str = "source_profile",
    also: tuple[str, ...] = (),
    blind: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    return Table(
        model,
        subject=subject,
        via=via,
        also=also,
        purpose="identity_linking",
        retention=KEPT,
        fields=fields,
        erase_order=order,
        blind=blind,
    )


TABLES = [
    _linking("identity.Profile", "id", {"id": PSEUDONYM, "created_at": PLAIN}, via="profile", order=95),
    _linking(
        "identity.Assignment",
        "source_profile",
        {
            "id": PLAIN,
            "source_profile": PSEUDONYM,
            "profile": PSEUDONYM,
            "assigned_at": PLAIN,
            "ended_at": PLAIN,
            "reason": PLAIN,
            "evidence": PLAIN,
            "rule_version": PLAIN,
            "actor": PSEUDONYM,
        },
        order=70,
    ),
    _linking(
        "identity.Match",
        "left",
        PAIR
        | dict.fromkeys(
            ("id", "reason", "probability", "evidence", "state", "model_version", "purpose", "found_at"), PLAIN
        ),
        also=("right",),
    ),
    _linking(
        "identity.Verdict",
        "left",
        PAIR
        | dict.fromkeys(("id", "verdict", "reason", "decided_at", "decision", "undone_at", "undone_reason"), PLAIN)
        | {"actor": PSEUDONYM, "undone_by": PSEUDONYM},
        also=("right",),
    ),
    _linking(
        "identity.BlockingToken",
        "source_profile",
        {"token": PSEUDONYM, "source_profile": PSEUDONYM},
        blind={"token": "=blocking-token"},
    ),
    _linking("identity.MatchingView", "source_profile", {"source_profile": PSEUDONYM, "sealed": SEALED}),
    # An erasure leaves none (`identity.ledger.lock_to_resolve`).
    Table(
        "identity.Turn",
        subject=None,
        purpose="identity_linking",
        retention="a thousand batches at most, and until somebody changes who is who alone",
        fields={"number": PLAIN, "source_profiles": PSEUDONYM, "profiles": PSEUDONYM},
    ),
    _linking(
        "identity.DeviceEpisode",
        "source_profile",
        {
            "id": PLAIN,
            "source": PLAIN,
            "device_index": PSEUDONYM,
            "source_profile": PSEUDONYM,
            "owner": PSEUDONYM,
            "started_at": PLAIN,
            "ended_at": PLAIN,
            "signed_in_at": PLAIN,
            "last_signed_in_at": PLAIN,
            "used_from": PLAIN,
            "used_until": PLAIN,
            "opened": PLAIN,
            "contested": PLAIN,
            "aside": PLAIN,
        },
        also=("owner",),
        blind={"device_index": "=device_id"},
    ),
    # It is read off what those who live there said, and goes with whoever it is of.
    _linking(
        "identity.Home",
        "profile",
        {
            **dict.fromkeys(("profile", "house", "family_name", "flat", "email", "phone", "household"), PSEUDONYM),
            **dict.fromkeys(("made_of", "joined_at"), PLAIN),
        },
        via="profile",
        blind=dict.fromkeys(("house", "family_name", "flat", "email", "phone"), "=home"),
    ),
    _linking(
        "identity.MatchModel",
        None,
        dict.fromkeys(("id", "version", "parameters", "learned_on", "learned_at", "active"), PLAIN),
    ),
    _linking(
        "identity.RuleVersion",
        None,
        dict.fromkeys(
            ("id", "number", "model", "link", "review", "same_email", "same_device", "learns", "reason", "saved_at"),
            PLAIN,
        )
        | {"saved_by": PSEUDONYM},
    ),
    Table(
        "identity.DryRun",
        subject=None,
        purpose="identity_linking",
        retention="30 days",
        expires=("started_at", 30),
        erase_order=60,
        fields=dict.fromkeys(
            ("id", "model", "link", "review", "same_email", "same_device", "learns", "state", "found", "done"), PLAIN
        )
        | dict.fromkeys(("counts", "fault", "started_at", "noted_at", "ended_at"), PLAIN)
        | {"started_by": PSEUDONYM},
    ),
    Table(
        "identity.Settling",
        subject=None,
        purpose="identity_linking",
        retention="as long as the installation: counts of what was decided anew",
        fields=dict.fromkeys(
            (
                *("id", "state", "found", "done", "until", "merges", "splits", "moved", "rule_version"),
                *("reviews_added", "reviews_taken", "version", "fault", "failed_at", "reason"),
                *("started_at", "noted_at", "ended_at"),
            ),
            PLAIN,
        )
        # Where `after` is somebody who is erased, it steps back (`identity.settle_runs.step_back`).
        | {"after": PSEUDONYM, "started_by": PSEUDONYM, "stopped_by": PSEUDONYM},
    ),
    _linking(
        "identity.DryRunChange",
        "left",
        PAIR | dict.fromkeys(("id", "run", "kind", "reason", "bits", "evidence", "moving", "cause", "detail"), PLAIN),
        also=("right",),
    ),
    _linking(
        "identity.GoldenOverride",
        "source_profile",
        {
            "id": PLAIN,
            "source_profile": PSEUDONYM,
            "field": PLAIN,
            "sealed": SEALED,
            "chosen": PLAIN,
            "index": PSEUDONYM,
            "birth_year": PLAIN,
            "country": PLAIN,
            "reason": PLAIN,
            "actor": PSEUDONYM,
            "set_at": PLAIN,
            "ended_at": PLAIN,
            "ended_by": PSEUDONYM,
        },
        order=55,
        blind={"index": "field"},
    ),
    _linking(
        "identity.GoldenValue",
        "source_profile",
        {
            "id": PLAIN,
            "profile": PSEUDONYM,
            "field": PLAIN,
            "attribute": PSEUDONYM,
            "identifier": PSEUDONYM,
            "override": PSEUDONYM,
            "source_profile": PSEUDONYM,
            "reason": PLAIN,
            "decided_at": PLAIN,
        },
    ),
    Table(
        "identity.IdentifierLimit",
        subject=None,
        purpose="accountability",
        retention="as long as the installation",
        fields=dict.fromkeys(
            (
                *("id", "namespace", "version", "priority", "most", "most_in_window", "window_days"),
                *("saved_by", "saved_at", "reason"),
            ),
            PLAIN,
        ),
    ),
    # An erasure takes addresses and phone numbers that were the person's alone (`identity.blocking_values.forget`).
    Table(
        "identity.BlockedValue",
        subject=None,
        purpose="identity_linking",
        retention="as long as it is blocked, and as proof that it was",
        blind={"index": "namespace"},
        fields=dict.fromkeys(("id", "namespace", "hint", "blocked", "saved_by", "saved_at", "reason"), PLAIN)
        | {"index": PSEUDONYM},
    ),
]
