"""Survey: how many profiles have which value of a feature, of those alone who may be looked at now."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from segments.consented import ANALYTICS, ask
from segments.imputation.methods import statistic
from segments.kept_features import portions
from segments.rules.definition import Value


@dataclass
class Survey:
    """Of how many profiles features are kept and may be used, and how many of them have each value of each feature."""

    profiles: int = 0
    counts: dict[str, Counter[Value]] = field(default_factory=dict)

    def known(self, feature: str) -> int:
        """How many have the feature."""
        return self.counts[feature].total()

    def statistic(self, feature: str, method: str) -> Value | None:
        """What the feature is by this method; None where it would speak of fewer than 20 profiles."""
        return statistic(method, self.counts[feature])


def survey(features: Collection[str], *, now: datetime) -> Survey:
    """Count the values of these features, as they were last computed, of everybody who allows analytics now.

    What was estimated is not among them: an estimate never feeds on itself.
    """
    found = Survey(counts={feature: Counter() for feature in features})
    for portion in portions():
        allowed = ask(list(portion), purpose=ANALYTICS, now=now).owned
        found.profiles += len(allowed)
        for feature, counts in found.counts.items():
            counts.update(portion[profile][feature] for profile in allowed if feature in portion[profile])
    return found
