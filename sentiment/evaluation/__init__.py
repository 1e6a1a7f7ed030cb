"""How good, how sure, how well-behaved and how costly a model is."""
