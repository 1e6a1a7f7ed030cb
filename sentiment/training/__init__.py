"""The plan of a training, its lessons, and its results: run, version, export, comparison."""
