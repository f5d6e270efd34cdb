"""What people call the rows of a table."""

from django.apps import apps

NAMES = {
    "consent.Act": "consent acts",
    "consent.LastWord": "latest consents",
    "identity.Assignment": "entries of the identity ledger",
    "identity.BlockingToken": "keyed hashes for matching",
    "identity.DeviceEpisode": "stretches of use of a device",
    "identity.GoldenValue": "values of the golden record",
    "identity.MatchModel": "match model",
    "identity.Verdict": "decisions who is who",
    "outbox.Change": "changes noted for others",
    "pipeline.Work": "entries of the work queue",
    "pipeline.Following": "entries of the queue of what follows",
    "segments.DailyActivity": "daily totals",
    "segments.Membership": "segment memberships",
    "segments.ProfileFeatures": "sets of features",
    "privacy.Link": "links sent by e-mail",
    "records.SeenMessage": "message ids",
    "records.Correction": "values put right",
}


def things(model: str) -> str:
    """What the rows of this table are called, such as "records"; anything else stays as it is."""
    if model in NAMES:
        return NAMES[model]
    try:
        return str(apps.get_model(model)._meta.verbose_name_plural)
    except (LookupError, ValueError):
        return model
