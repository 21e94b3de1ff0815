"""Long randomised tests: `python -m tests.soak`."""
