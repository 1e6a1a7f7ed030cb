"""What a process records, and where it sends it."""
