"""Serve the page, collect drawings, and build the site for static hosts."""
