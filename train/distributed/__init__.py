"""Training in several processes, on JAX."""
