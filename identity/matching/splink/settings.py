"""A model as settings of Splink 5: the levels in DuckDB's SQL, with what the model learned of each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from identity.matching.levels import COLUMN, COMPARISONS, Comparison
from identity.matching.model import Model
from identity.matching.splink.levels import Condition, conditions_of
from identity.matching.splink.prepare import BLOCKS, RECORD_ID
from identity.matching.splink.rarity import PLACES, written
from identity.matching.words import in_words, level_in_words

DIALECT = "duckdb"
ALL_PAIRS = "1=1"
BLOCKING = tuple(f"l.{column} = r.{column}" for column in BLOCKS)

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Rarity:
    """Whether rare values count more, and the chance that two people share a value, per column, where it is known."""

    counts: bool
    chances: Mapping[str, float]


def splink_settings(
    model: Model,
    *,
    comparisons: Collection[str] | None = None,
    rarity: bool = True,
    chances: Mapping[str, float] | None = None,
    all_pairs: bool = False,
) -> Settings:
    """Return the settings by which Splink scores pairs of the prepared table as the model does.

    `comparisons` names those to write, all if None. Without `rarity` a rare name counts no more than any other.
    `chances` is what `chances_to_agree` gives: rare values are measured by it. `all_pairs` has Splink compare
    everyone with everyone, as is done in small files; else it blocks by `block.KEYS`. The odds before any evidence
    are those of a match over strangers, so that housemates count as neither.
    """
    written = [comparison for comparison in COMPARISONS if comparisons is None or comparison.name in comparisons]
    rare = _Rarity(rarity, chances or {})
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
    if rarity.counts and condition.rare:
        exact = chance if condition.rare in PLACES else model.chance[place][-1]
        shares = written(
            condition, model, match=match, chance=chance, exact=exact, average=rarity.chances.get(condition.rare)
        )
    else:
        shares = {"m_probability": match, "u_probability": chance}
    return {"sql_condition": condition.sql, "label_for_charts": level_in_words(condition.level), **shares}
