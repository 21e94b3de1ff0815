"""Evaluation metrics: arrays in, plain dictionaries out."""
