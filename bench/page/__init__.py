"""The page, compared with its peers: loading, reading, memory, pictures."""
