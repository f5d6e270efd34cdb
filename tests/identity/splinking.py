"""The same pairs, scored by Splink and by our engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from identity.matching import COMPARISONS, NO_EVIDENCE, Model, compare, score
from identity.matching.splink.levels import conditions_of
from identity.people_of_file import PeopleOfFile

duckdb = pytest.importorskip("duckdb")
splink = pytest.importorskip("splink")
backend = pytest.importorskip("splink.backends.duckdb")

# So that Splink returns all pairs that it compared.
NOTHING_TOO_UNLIKELY = -10_000


@dataclass(frozen=True)
class Both:
    """What Splink and our engine say of the same pairs."""

    pairs: NDArray[np.int32]
    predicted: pl.DataFrame
    levels: NDArray[np.int8]
    their_levels: NDArray[np.int8]
    weights: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    probability: NDArray[np.float64]

    @property
    def same_levels(self) -> NDArray[np.bool_]:
        return np.asarray((self.levels == self.their_levels).all(axis=1))

    def their_weights(self, comparison: str) -> NDArray[np.float64]:
        """Return what Splink adds for a comparison, with what the rarity of the value adds or takes."""
        weights = [self.predicted[name].to_numpy() for name in (f"mw_{comparison}", f"mw_tf_adj_{comparison}")]
        return np.asarray(weights[0] + weights[1])


def predict(settings: dict[str, Any] | Path, prepared: Path) -> pl.DataFrame:
    connection = duckdb.connect()
    read = f"read_csv('{prepared}', all_varchar=true)" if prepared.suffix == ".csv" else f"'{prepared}'"
    connection.execute(f"CREATE TABLE prepared AS SELECT * FROM {read}")
    table = backend.DuckDBAPI(connection).register("prepared")
    linker = splink.Linker(table, settings if isinstance(settings, dict) else str(settings), log_level=None)
    predicted = linker.inference.predict(threshold_match_weight=NOTHING_TOO_UNLIKELY)
    frame: pl.DataFrame = predicted.as_duckdbpyrelation().pl()
    return frame


def both(of_file: PeopleOfFile, model: Model, predicted: pl.DataFrame, *, closely: bool = False) -> Both:
    row_of = {record_id: row for row, record_id in enumerate(of_file.record_ids)}
    sides = [[row_of[id] for id in predicted[f"record_id_{side}"]] for side in ("l", "r")]
    pairs = np.array(sides, dtype=np.int32).T
    levels = compare(of_file.people, pairs)
    scores = score(levels, model, people=of_file.people, pairs=pairs, closely=closely)
    return Both(pairs, predicted, levels, their_levels(predicted), scores.weight, scores.log_odds, scores.probability)


def their_levels(predicted: pl.DataFrame) -> NDArray[np.int8]:
    """Return Splink's levels with our numbers; Splink numbers conditions from the last one, which is 0."""
    levels = np.full((len(predicted), len(COMPARISONS)), NO_EVIDENCE, dtype=np.int8)
    for place, comparison in enumerate(COMPARISONS):
        if f"gamma_{comparison.name}" in predicted.columns:
            tried = [condition.level for condition in conditions_of(comparison) if condition.level]
            ours = np.array([*(comparison[level] for level in reversed(tried)), NO_EVIDENCE], dtype=np.int8)
            levels[:, place] = ours[predicted[f"gamma_{comparison.name}"].to_numpy()]
    return levels
