"""Fit what tells marks from digits on a line of writing: `python -m export.marks`."""
