"""How fast, against what: run by hand and by `make bench`, both sides of a ratio in one run."""
