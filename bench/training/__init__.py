"""Training, compared with Keras' example."""
