"""Drawings that visitors send."""
