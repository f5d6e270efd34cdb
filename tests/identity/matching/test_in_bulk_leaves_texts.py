"""What is made of very many texts leaves them as they are."""

import polars as pl
import pytest

from identity.matching import normalize
from identity.matching.column import Rule, derive
from identity.matching.in_bulk import encoded


@pytest.mark.parametrize("rule", [normalize.name, normalize.street, normalize.place, normalize.email_mailbox])
def test_a_rule_changes_none_of_the_values_it_looks_at(rule: Rule) -> None:
    texts = [f"köln+{number}@mühle.example" for number in range(6_000)]
    column = encoded(pl.Series(texts))
    derive(column, rule)
    assert set(column.values) == set(texts)
