"""Asking the logs, and the alert."""
