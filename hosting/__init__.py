"""The page on the open internet: what its answers say, and the site as a host takes it."""
