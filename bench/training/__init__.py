"""Training beside Keras' example."""
