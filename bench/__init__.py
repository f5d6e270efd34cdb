"""Benchmarks: honest work, both sides in one run, one line of JSON last. `make bench-…` runs them."""
