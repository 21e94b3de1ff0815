"""Build the npm package `digitpad`."""
