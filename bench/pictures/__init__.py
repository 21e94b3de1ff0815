"""Pictures of numbers, composed of MNIST digits."""
