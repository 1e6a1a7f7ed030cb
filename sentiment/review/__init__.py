"""The queue in which people judge, and what of it may join the dataset."""
