"""The page served from this machine."""
