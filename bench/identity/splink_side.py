"""python -m bench.identity.splink_side SETUP FILE FOLDER: Splink on a CSV file, clusters out, with a documented set-up.

For each threshold of the set-up FOLDER then holds clusters-THRESHOLD.csv with record_id and cluster_id.
"""

import sys
from pathlib import Path

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from bench.identity.setups import SETUPS, Setup
from bench.identity.sides import clusters_at

TABLE = "people"


def main(setup: Setup, file: Path, folder: Path) -> None:
    """Read, prepare, train, predict, cluster, write."""
    connection = duckdb.connect()
    connection.read_csv(str(file), all_varchar=True).create_view("source")
    connection.execute(f"CREATE TABLE {TABLE} AS {setup.prepare}")
    for statement in setup.clean:
        connection.execute(statement)
    people = DuckDBAPI(connection=connection).register(connection.table(TABLE))
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=setup.id,
        comparisons=setup.comparisons,
        blocking_rules_to_generate_predictions=setup.blocking,
    )
    linker = Linker(people, settings, log_level=None)
    _train(linker, setup)
    predicted = linker.inference.predict(threshold_match_probability=min(setup.thresholds))
    for threshold in setup.thresholds:
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predicted, threshold_match_probability=threshold
        )
        records = found.as_duckdbpyrelation().project(f"{setup.id} AS record_id, cluster_id")
        records.write_csv(str(clusters_at(folder, threshold)))


def _train(linker: Linker, setup: Setup) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match(setup.certain, recall=setup.recall)
    training.estimate_u_using_random_sampling(max_pairs=setup.u_pairs, seed=2)
    for columns in setup.sessions:
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), estimate_without_term_frequencies=setup.without_frequencies
        )


if __name__ == "__main__":
    main(SETUPS[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]))
