"""Build dist/, the page for static hosts."""
