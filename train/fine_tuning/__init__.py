"""Tune a network to one writer, and measure what it brings."""
