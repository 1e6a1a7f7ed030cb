"""Labelled tweets made ready for training, and the dataset of validated feedback."""
