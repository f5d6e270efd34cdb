"""Learning anew, as often as the schedule or a person wants: what was learned becomes a version of the rules."""

from datetime import datetime

from django.db import transaction

from identity import ledger, rules
from identity.learning import learn_model
from identity.models import MatchModel

STAGE = "learn"


def learn_anew(*, now: datetime) -> MatchModel:
    """Learn the match model and put it in force; where the rules keep to theirs, it is only there to be tried."""
    model = learn_model(now=now, active=False)
    with transaction.atomic():
        # What somebody is just putting in force is waited for, and kept.
        ledger.lock()
        before = rules.latest()
        thresholds = rules.thresholds_of(before) if before else rules.Thresholds()
        if thresholds.learns:
            rules.put_in_force(model, thresholds, by=STAGE, reason=rules.LEARNED, now=now)
            model.refresh_from_db()
    return model
