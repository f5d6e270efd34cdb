"""A file of people as a table, whatever its format."""

from pathlib import Path

from identity.tables import read_table


def test_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "people.ndjson"
    lines = [
        '{"name": "Ann", "emails": ["ann@example.org", "a@example.net"], "age": 41}',
        '{"name": "Bob", "emails": []}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    table = read_table(path)
    cells = {
        name: [(*column.values, None)[code] for code in column.codes.tolist()] for name, column in table.columns.items()
    }
    assert (table.rows, table.unreadable, table.numbers.to_list()) == (2, [], [1, 2])
    assert cells == {"name": ["Ann", "Bob"], "emails": ["ann@example.org", None], "age": ["41", None]}
