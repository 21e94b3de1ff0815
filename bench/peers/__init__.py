"""What one would use instead: its site, networks and drawings."""
