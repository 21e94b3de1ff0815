"""The page beside its peers: loading, reading, memory, photographs."""
