"""The alternatives that the page is compared with: site, network and drawings."""
