"""Figures of a network: arrays in, dictionaries out."""
