"""Every statement's sabotage still finds its line, so that `make privacy-mutants` can apply it."""

import pytest

from tests.statements.catalog import HERE, Statement, statements

ROOT = HERE.parent.parent


@pytest.mark.parametrize("statement", statements(), ids=lambda statement: f"p{statement.number:02}")
def test_its_line_stands_once(statement: Statement) -> None:
    assert statement.sabotages
    for sabotage in statement.sabotages:
        source = (ROOT / sabotage.file).read_text()
        assert source.count(sabotage.line) == 1, f"name the successor of the line of {sabotage.file}"
        assert sabotage.becomes != sabotage.line
