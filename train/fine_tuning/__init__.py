"""Fine-tune a network to one writer, and measure the gain."""
