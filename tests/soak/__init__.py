"""Long runs that look for what no one thought of: `python -m tests.soak`."""
