"""A limit on a column counts what was written there, however many values the file has."""

from pathlib import Path

import pytest

from identity.deduplicating import deduplicate
from identity.matching.batch import LINK_IN_FILE


@pytest.mark.parametrize("others", [100, 6_000])
def test_a_limit_counts_alike_in_small_and_large_files(tmp_path: Path, others: int) -> None:
    """In Mühlweg and in Muhlweg: two streets as they are written."""
    path = tmp_path / "people.csv"
    rows = [
        f"x{n},Given{n},Family{n},g{n}@mail{n}.example,19{n % 80 + 10}-03-{n % 28 + 1:02},Ort {n} Weg {n}"
        for n in range(others)
    ]
    same = "ann.berg@host.example,1980-03-04"
    rows += [f"a,Ann,Berg,{same},Mühlweg 1", f"b,Ann,Berg,{same},Muhlweg 1"]
    path.write_text("id,given_name,family_name,email,birth_date,street\n" + "\n".join(rows) + "\n")
    done = deduplicate(
        path, chosen={}, model=None, threshold=LINK_IN_FILE, limits={"street": 1}, tell=lambda stage: None
    )
    cluster_of = dict(zip(done.rows["record_id"].to_list(), done.rows["cluster_id"].to_list(), strict=True))
    assert cluster_of["a"] != cluster_of["b"]
