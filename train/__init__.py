"""Data, model, training and report: `python -m train`."""
