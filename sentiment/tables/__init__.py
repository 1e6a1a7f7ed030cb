"""Tables of tweets as people bring them, in any of their formats, read in batches of rows."""
