"""Convert a trained Keras network to the web model, and verify it in a browser."""
