"""Measurements: ``python -m bench`` prints tables and JSON and writes docs/benchmarks.md; see __main__.py."""
