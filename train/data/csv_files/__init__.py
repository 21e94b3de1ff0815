"""Read CSV files of digits: 28 x 28 pixels a row, with a label or without."""
