"""A headless browser, a page in it, and what the page answers."""
