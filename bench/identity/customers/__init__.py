"""A customer file of any size, with households, duplicates and all that goes wrong; made up, nobody's."""

from bench.identity.customers.file import HEADER, ID, TRUTH, rows, write

__all__ = ["HEADER", "ID", "TRUTH", "rows", "write"]
