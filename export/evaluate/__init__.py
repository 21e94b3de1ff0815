"""Measure exported networks in a browser."""
