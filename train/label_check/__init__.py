"""Check drawings files: near-duplicates, likely label errors, a contact sheet."""
