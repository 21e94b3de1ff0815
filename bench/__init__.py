"""Benchmarks behind the results in README and docs: `python -m bench`."""
