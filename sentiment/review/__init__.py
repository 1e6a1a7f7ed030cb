"""The queue in which people judge reported predictions, and what of it enters the dataset."""
