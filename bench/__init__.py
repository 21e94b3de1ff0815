"""The README's claims, measured beside what one would use instead: `python -m bench`."""
