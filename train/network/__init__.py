"""The Keras models: architectures, building, saving, folding for export."""
