"""The rooms of the demo page: tabs, words, cards and CSV files.

They speak HTTP with the service and load no model.
"""
