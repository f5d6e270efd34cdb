"""What a privacy team needs, as 52 statements: a file each, `test_pNN_….py`.

The first line of a file's docstring is the statement. `SABOTAGE` breaks one line of the product, and so does each of
`FURTHER`, where there is one; the file's tests must then fail (`make privacy-mutants`). `WAITS_FOR`, where a part that
the statement needs does not exist yet, says which: such a statement counts as failed in `make privacy-report`, though
its tests pass.
"""
