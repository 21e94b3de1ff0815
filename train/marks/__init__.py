"""The marks of amounts, dates, times and telephone numbers: an output of the first network."""
