"""Serve the page from this machine."""
