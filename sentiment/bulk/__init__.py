"""Scoring files larger than memory."""
