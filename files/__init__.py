"""File formats and atomic writes, shared by all packages; standard library only."""
