"""What all readers of data raise; without numpy, so that `server.py` can read drawings too."""


class DataError(ValueError):
    """Data that cannot be used: one line that says what is wrong and what to do."""
