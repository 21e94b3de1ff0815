"""Run the page in a headless browser."""
