"""Receive and store drawings that visitors send."""
