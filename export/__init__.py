"""From a trained Keras network to the verified web model, and the browser that verifies it."""
