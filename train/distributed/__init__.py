"""Data-parallel training in several processes, on JAX."""
