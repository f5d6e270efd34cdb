"""A model as settings of Splink 5: the levels in DuckDB's SQL, with what the model learned of each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from identity.matching.levels import COLUMN, COMPARISONS, Comparison
from identity.matching.model import LEAST_SEEN, Model
from identity.matching.rarity import MOST_RARITY_BITS, RARITY_WORTH
from identity.matching.splink.levels import Condition, conditions_of
from identity.matching.splink.prepare import BLOCKS, PLACES, RECORD_ID
from identity.matching.words import in_words, level_in_words

DIALECT = "duckdb"
ALL_PAIRS = "1=1"
BLOCKING = tuple(f"l.{column} = r.{column}" for column in BLOCKS)

# How many times rarer than the average a value is when its rarity counts most.
_RAREST = 2 ** (MOST_RARITY_BITS / RARITY_WORTH)

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Rarity:
    """Whether rare values count more, and the chance that two people share a place, per column, where it is known."""

    counts: bool
    places: Mapping[str, float]


def splink_settings(
    model: Model,
    *,
    comparisons: Collection[str] | None = None,
    rarity: bool = True,
    places: Mapping[str, float] | None = None,
    all_pairs: bool = False,
) -> Settings:
    """Return the settings by which Splink scores pairs of the prepared table as the model does.

    `comparisons` names those to write, all if None. Without `rarity` a rare name counts no more than any other.
    `places` is what `chances_to_agree` gives: an average place is measured by it. `all_pairs` has Splink compare
    everyone with everyone, as is done in small files; else it blocks by `block.KEYS`. The odds before any evidence
    are those of a match over strangers, so that housemates count as neither.
    """
    written = [comparison for comparison in COMPARISONS if comparisons is None or comparison.name in comparisons]
    rare = _Rarity(rarity, places or {})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": RECORD_ID,
        "probability_two_random_records_match": model.prior / (1 - model.household_prior),
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": rule, "sql_dialect": DIALECT} for rule in ([ALL_PAIRS] if all_pairs else BLOCKING)
        ],
        "comparisons": [_comparison(comparison, model, rare) for comparison in written],
        "retain_intermediate_calculation_columns": True,
        "sql_dialect": DIALECT,
    }


def _comparison(comparison: Comparison, model: Model, rarity: _Rarity) -> dict[str, Any]:
    return {
        "output_column_name": comparison.name,
        "comparison_description": in_words(comparison.name),
        "comparison_levels": [_level(comparison, condition, model, rarity) for condition in conditions_of(comparison)],
    }


def _level(comparison: Comparison, condition: Condition, model: Model, rarity: _Rarity) -> dict[str, Any]:
    if condition.level is None:
        return {"sql_condition": condition.sql, "label_for_charts": "no evidence", "is_null_level": True}
    place, number = COLUMN[comparison.name], comparison[condition.level]
    match, chance = model.match[place][number], model.chance[place][number]
    if not rarity.counts or condition.rare is None:
        rare = {}
    elif condition.rare in PLACES:
        # Splink measures a place by the chance of its level, which also counts places that are only alike. The odds of
        # the level stay what they are when its chance becomes that of the place.
        scale = min(rarity.places.get(condition.rare, chance) / chance, 1 / match)
        match, chance = match * scale, chance * scale
        rare = {**_rare(condition.rare, least=chance / _RAREST), "disable_tf_exact_match_detection": True}
    else:
        rare = _rare(condition.rare, least=_least_share(comparison, condition, model))
    return {
        "sql_condition": condition.sql,
        "label_for_charts": level_in_words(condition.level),
        "m_probability": match,
        "u_probability": chance,
        **rare,
    }


def _rare(column: str, *, least: float) -> dict[str, Any]:
    """Return how much the rarity of what agrees counts; no share of bearers below the least is told apart."""
    return {"tf_adjustment_column": column, "tf_adjustment_weight": RARITY_WORTH, "tf_minimum_u_value": least}


def _least_share(comparison: Comparison, condition: Condition, model: Model) -> float:
    """Return the share below which all values count alike: the model knows no frequency of a rare exact name."""
    exact = comparison.levels[-1]
    least = model.chance[COLUMN[comparison.name]][comparison[exact]] / _RAREST
    known = condition.level == exact and condition.rare in model.frequencies and model.learned_on
    return max(least, LEAST_SEEN / 2 / model.learned_on) if known else least
